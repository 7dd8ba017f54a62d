// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/external/wrapper_sampler.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_process_sampler.h"

namespace lambent {
namespace {

class WrapperSamplerTest : public testing::Test {
 protected:
  WrapperSamplerTest() {
    auto shell = std::make_unique<fakes::FakeProcessSampler>(clock_, 42);
    shell->Block(42, {"wait4"});
    shell_ = shell.get();
    sampler_ = std::make_unique<WrapperSampler>(std::move(shell), clock_, [this] {
      ++looks_;
      return found_;
    });
  }
  // Whether it goes on until `time` has passed, a tick each 10 ms.
  bool GoesOnFor(absl::Duration time) {
    for (int ticks = static_cast<int>(time / absl::Milliseconds(10)); ticks > 0; --ticks) {
      clock_.Advance(absl::Milliseconds(10));
      int samples = 0;
      const bool alive = sampler_->Observe([&](const ThreadSample&) { ++samples; });
      EXPECT_EQ(samples, 1);
      if (!alive) return false;
    }
    return true;
  }

  fakes::FakeClock clock_;
  fakes::FakeProcessSampler* shell_ = nullptr;
  std::optional<RuntimeProcess> found_ = RuntimeProcess{42, 7, "/bin/bash"};
  int looks_ = 0;
  std::unique_ptr<WrapperSampler> sampler_;
};

TEST_F(WrapperSamplerTest, GivesWayToTheRuntimeTheShellStartsLate) {
  EXPECT_TRUE(GoesOnFor(absl::Seconds(3)));
  found_ = RuntimeProcess{50, 9, "/var/lang/bin/python3.12"};
  EXPECT_FALSE(GoesOnFor(absl::Seconds(6)));
}

TEST_F(WrapperSamplerTest, StaysWithAShellThatCallsExec) {
  found_ = RuntimeProcess{42, 7, "/var/lang/bin/python3.12"};
  EXPECT_TRUE(GoesOnFor(absl::Seconds(60)));
  EXPECT_EQ(looks_, 1);
}

TEST_F(WrapperSamplerTest, StaysWithAShellThatIsTheRuntimeAndLooksSeldom) {
  EXPECT_TRUE(GoesOnFor(absl::Seconds(600)));
  EXPECT_LT(looks_, 130);
  found_.reset();
  EXPECT_TRUE(GoesOnFor(absl::Seconds(60)));
}

TEST_F(WrapperSamplerTest, EndsWithTheShell) {
  shell_->End();
  EXPECT_FALSE(GoesOnFor(absl::Milliseconds(10)));
}

}  // namespace
}  // namespace lambent
