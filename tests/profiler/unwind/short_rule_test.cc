// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/short_rule.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include <gtest/gtest.h>

#include "tests/profiler/unwind/plain_rules.h"

namespace lambent {
namespace {

#if defined(__x86_64__)

constexpr size_t kRbx = 3;

bool IsNone(const ShortRule& rule) { return !rule.IsRoot() && !rule.IsFrame() && !rule.IsSp(); }

TEST(ShortRuleTest, IsOfAFramePointer) {
  const ShortRule rule = MakeShortRule(FpRule());
  EXPECT_TRUE(rule.IsFrame());
  EXPECT_FALSE(rule.IsSp());
  EXPECT_FALSE(rule.IsRoot());
  EXPECT_TRUE(IsNone(MakeShortRule(FpRule(24, -2))));
  EXPECT_TRUE(IsNone(MakeShortRule(FpRule(16, -3))));
  EXPECT_TRUE(IsNone(MakeShortRule(FpRule(16, 0)))) << "an epilogue that has popped it";
}

TEST(ShortRuleTest, IsOfAStackPointer) {
  for (int32_t cfa = 8; cfa <= 16376; cfa += 8) {
    const ShortRule rule = MakeShortRule(SpRule(cfa));
    ASSERT_TRUE(rule.IsSp());
    ASSERT_FALSE(rule.IsFrame() || rule.IsRoot());
    ASSERT_EQ(rule.CfaFromSp(), static_cast<uint64_t>(cfa));
    ASSERT_FALSE(rule.SavesFp());
  }
  for (const int32_t cfa : {-8, 0, 12, 20, 16384, 16392, INT32_MAX}) {
    EXPECT_TRUE(IsNone(MakeShortRule(SpRule(cfa)))) << cfa;
  }
}

TEST(ShortRuleTest, SaysWhereTheFramePointerIsSaved) {
  for (int16_t slot = -8; slot <= -2; ++slot) {
    for (const int32_t cfa : {8, 96, 16376}) {
      const ShortRule rule = MakeShortRule(SpRule(cfa, slot));
      ASSERT_TRUE(rule.IsSp() && rule.SavesFp());
      EXPECT_EQ(rule.CfaFromSp(), static_cast<uint64_t>(cfa));
      EXPECT_EQ(rule.SavedFromCfa(), static_cast<uint64_t>(-slot * 8));
    }
  }
  for (const int16_t slot : std::initializer_list<int16_t>{-9, -1, 1, INT16_MAX, INT16_MIN}) {
    EXPECT_TRUE(IsNone(MakeShortRule(SpRule(96, slot)))) << slot;
  }
  FrameRule rule = SpRule(96, -2);
  rule.saved[0].from_base = 1;
  EXPECT_TRUE(IsNone(MakeShortRule(rule)));
}

TEST(ShortRuleTest, IsOfTheRoot) {
  const ShortRule rule = MakeShortRule(RootRule());
  EXPECT_TRUE(rule.IsRoot());
  EXPECT_FALSE(rule.IsFrame() || rule.IsSp());
}

TEST(ShortRuleTest, OtherRegistersDoNotMatter) {
  FrameRule rule = SpRule(96, -6);
  AddSaved(&rule, kRbx, -7);
  EXPECT_EQ(MakeShortRule(rule).bits(), MakeShortRule(SpRule(96, -6)).bits());
}

TEST(ShortRuleTest, IsNoneForWhatTakesMore) {
  EXPECT_TRUE(IsNone(ShortRule()));
  EXPECT_TRUE(IsNone(MakeShortRule(FrameRule()))) << "by frame pointer, unproven";
  EXPECT_TRUE(IsNone(MakeShortRule(RuleFrom(kRbx, 16))));
  FrameRule rule = SpRule(16);
  rule.return_offset = -16;
  EXPECT_TRUE(IsNone(MakeShortRule(rule)));
  rule = SpRule(16);
  rule.is_indirect = 1;
  EXPECT_TRUE(IsNone(MakeShortRule(rule)));
  rule = SpRule(16);
  rule.is_signal = 1;
  EXPECT_TRUE(IsNone(MakeShortRule(rule)));
  rule = SpRule(16);
  rule.return_in_link = 1;
  EXPECT_TRUE(IsNone(MakeShortRule(rule)));
  for (const auto kind :
       {FrameRule::Kind::kEvaluate, FrameRule::Kind::kFramePointer, FrameRule::Kind::kTrampoline}) {
    rule = SpRule(16);
    rule.kind = kind;
    EXPECT_TRUE(IsNone(MakeShortRule(rule)));
  }
}

TEST(ShortRuleTest, IsReadUnderOtherBits) {
  constexpr uint64_t kAbove = 0xabcdefffffff0000;
  EXPECT_TRUE(ShortRule(kAbove | ShortRule::Frame().bits()).IsFrame());
  EXPECT_TRUE(ShortRule(kAbove | ShortRule::Root().bits()).IsRoot());
  EXPECT_TRUE(IsNone(ShortRule(kAbove)));
  const ShortRule rule(kAbove | ShortRule::Sp(12, 6).bits());
  EXPECT_EQ(rule.CfaFromSp(), 96u);
  EXPECT_EQ(rule.SavedFromCfa(), 48u);
  EXPECT_EQ(rule.bits(), ShortRule::Sp(12, 6).bits());
}

#endif

}  // namespace
}  // namespace lambent
