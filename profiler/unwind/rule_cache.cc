// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/rule_cache.h"

#include <algorithm>
#include <string_view>

#include "absl/hash/hash.h"

namespace lambent {

RuleCache::RuleCache() : buckets_(std::make_unique<Bucket[]>(kBuckets)) {
  rules_.reserve(kMaxRules);
  Clear();
}

void RuleCache::Clear() {
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i].fill(kEmpty);
  rules_.clear();
  index_.fill(kNoRule);
}

const FrameRule* RuleCache::Insert(uint64_t at, const FrameRule& rule) {
  if (rules_.size() == kMaxRules) Clear();
  const uint16_t number = Number(rule);
  if (at >> kAddressBits == 0) {
    const uint64_t key = KeyOf(Scatter(at));
    Bucket& bucket = buckets_[BucketOf(Scatter(at))];
    auto out = std::find_if(bucket.begin(), bucket.end(),
                            [key](uint64_t slot) { return HasKey(slot, key); });
    if (out == bucket.end()) --out;
    std::move_backward(bucket.begin(), out, out + 1);
    bucket.front() = key | uint64_t{number} << kNumberShift | MakeShortRule(rule).bits();
  }
  return &rules_[number];
}

// REQUIRES: room for one more.
uint16_t RuleCache::Number(const FrameRule& rule) {
  const std::string_view bytes(reinterpret_cast<const char*>(&rule), sizeof(rule));
  size_t slot = absl::HashOf(bytes) % kIndexSlots;
  for (; index_[slot] != kNoRule; slot = (slot + 1) % kIndexSlots) {
    if (rules_[index_[slot]] == rule) return index_[slot];
  }
  const auto number = static_cast<uint16_t>(rules_.size());
  index_[slot] = number;
  rules_.push_back(rule);
  return number;
}

size_t RuleCache::memory_bytes() const {
  return kBuckets * sizeof(Bucket) + rules_.capacity() * sizeof(FrameRule) + sizeof(*this);
}

}  // namespace lambent
