// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/short_climb.h"

#include <cstdint>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/profiler/unwind/plain_rules.h"

namespace lambent {
namespace {

#if defined(__x86_64__)

using testing::ElementsAre;
using testing::IsEmpty;

// Addresses, as they are looked up, in functions of each kind.
constexpr uint64_t kPlain = 0x401000;   // CFA = sp + 16
constexpr uint64_t kSaver = 0x402000;   // CFA = sp + 32, the caller's fp at CFA - 16
constexpr uint64_t kFramed = 0x403000;  // CFA = fp + 16
constexpr uint64_t kRoot = 0x404000;
constexpr uint64_t kRealigned = 0x405000;  // no short rule
constexpr uint64_t kNeverSeen = 0x406000;

class ShortClimbTest : public testing::Test {
 protected:
  static constexpr uint64_t kStack = 0x7ff000000000;
  static constexpr uint64_t kUnknownFp = kStack - 1;

  ShortClimbTest() : words_(16) {
    rules_.Insert(kPlain, SpRule(16));
    rules_.Insert(kSaver, SpRule(32, -2));
    rules_.Insert(kFramed, FpRule());
    rules_.Insert(kRoot, RootRule());
    FrameRule realigned = FpRule(-8);
    realigned.is_indirect = 1;
    rules_.Insert(kRealigned, realigned);
  }

  static uint64_t At(size_t word) { return kStack + word * 8; }
  void ReturnTo(size_t word, uint64_t at) { words_[word] = at + 1; }

  // From `at`, the stack pointer at the first word.
  void Climb(uint64_t at, uint64_t fp = kUnknownFp) { ClimbFrom({at, kStack, fp}); }
  void ClimbFrom(ClimbPoint from) {
    StackCopy copy;
    copy.bytes = reinterpret_cast<const char*>(words_.data());
    copy.from = kStack;
    copy.words = words_.empty() ? 0 : words_.size() * 8 - 7;
    point_ = from;
    pcs_.clear();
    ClimbByShortRules(rules_, copy, max_depth_, &point_, &pcs_);
  }

  RuleCache rules_;
  std::vector<uint64_t> words_;
  size_t max_depth_ = 1024;
  ClimbPoint point_;
  std::vector<uint64_t> pcs_;
};

TEST_F(ShortClimbTest, ClimbsToTheRoot) {
  ReturnTo(1, kSaver);
  words_[4] = At(12);
  ReturnTo(5, kFramed);
  ReturnTo(13, kRoot);
  Climb(kPlain);
  EXPECT_THAT(pcs_, ElementsAre(kPlain, kSaver, kFramed, kRoot));
  EXPECT_EQ(point_.at, kNoCaller);
}

TEST_F(ShortClimbTest, TakesAZeroReturnAddressForTheEnd) {
  Climb(kPlain);
  EXPECT_THAT(pcs_, ElementsAre(kPlain));
  EXPECT_EQ(point_.at, kNoCaller);
}

TEST_F(ShortClimbTest, KeepsTheFramePointerOfThoseThatDoNotSaveIt) {
  ReturnTo(1, kFramed);
  ReturnTo(9, kNeverSeen);
  words_[8] = 0x1234;
  Climb(kPlain, At(8));
  EXPECT_THAT(pcs_, ElementsAre(kPlain, kFramed));
  EXPECT_EQ(point_.at, kNeverSeen);
  EXPECT_EQ(point_.sp, At(10));
  EXPECT_EQ(point_.fp, 0x1234u);
}

TEST_F(ShortClimbTest, StopsWhereARuleIsNotKnownOrNotShort) {
  for (const uint64_t at : {kNeverSeen, kRealigned, uint64_t{0}, ~uint64_t{0} - 1}) {
    Climb(at, At(4));
    EXPECT_THAT(pcs_, IsEmpty());
    EXPECT_EQ(point_.at, at);
    EXPECT_EQ(point_.sp, kStack);
    EXPECT_EQ(point_.fp, At(4));
    ReturnTo(1, at);
    Climb(kPlain, At(4));
    EXPECT_THAT(pcs_, ElementsAre(kPlain));
    EXPECT_EQ(point_.at, at);
    EXPECT_EQ(point_.sp, At(2));
  }
}

TEST_F(ShortClimbTest, TellsAddressesApartByAllTheirBits) {
  Climb(kPlain | uint64_t{1} << 48);
  EXPECT_THAT(pcs_, IsEmpty());
  Climb(kPlain | uint64_t{1} << 63);
  EXPECT_THAT(pcs_, IsEmpty());
}

TEST_F(ShortClimbTest, StopsAtMaxDepth) {
  for (size_t word = 1; word < words_.size(); word += 2) ReturnTo(word, kPlain);
  max_depth_ = 3;
  Climb(kPlain);
  EXPECT_EQ(pcs_.size(), 3u);
  EXPECT_EQ(point_.sp, At(6));
  max_depth_ = 0;
  Climb(kPlain);
  EXPECT_THAT(pcs_, IsEmpty());
}

TEST_F(ShortClimbTest, StopsWhereTheCopyEnds) {
  for (size_t word = 1; word < words_.size(); word += 2) ReturnTo(word, kPlain);
  Climb(kPlain);
  EXPECT_EQ(pcs_.size(), words_.size() / 2);
  EXPECT_EQ(point_.sp, At(16));
  ReturnTo(1, kSaver);
  words_.resize(6);
  ReturnTo(5, kRoot);
  Climb(kPlain);
  EXPECT_THAT(pcs_, ElementsAre(kPlain, kSaver, kRoot));
  words_.resize(5);
  Climb(kPlain);
  EXPECT_THAT(pcs_, ElementsAre(kPlain)) << "the return address is beyond";
  words_.clear();
  Climb(kPlain);
  EXPECT_THAT(pcs_, IsEmpty());
}

TEST_F(ShortClimbTest, StopsWhereAFramePointerLeadsOutOfTheCopy) {
  ReturnTo(0, kRoot);
  for (const uint64_t fp : {kUnknownFp, uint64_t{0}, ~uint64_t{0}, kStack - 8, kStack - 16, At(15),
                            At(16), At(14) + 1}) {
    Climb(kFramed, fp);
    EXPECT_THAT(pcs_, IsEmpty()) << fp - kStack;
  }
  ReturnTo(15, kRoot);
  Climb(kFramed, At(14));
  EXPECT_THAT(pcs_, ElementsAre(kFramed, kRoot));
}

TEST_F(ShortClimbTest, StopsWhereWhatWasSavedLiesBelowTheCopy) {
  // An epilogue's: the frame pointer is popped already, and its place not copied.
  constexpr uint64_t kEpilogue = 0x407000;
  rules_.Insert(kEpilogue, SpRule(8, -2));
  ReturnTo(0, kRoot);
  Climb(kEpilogue);
  EXPECT_THAT(pcs_, IsEmpty());
  ReturnTo(1, kRoot);
  ClimbFrom({kEpilogue, At(1), kUnknownFp});
  EXPECT_THAT(pcs_, ElementsAre(kEpilogue, kRoot));
}

TEST_F(ShortClimbTest, NeverGoesDown) {
  // A frame pointer at or below the stack pointer.
  ReturnTo(3, kRoot);
  ClimbFrom({kFramed, At(4), At(2)});
  EXPECT_THAT(pcs_, IsEmpty());
  ReturnTo(3, kFramed);
  words_[2] = At(2);
  ClimbFrom({kFramed, At(2), At(2)});
  EXPECT_THAT(pcs_, ElementsAre(kFramed)) << "and no circles";
}

TEST_F(ShortClimbTest, LeavesStacksElsewhereAlone) {
  ReturnTo(1, kRoot);
  for (const uint64_t sp : {kStack - 8, kStack - 16, kStack - 0x1000, At(16), uint64_t{0}}) {
    ClimbFrom({kPlain, sp, kUnknownFp});
    EXPECT_THAT(pcs_, IsEmpty()) << sp - kStack;
  }
}

#endif

}  // namespace
}  // namespace lambent
