// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// `lambent record` where a seccomp filter refuses the system calls it would use, one by one and all
// together: what remains is recorded, or the reason is said.
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/collector/record/record_fixture.h"

namespace lambent::support {
namespace {

using ::testing::HasSubstr;

class RefusedCallsTest : public RecordTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    RecordTest::SetUp();
    const Finished tried = RunProgram({LAMBENT_REFUSE_CALLS, GetParam(), "true"});
    if (!tried.ok()) GTEST_SKIP() << "no seccomp filters here: " << tried.Describe();
  }
  Finished RecordRefused(const Words& command) {
    // In a sanitizer build the check for leaks at exit traces its own process: it may not here.
    return RunProgram(Join({{LAMBENT_REFUSE_CALLS, GetParam()}, Command({}, command)}),
                      {{"ASAN_OPTIONS", "detect_leaks=0"}}, absl::Seconds(120));
  }
  bool Refuses(const std::string& call) const {
    return std::string(GetParam()).find(call) != std::string::npos;
  }
};

TEST_P(RefusedCallsTest, ANativeProgramIsRecordedOrTheReasonIsSaid) {
  const Finished ran = RecordRefused(Target("spin", "1.5"));
  if (ran.ok()) {
    EXPECT_GT(Profile().WeightOf({"RecordSpin", "RecordHot"}), 0) << ran.err << ReadFile(File());
    return;
  }
  // Neither a stop nor perf events: that is all there is without the agent.
  EXPECT_EQ(ran.code, 1) << ran.Describe();
  EXPECT_TRUE(Refuses("ptrace")) << ran.Describe();
  EXPECT_THAT(ran.err, HasSubstr("stop: ptrace is refused"));
  EXPECT_THAT(ran.err, HasSubstr("perf: perf_event_open is refused"));
}

TEST_P(RefusedCallsTest, APythonProgramIsRecordedWhateverIsRefused) {
  const Finished ran = RecordRefused(Script("compress.py", "2"));
  ASSERT_TRUE(ran.ok()) << ran.Describe();
  EXPECT_GT(Profile().WeightOf({"main", "crunch"}), 0) << ran.err << ReadFile(File());
}

INSTANTIATE_TEST_SUITE_P(Filters, RefusedCallsTest,
                         ::testing::Values("ptrace", "process_vm_readv", "perf_event_open",
                                           "ptrace,process_vm_readv", "ptrace,perf_event_open",
                                           "ptrace,process_vm_readv,perf_event_open,memfd_create"),
                         [](const auto& param) {
                           return absl::StrReplaceAll(param.param, {{",", "_and_"}});
                         });

}  // namespace
}  // namespace lambent::support
