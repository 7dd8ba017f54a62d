// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/thread_priority.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstddef>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/emulation.h"

namespace lambent::os {
namespace {

TEST(ThreadPriorityTest, IsLoweredForTheCallingThreadAlone) {
  const int before = getpriority(PRIO_PROCESS, 0);
  std::thread([before] {
    ASSERT_TRUE(LowerThreadPriority());
    EXPECT_EQ(getpriority(PRIO_PROCESS, 0), std::max(before, 10));
    EXPECT_TRUE(LowerThreadPriority()) << "again";
  }).join();
  EXPECT_EQ(getpriority(PRIO_PROCESS, 0), before);
}

TEST(ThreadPriorityTest, IsNeverRaised) {
  std::thread([] {
    ASSERT_EQ(setpriority(PRIO_PROCESS, 0, 19), 0);
    EXPECT_TRUE(LowerThreadPriority());
    EXPECT_EQ(getpriority(PRIO_PROCESS, 0), 19);
  }).join();
}

// Refuses the calling thread that system call for good.
void Refuse(unsigned call) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{4, filter};
  ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

TEST(ThreadPriorityTest, SaysThatItIsRefused) {
  LAMBENT_SKIP_IF_EMULATED();
  if (getpriority(PRIO_PROCESS, 0) >= 10) GTEST_SKIP() << "the tests themselves give way";
  std::thread([] {
    Refuse(SYS_setpriority);
    EXPECT_FALSE(LowerThreadPriority());
  }).join();
}

}  // namespace
}  // namespace lambent::os
