// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/target/wrapper_patience.h"

#include "gtest/gtest.h"

namespace lambent {
namespace {

constexpr int64_t kSeenNs = 7'000'000'000;
constexpr int64_t kWaitNs = WrapperPatience::kWaitNs;

TEST(WrapperPatienceTest, ShellIsTakenOnlyAfterTheWait) {
  WrapperPatience patience;
  const RuntimeProcess shell{.pid = 20, .start_ticks = 5, .exe = "/usr/bin/bash"};
  EXPECT_TRUE(patience.ShouldWait(shell, kSeenNs));
  EXPECT_TRUE(patience.ShouldWait(shell, kSeenNs + kWaitNs - 1));
  EXPECT_FALSE(patience.ShouldWait(shell, kSeenNs + kWaitNs));
}

TEST(WrapperPatienceTest, RuntimeIsTakenAtOnce) {
  WrapperPatience patience;
  EXPECT_FALSE(patience.ShouldWait({.pid = 20, .exe = "/usr/bin/python3.12"}, kSeenNs));
}

TEST(WrapperPatienceTest, ExecAndChildEndTheWait) {
  WrapperPatience patience;
  EXPECT_TRUE(patience.ShouldWait({.pid = 20, .start_ticks = 5, .exe = "/bin/sh"}, kSeenNs));
  EXPECT_FALSE(patience.ShouldWait({.pid = 20, .start_ticks = 5, .exe = "/bin/node"}, kSeenNs + 1));
  EXPECT_FALSE(patience.ShouldWait({.pid = 21, .start_ticks = 6, .exe = "/bin/node"}, kSeenNs + 2));
}

TEST(WrapperPatienceTest, EachShellIsWaitedForAnew) {
  WrapperPatience patience;
  EXPECT_TRUE(patience.ShouldWait({.pid = 20, .start_ticks = 5, .exe = "/bin/sh"}, kSeenNs));
  const int64_t later_ns = kSeenNs + 2 * kWaitNs;
  EXPECT_TRUE(patience.ShouldWait({.pid = 20, .start_ticks = 900, .exe = "/bin/sh"}, later_ns));
  EXPECT_FALSE(
      patience.ShouldWait({.pid = 20, .start_ticks = 900, .exe = "/bin/sh"}, later_ns + kWaitNs));
}

}  // namespace
}  // namespace lambent
