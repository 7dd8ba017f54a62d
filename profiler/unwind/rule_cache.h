// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "profiler/unwind/frame_rule.h"

namespace lambent {

// Rules of the addresses seen so far, of fixed size. Return addresses repeat, and far fewer rules
// than addresses exist (under 400 in any library measured): an address takes 8 bytes, 48 of its own
// bits and 16 that number a rule, and a lookup one cache line of them. A full bucket forgets its
// oldest address; a full set of rules everything. Thread-compatible.
class RuleCache {
 public:
  static constexpr size_t kAddresses = 8192;
  static constexpr size_t kMaxRules = 1024;

  RuleCache();

  // The rule of an address, or null. Valid until Insert or Clear.
  const FrameRule* Find(uint64_t at) const {
    const uint64_t key = at << 16;
    for (const uint64_t slot : buckets_[BucketOf(at)]) {
      if (slot - key <= kRuleMask && at < kAddressLimit) return &rules_[slot & kRuleMask];
    }
    return nullptr;
  }

  // Remembers a rule, in the place of another of the same address. Valid until the next Insert.
  const FrameRule* Insert(uint64_t at, const FrameRule& rule);

  void Clear();

  size_t rules() const { return rules_.size(); }
  size_t memory_bytes() const;

 private:
  static constexpr size_t kWays = 8;
  static constexpr size_t kBuckets = kAddresses / kWays;
  static constexpr uint64_t kRuleMask = 0xffff;
  static constexpr uint64_t kAddressLimit = (uint64_t{1} << 48) - 1;
  static constexpr uint64_t kEmpty = ~uint64_t{0};  // no address below the limit has it
  static constexpr size_t kIndexSlots = 2 * kMaxRules;
  static constexpr uint16_t kNoRule = 0xffff;

  struct alignas(64) Bucket : std::array<uint64_t, kWays> {};

  static size_t BucketOf(uint64_t at) {
    return static_cast<size_t>((at * 0x9e3779b97f4a7c15) >> 54);
  }
  static_assert(kBuckets == 1024, "BucketOf takes 10 bits");

  uint16_t Number(const FrameRule& rule);

  std::unique_ptr<Bucket[]> buckets_;
  std::vector<FrameRule> rules_;             // never grows beyond what was reserved
  std::array<uint16_t, kIndexSlots> index_;  // rules by their hash, open addressing
};

}  // namespace lambent
