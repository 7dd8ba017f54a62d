// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/record/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_process_files.h"

namespace lambent::record {
namespace {

using ::testing::HasSubstr;

class AccessTest : public ::testing::Test {
 protected:
  AccessTest() {
    Add(proc_.self_pid, 1000);
    fakes::FakeProcess& process = Add(200, 1000);
    process.threads[200].name = "worker";
  }
  fakes::FakeProcess& Add(int32_t pid, uint32_t uid) {
    fakes::FakeProcess& process = proc_.processes[pid];
    process.stat.state = 'S';
    process.stat.parent = 1;
    process.status.leader = pid;
    process.status.uid = uid;
    return process;
  }

  fakes::FakeProcFiles proc_;
};

TEST_F(AccessTest, AProcessIsKnownByNameAndUser) {
  proc_.texts["sys/kernel/yama/ptrace_scope"] = "1\n";
  const auto identity = IdentifyProcess(proc_, 200);
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(identity->name, "worker");
  EXPECT_EQ(identity->uid, 1000u);
  EXPECT_EQ(identity->own_uid, 1000u);
  EXPECT_EQ(identity->yama_scope, 1);
}

TEST_F(AccessTest, WhatIsNoProcessToRecordIsSaid) {
  EXPECT_EQ(IdentifyProcess(proc_, 999).status().code(), absl::StatusCode::kNotFound);
  Add(201, 1000).stat.state = 'Z';
  EXPECT_EQ(IdentifyProcess(proc_, 201).status().code(), absl::StatusCode::kNotFound);
  Add(202, 1000).status.leader = 200;
  EXPECT_THAT(std::string(IdentifyProcess(proc_, 202).status().message()),
              HasSubstr("use --pid 200"));
  Add(203, 0).stat.parent = 2;
  EXPECT_THAT(std::string(IdentifyProcess(proc_, 203).status().message()),
              HasSubstr("thread of the kernel"));
  EXPECT_EQ(IdentifyProcess(proc_, proc_.self_pid).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(AdviseAccessTest, TheFirstThingThatWouldHelpIsSaid) {
  EXPECT_THAT(AdviseAccess({.uid = 0, .own_uid = 1000}), HasSubstr("as root"));
  EXPECT_THAT(AdviseAccess({.uid = 1000, .own_uid = 1000, .yama_scope = 1}),
              HasSubstr("kernel.yama.ptrace_scope=0"));
  EXPECT_THAT(AdviseAccess({.uid = 1000, .own_uid = 1000, .yama_scope = 3}),
              HasSubstr("next boot"));
  EXPECT_THAT(AdviseAccess({.uid = 0, .own_uid = 0}), HasSubstr("SYS_PTRACE"));
  EXPECT_THAT(AdviseAccess({.uid = 1000, .own_uid = 1000}), HasSubstr("seccomp"));
}

}  // namespace
}  // namespace lambent::record
