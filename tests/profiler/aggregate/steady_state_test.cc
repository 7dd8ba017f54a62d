// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "profiler/aggregate/profile_window.h"

namespace {
std::atomic<uint64_t> allocations{0};
}  // namespace

// Counts every allocation of this test program.
void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace lambent {
namespace {

TEST(SteadyStateTest, KnownStacksAreTakenInWithoutAllocating) {
  PhaseTimeline timeline(0);
  ProfileWindow window(timeline);
  Stack stacks[4];
  for (uint64_t i = 0; i < 4; ++i) {
    for (uint64_t depth = 0; depth < 25; ++depth) {
      Frame frame;
      frame.address = depth * 4 + i % (depth + 1);
      stacks[i].push_back(frame);
    }
  }
  int64_t now_ns = 0;
  const auto second = [&] {
    for (int tick = 0; tick < 99; ++tick) {
      now_ns += 10'101'010;
      for (int tid = 1; tid <= 3; ++tid) {
        ThreadSample sample;
        sample.pid = 1;
        sample.tid = tid;
        sample.time_ns = now_ns;
        sample.stack = &stacks[(tick + tid) % 4];
        sample.rung = Rung::kConsistentRead;
        window.Observe(sample, 10'101'010);
      }
      window.AddCost(now_ns, SelfCost{});
      window.Settle(timeline.SettledBefore(now_ns, 150'000'000));
    }
    window.Clear();
  };
  for (int warm = 0; warm < 5; ++warm) second();

  const uint64_t before = allocations.load();
  for (int steady = 0; steady < 20; ++steady) second();

  EXPECT_EQ(allocations.load(), before);
}

}  // namespace
}  // namespace lambent
