// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/consistent_source.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/fakes/fake_process_files.h"
#include "tests/profiler/stacks/ladder_fixture.h"

namespace lambent {
namespace {

// Copies that a test wrote down: a number for each stack.
class WrittenStacks final : public InterpreterStacks {
 public:
  explicit WrittenStacks(std::vector<int> script) : script_(std::move(script)) {}

  CaptureResult Copy(int32_t) override {
    before_ = last_;
    last_ = copies < script_.size() ? script_[copies] : 1000 + static_cast<int>(copies);
    ++copies;
    return CaptureResult::kCaptured;
  }
  int CpuOfCopy() const override { return -1; }
  bool HoldsLock() const override { return false; }
  bool IsLock(uint64_t) const override { return false; }
  bool SameAsBefore() const override { return last_ == before_; }
  CaptureResult Name(Stack* stack) override {
    stack->assign(1, Frame{.kind = FrameKind::kPython, .line = static_cast<uint32_t>(last_)});
    return CaptureResult::kCaptured;
  }
  CaptureResult NameAmong(absl::Span<const uint64_t>, Stack* stack, bool* partial) override {
    *partial = true;
    return Name(stack);
  }
  StringId ThreadName(int32_t) override { return {}; }
  void Forget(int32_t) override {}

  size_t copies = 0;

 private:
  const std::vector<int> script_;
  int last_ = -1;
  int before_ = -2;
};

// A thread on a CPU that the sampler may not use.
class ConsistentSourceTest : public testing::Test {
 protected:
  CaptureResult Capture(WrittenStacks& stacks, bool may_stop) {
    InterpreterStacks* interpreter = &stacks;
    ConsistentSource source(own_cpu_, interpreter);
    CaptureAttempt attempt{.interpreted = true, .may_stop = may_stop};
    return source.Capture(thread_, attempt);
  }

  fakes::FakeProcess process_{.threads = {{7, {.stat = {.processor = 1}}}}};
  FixedAffinity affinity_;
  OwnCpu own_cpu_{affinity_};
  ObservedThread thread_{std::make_unique<fakes::FakeThreadFiles>(process_, 7)};
};

TEST_F(ConsistentSourceTest, TwoCopiesThatAreAlikeAreNotEnough) {
  WrittenStacks stacks({1, 1, 2, 2, 3, 3, 3});
  EXPECT_EQ(Capture(stacks, /*may_stop=*/false), CaptureResult::kCaptured);
  ASSERT_EQ(thread_.stack.size(), 1u);
  EXPECT_EQ(thread_.stack[0].line, 3u);
}

TEST_F(ConsistentSourceTest, GivesUpOnAThreadThatNeverStandsStill) {
  WrittenStacks stacks({});
  EXPECT_EQ(Capture(stacks, /*may_stop=*/false), CaptureResult::kInconsistent);
  EXPECT_EQ(stacks.copies, static_cast<size_t>(ConsistentSource::kMaxLooks));
}

TEST_F(ConsistentSourceTest, ComparesNothingWhereAStopIsPermitted) {
  WrittenStacks stacks({1, 1, 1});
  EXPECT_EQ(Capture(stacks, /*may_stop=*/true), CaptureResult::kInconsistent);
  EXPECT_EQ(stacks.copies, 0u);
}

}  // namespace
}  // namespace lambent
