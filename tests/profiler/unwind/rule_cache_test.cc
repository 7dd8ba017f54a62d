// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/rule_cache.h"

#include <cstdint>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tests/profiler/unwind/plain_rules.h"

namespace lambent {
namespace {

FrameRule RuleOf(int32_t offset) {
  FrameRule rule;
  rule.kind = FrameRule::Kind::kStep;
  rule.offset = offset;
  return rule;
}

TEST(RuleCacheTest, FindsWhatWasPutIn) {
  RuleCache cache;
  EXPECT_EQ(cache.Find(0x1234), nullptr);
  EXPECT_EQ(cache.Find(0), nullptr);
  cache.Insert(0x1234, RuleOf(16));
  ASSERT_NE(cache.Find(0x1234), nullptr);
  EXPECT_EQ(cache.Find(0x1234)->offset, 16);
  EXPECT_EQ(cache.Find(0x1235), nullptr);
}

TEST(RuleCacheTest, KeepsEqualRulesOnce) {
  RuleCache cache;
  for (uint64_t at = 1; at < 1000; ++at) cache.Insert(at, RuleOf(static_cast<int32_t>(at % 7)));
  EXPECT_EQ(cache.rules(), 7u);
  EXPECT_EQ(cache.Find(20)->offset, 6);
}

TEST(RuleCacheTest, ReplacesTheRuleOfAnAddress) {
  RuleCache cache;
  cache.Insert(0x1234, RuleOf(16));
  cache.Insert(0x1234, RuleOf(24));
  EXPECT_EQ(cache.Find(0x1234)->offset, 24);
}

TEST(RuleCacheTest, HasNoOtherRuleForAnAddressHoweverFull) {
  std::mt19937_64 random(7);
  RuleCache cache;
  std::map<uint64_t, int32_t> all;
  const size_t bytes = cache.memory_bytes();
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t at = random() >> 16;
    const auto offset = static_cast<int32_t>(random() % 3000);  // more than rules are kept
    all[at] = offset;
    EXPECT_EQ(cache.Insert(at, RuleOf(offset))->offset, offset);
  }
  int kept = 0;
  for (const auto& [at, offset] : all) {
    const FrameRule* rule = cache.Find(at);
    if (rule == nullptr) continue;
    ++kept;
    ASSERT_EQ(rule->offset, offset);
  }
  EXPECT_GT(kept, 0);
  EXPECT_LE(cache.rules(), RuleCache::kMaxRules);
  EXPECT_EQ(cache.memory_bytes(), bytes);
  EXPECT_LE(bytes, 192u * 1024);
}

#if defined(__x86_64__)
TEST(RuleCacheTest, TellsShortRulesWithTheirAddresses) {
  RuleCache cache;
  EXPECT_EQ(cache.FindShort(0x1234).bits() & ShortRule::kFormMask, 0u);
  cache.Insert(0x1234, SpRule(48, -3));
  EXPECT_EQ(cache.FindShort(0x1234).bits(), ShortRule::Sp(6, 3).bits());
  EXPECT_EQ(*cache.Find(0x1234), SpRule(48, -3));
  cache.Insert(0x1234, FpRule());
  EXPECT_TRUE(cache.FindShort(0x1234).IsFrame());
  cache.Insert(0x1234, FpRule(24));
  EXPECT_EQ(cache.FindShort(0x1234).bits(), 0u);
  EXPECT_EQ(*cache.Find(0x1234), FpRule(24));
  EXPECT_FALSE(cache.FindShort(0x1235).IsFrame());
}
#endif

// Neighbours, and addresses that differ in one bit: all that hashing could make one.
TEST(RuleCacheTest, TellsSimilarAddressesApart) {
  constexpr uint64_t kAt = 0x7f1234567890;
  RuleCache cache;
  cache.Insert(kAt, RuleOf(16));
  for (int bit = 0; bit < 64; ++bit) {
    EXPECT_EQ(cache.Find(kAt ^ uint64_t{1} << bit), nullptr) << bit;
  }
  for (uint64_t i = 1; i < 100'000; ++i) {
    ASSERT_EQ(cache.Find(kAt + i), nullptr);
    ASSERT_EQ(cache.Find(kAt + (i << 16)), nullptr);
    ASSERT_EQ(cache.Find(kAt + (i << 26)), nullptr);
  }
  EXPECT_NE(cache.Find(kAt), nullptr);
}

TEST(RuleCacheTest, KeepsNothingOfAddressesItCannotTellApart) {
  RuleCache cache;
  cache.Insert(uint64_t{1} << 48 | 0x1234, RuleOf(16));
  EXPECT_EQ(cache.Find(0x1234), nullptr);
  EXPECT_EQ(cache.Find(uint64_t{1} << 48 | 0x1234), nullptr);
  EXPECT_EQ(cache.Find(UINT64_MAX), nullptr);
}

TEST(RuleCacheTest, ForgetsAll) {
  RuleCache cache;
  cache.Insert(0x1234, RuleOf(16));
  cache.Clear();
  EXPECT_EQ(cache.Find(0x1234), nullptr);
  EXPECT_EQ(cache.rules(), 0u);
}

}  // namespace
}  // namespace lambent
