// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/affinity.h"

#include <vector>

#include "gtest/gtest.h"

namespace lambent::os {
namespace {

// CPUs this thread may be moved to.
std::vector<int> Reachable(Affinity& affinity) {
  std::vector<int> cpus;
  for (int cpu = 0; cpu < 256; ++cpu) {
    if (affinity.MoveTo(cpu)) cpus.push_back(cpu);
  }
  return cpus;
}

TEST(AffinityTest, OneOfABoundThreadReachesAllThatTheThreadMayUse) {
  const auto first = CreateAffinity();
  const std::vector<int> cpus = Reachable(*first);
  if (cpus.size() < 2) GTEST_SKIP() << "one CPU";
  ASSERT_TRUE(first->MoveTo(cpus[0]));
  EXPECT_EQ(Reachable(*CreateAffinity()), cpus);
}

}  // namespace
}  // namespace lambent::os
