// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/linux/wait_limit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/emulation.h"

namespace lambent::os {
namespace {

TEST(WaitLimitTest, EachCallThatBlocksEndsUntilItIsLifted) {
  LAMBENT_SKIP_IF_EMULATED();
  const pid_t child = fork();
  if (child == 0) {
    for (;;) pause();
  }
  WaitLimit limit;
  ASSERT_TRUE(limit.Begin(1'000'000));

  for (int i = 0; i < 3; ++i) {
    errno = 0;
    EXPECT_EQ(waitpid(child, nullptr, 0), -1);
    EXPECT_EQ(errno, EINTR);
  }

  limit.End();
  kill(child, SIGKILL);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
}

// A timer that went off each nanosecond would keep the thread from all else.
TEST(WaitLimitTest, AShortLimitLeavesTheThreadItsTime) {
  LAMBENT_SKIP_IF_EMULATED();
  std::thread([] {
    WaitLimit limit;
    for (const int64_t limit_ns : {int64_t{-5}, int64_t{0}, int64_t{1}, int64_t{1083}}) {
      ASSERT_TRUE(limit.Begin(limit_ns));
      pause();
      limit.End();
    }
  }).join();
}

TEST(WaitLimitTest, EndsTheWaitOfAThreadThatHadBlockedItsSignal) {
  LAMBENT_SKIP_IF_EMULATED();
  int error = 0;
  std::thread([&error] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    WaitLimit limit;
    if (!limit.Begin(1'000'000)) return;
    pause();
    error = errno;
  }).join();

  EXPECT_EQ(error, EINTR);
}

}  // namespace
}  // namespace lambent::os
