// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/thread_priority.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cstddef>
#include <thread>

#include <gtest/gtest.h>

namespace lambent::os {
namespace {

TEST(ThreadPriorityTest, IsLoweredForTheCallingThreadAlone) {
  const int before = sched_getscheduler(0);
  const int nice_before = getpriority(PRIO_PROCESS, 0);
  std::thread([] {
    ASSERT_TRUE(LowerThreadPriority());
    EXPECT_TRUE(sched_getscheduler(0) == SCHED_IDLE || getpriority(PRIO_PROCESS, 0) == 19);
    EXPECT_TRUE(LowerThreadPriority()) << "again";
  }).join();
  EXPECT_EQ(sched_getscheduler(0), before);
  EXPECT_EQ(getpriority(PRIO_PROCESS, 0), nice_before);
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

TEST(ThreadPriorityTest, TakesWhatIsAllowed) {
  std::thread([] {
    Refuse(SYS_sched_setscheduler);
    const int before = sched_getscheduler(0);
    EXPECT_TRUE(LowerThreadPriority());
    EXPECT_EQ(sched_getscheduler(0), before);
    EXPECT_EQ(getpriority(PRIO_PROCESS, 0), 19);
  }).join();
  std::thread([] {
    Refuse(SYS_sched_setscheduler);
    Refuse(SYS_setpriority);
    EXPECT_FALSE(LowerThreadPriority());
  }).join();
}

}  // namespace
}  // namespace lambent::os
