// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/affinity.h"

#include <sched.h>
#include <unistd.h>

#include <thread>
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

cpu_set_t SetOf(const std::vector<int>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(static_cast<size_t>(cpu), &set);
  return set;
}

// As `taskset -p` does, and a cpuset that has lost the rest.
void SetFromOutside(const std::vector<int>& cpus) {
  const cpu_set_t set = SetOf(cpus);
  std::thread([&set, thread = gettid()] {
    ASSERT_EQ(sched_setaffinity(thread, sizeof(set), &set), 0);
  }).join();
}

bool MayUseExactly(const std::vector<int>& cpus) {
  const cpu_set_t expected = SetOf(cpus);
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_EQUAL(&set, &expected);
}

TEST(AffinityTest, OneOfABoundThreadReachesAllThatTheThreadMayUse) {
  const auto first = CreateAffinity();
  const std::vector<int> cpus = Reachable(*first);
  if (cpus.size() < 2) GTEST_SKIP() << "one CPU";
  ASSERT_TRUE(first->MoveTo(cpus[0]));
  EXPECT_EQ(Reachable(*CreateAffinity()), cpus);
}

TEST(AffinityTest, StaysWithinWhatAnotherAllowsItLater) {
  const auto affinity = CreateAffinity();
  const std::vector<int> cpus = Reachable(*affinity);
  if (cpus.size() < 2) GTEST_SKIP() << "one CPU";
  const std::vector<int> left(cpus.begin() + 1, cpus.end());
  ASSERT_TRUE(affinity->MoveTo(cpus[0]));
  // The CPU it is bound to is gone.
  SetFromOutside(left);
  EXPECT_FALSE(affinity->MoveTo(cpus[0]));
  EXPECT_TRUE(MayUseExactly(left));
  EXPECT_TRUE(affinity->MoveTo(left[0]));
  affinity->Release();
  EXPECT_TRUE(MayUseExactly(left));
  // And is back.
  SetFromOutside(cpus);
  EXPECT_EQ(Reachable(*affinity), cpus);
  affinity->Release();
  EXPECT_TRUE(MayUseExactly(cpus));
}

TEST(AffinityTest, DoesNotTakeBackWhatAnotherSet) {
  const auto affinity = CreateAffinity();
  const std::vector<int> cpus = Reachable(*affinity);
  if (cpus.size() < 2) GTEST_SKIP() << "one CPU";
  ASSERT_TRUE(affinity->MoveTo(cpus[0]));
  SetFromOutside({cpus[1]});
  affinity->Release();
  EXPECT_TRUE(MayUseExactly({cpus[1]}));
  SetFromOutside(cpus);
}

}  // namespace
}  // namespace lambent::os
