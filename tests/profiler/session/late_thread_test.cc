// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

#include "tests/profiler/session/sampling_loop_fixture.h"

namespace lambent {
namespace {

// Threads that queue for a CPU are taken between ticks, when their turn comes.
class LateThreadTest : public SamplingLoopTest {
 protected:
  void Start() {
    process_ = &Appear(42);
    process_->Run(42, {"leaf", "main"});
    process_->OnAwait([this](int64_t until_ns) {
      const int64_t now_ns = clock_.MonotonicNs();
      clock_.SleepUntil(std::min(until_ns, std::max(now_ns, stands_ns_)));
      if (clock_.MonotonicNs() >= stands_ns_) process_->Stand(42);
    });
    RunFor(absl::Milliseconds(100));
    process_->Delay(42);
    stands_ns_ = std::numeric_limits<int64_t>::max();
  }
  void StandIn(absl::Duration time) {
    stands_ns_ = clock_.MonotonicNs() + absl::ToInt64Nanoseconds(time);
  }
  void WaitFor(absl::Duration time) {
    const int64_t until_ns = clock_.MonotonicNs() + absl::ToInt64Nanoseconds(time);
    while (clock_.MonotonicNs() < until_ns) loop_->Wait(std::min(until_ns, loop_->Step()));
  }

  fakes::FakeProcessSampler* process_ = nullptr;
  int64_t stands_ns_ = 0;
};

TEST_F(LateThreadTest, IsTakenWhenItStands) {
  Start();
  const uint64_t before = loop_->observed();
  StandIn(absl::Milliseconds(33));
  WaitFor(absl::Milliseconds(32));
  EXPECT_EQ(loop_->observed(), before) << "ticks go on without it";
  WaitFor(absl::Milliseconds(2));
  EXPECT_EQ(loop_->observed(), before + 1) << "no tick has to come first";
  WaitFor(absl::Milliseconds(66));
  loop_->Finish();
  EXPECT_NEAR(static_cast<double>(SampledWallUs()), 200e3, 15e3);
  EXPECT_EQ(process_->let_go(), 0);
  EXPECT_EQ(sink_.Accounted(), loop_->observed());
}

TEST_F(LateThreadTest, IsLetGoWhileNothingIsSampled) {
  Start();
  inputs_.Pause(true);
  const uint64_t before = loop_->observed();
  StandIn(absl::Milliseconds(33));
  WaitFor(absl::Milliseconds(35));
  EXPECT_EQ(process_->let_go(), 1);
  EXPECT_EQ(loop_->observed(), before);
}

TEST_F(LateThreadTest, IsLetGoAfterAFreeze) {
  Start();
  StandIn(absl::Milliseconds(4));
  WaitFor(absl::Milliseconds(3));
  process_->Stand(42);  // just when it freezes
  clock_.Freeze(absl::Minutes(10));
  loop_->Step();
  EXPECT_EQ(process_->let_go(), 1) << "before anything else";
  WaitFor(absl::Milliseconds(100));
  loop_->Finish();
  EXPECT_NEAR(static_cast<double>(SampledWallUs()), 200e3, 25e3);
}

}  // namespace
}  // namespace lambent
