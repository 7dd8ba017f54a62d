// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/rule_cache.h"

#include <cstdint>
#include <map>
#include <random>

#include <gtest/gtest.h>

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
