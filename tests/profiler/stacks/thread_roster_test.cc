// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/thread_roster.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/fakes/fake_process_files.h"

namespace lambent {
namespace {

TEST(ThreadRosterTest, TellsTheTimeThatEndedThreadsWereOwed) {
  fakes::FakeProcess process;
  process.threads[7];
  process.threads[8];
  process.threads[9];
  fakes::FakeProcessFiles files(process, 7);
  StringTable names;
  std::vector<int32_t> ended;
  ThreadRoster roster(files, names, 10, [&](int32_t tid) { ended.push_back(tid); });
  ASSERT_EQ(roster.Refresh(), os::ReadResult::kOk);
  ASSERT_EQ(roster.threads().size(), 3u);
  ObservedThread& pending = roster.threads().at(8);
  pending.name = names.Intern("worker");
  pending.owed_wall_ns = 30;
  pending.owed_cpu_ns = 20;
  process.threads.erase(8);
  process.threads.erase(9);
  roster.ExpectChange();
  ASSERT_EQ(roster.Refresh(), os::ReadResult::kOk);
  EXPECT_EQ(ended, (std::vector<int32_t>{8, 9}));
  const std::vector<ThreadRoster::Owed> owed = roster.TakeOwed();
  ASSERT_EQ(owed.size(), 1u) << "the other one was owed nothing";
  EXPECT_EQ(owed[0].tid, 8);
  EXPECT_EQ(names.Get(owed[0].name), "worker");
  EXPECT_EQ(owed[0].wall_ns, 30);
  EXPECT_EQ(owed[0].cpu_ns, 20);
  EXPECT_TRUE(roster.TakeOwed().empty());
}

}  // namespace
}  // namespace lambent
