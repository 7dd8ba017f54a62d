// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/system_call_name.h"

#include <sys/syscall.h>

#include <cstdint>

#include "gtest/gtest.h"

namespace lambent::os {
namespace {

TEST(SystemCallNameTest, KnowsThisArchitecturesNumbers) {
  EXPECT_EQ(SystemCallName(SYS_read), "read");
  EXPECT_EQ(SystemCallName(SYS_futex), "futex");
  EXPECT_EQ(SystemCallName(SYS_clock_nanosleep), "clock_nanosleep");
  EXPECT_EQ(SystemCallName(SYS_epoll_pwait), "epoll_pwait");
  EXPECT_EQ(SystemCallName(SYS_restart_syscall), "restart_syscall");
  EXPECT_EQ(SystemCallName(SYS_openat2), "openat2");
}

TEST(SystemCallNameTest, HasNoNameForOtherNumbers) {
  EXPECT_EQ(SystemCallName(-1), "");
  EXPECT_EQ(SystemCallName(1023), "");
  EXPECT_EQ(SystemCallName(1024), "");
  EXPECT_EQ(SystemCallName(INT64_MIN), "");
  EXPECT_EQ(SystemCallName(INT64_MAX), "");
}

}  // namespace
}  // namespace lambent::os
