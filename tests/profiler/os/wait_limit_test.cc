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
