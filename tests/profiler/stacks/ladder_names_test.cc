// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// What the ladder calls the threads of a Python process.
#include <cstdint>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "tests/profiler/stacks/ladder_fixture.h"

namespace lambent {
namespace {

class LadderNamesTest : public LadderTest {
 protected:
  void StartScript(const std::string& script) { Start({Python(), "-u", "-c", script}); }
};

TEST_F(LadderNamesTest, ThreadsHavePythonsNamesFromTheirFirstStackOn) {
  StartScript(R"(
import threading, time
def work():
    while True: time.sleep(0.001)
for name in ('fetcher', 'a name longer than the kernel has room for'):
    threading.Thread(target=work, name=name, daemon=True).start()
threading.current_thread().name = 'boss'
print('ready')
work()
)");
  Attach();
  std::map<int32_t, std::string> named;
  const auto all = Await([&](const Seen& seen) {
    if (FromFunction("work", seen.names).empty()) return false;
    const auto [known, added] = named.try_emplace(seen.sample.tid, seen.thread);
    EXPECT_EQ(known->second, seen.thread);
    return named.size() == 3;
  });
  ASSERT_TRUE(all.has_value()) << Reasons();
  for (const auto& [tid, name] : named) {
    EXPECT_TRUE(name == (tid == ladder_->pid() ? "boss" : "fetcher") ||
                name == "a name longer than the kernel has room for")
        << name;
  }
}

TEST_F(LadderNamesTest, AThreadMayBeRenamedInItsSleep) {
  StartScript(R"(
import threading, time
sleeper = threading.Thread(target=time.sleep, args=(1000,), name='before', daemon=True)
sleeper.start()
print('ready')
time.sleep(0.5)
sleeper.name = 'after'
time.sleep(1000)
)");
  Attach();
  EXPECT_TRUE(Await([](const Seen& s) { return s.thread == "before"; })) << Reasons();
  const auto after = Await([](const Seen& s) { return s.thread == "after"; });
  ASSERT_TRUE(after.has_value()) << Reasons();
  EXPECT_EQ(after->sample.rung, Rung::kUnchanged);
}

TEST_F(LadderNamesTest, AnotherProgramsThreadIsCalledWhatTheKernelCallsIt) {
  StartScript(R"(
import os, threading, time
threading.current_thread().name = 'boss'
print('ready')
time.sleep(1)
os.execv(')" LAMBENT_NATIVE_TARGET R"(', [')" LAMBENT_NATIVE_TARGET R"(', 'sleep'])
)");
  Attach();
  EXPECT_TRUE(Await([](const Seen& s) { return s.thread == "boss"; })) << Reasons();
  const auto after = Await([](const Seen& s) { return s.thread == "native_target"; });
  EXPECT_TRUE(after.has_value()) << Reasons();
}

}  // namespace
}  // namespace lambent
