// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "profiler/unwind/frame_rule.h"
#include "profiler/unwind/short_rule.h"

namespace lambent {

// Rules of the addresses seen so far, of fixed size. Return addresses repeat, and far fewer rules
// than addresses exist (under 400 in any library measured): an address takes 8 bytes, and a lookup
// one cache line of them. Times an odd number, modulo 2^48, each address is another: 10 bits of the
// product are its bucket and 38 are kept, beside 10 that number its rule and 16 that are the rule
// where it is a short one. A full bucket forgets its oldest address; a full set of rules
// everything. Thread-compatible.
class RuleCache {
 public:
  static constexpr size_t kAddresses = 8192;
  static constexpr size_t kMaxRules = 1024;

  RuleCache();

  // The rule of an address, or null. Valid until Insert or Clear.
  const FrameRule* Find(uint64_t at) const {
    const uint64_t slot = FindSlot(at);
    return slot == kEmpty ? nullptr : &rules_[slot >> kNumberShift & (kMaxRules - 1)];
  }

  // The same where it is a short one; none: it is not, or not known.
  ShortRule FindShort(uint64_t at) const { return ShortRule(FindSlot(at)); }

  // Remembers a rule, in the place of another of the same address. Valid until the next Insert.
  const FrameRule* Insert(uint64_t at, const FrameRule& rule);

  void Clear();

  size_t rules() const { return rules_.size(); }
  size_t memory_bytes() const;

 private:
  static constexpr size_t kWays = 8;
  static constexpr size_t kBuckets = kAddresses / kWays;
  static constexpr int kAddressBits = 48;
  static constexpr int kBucketBits = 10;
  static constexpr int kNumberShift = 16;  // above the rule, if it is short
  static constexpr int kKeyShift = 64 - (kAddressBits - kBucketBits);
  // As no slot in use is: without a short rule, whose other bits are set.
  static constexpr uint64_t kEmpty = ~ShortRule::kFormMask;
  static constexpr size_t kIndexSlots = 2 * kMaxRules;
  static constexpr uint16_t kNoRule = 0xffff;
  static_assert(kBuckets == 1 << kBucketBits && kMaxRules == 1 << (kKeyShift - kNumberShift));

  struct alignas(64) Bucket : std::array<uint64_t, kWays> {};

  // kAddressBits of product, with zeros below.
  static uint64_t Scatter(uint64_t at) {
    return at * (uint64_t{0x9e3779b97f4b} << (64 - kAddressBits));
  }
  static size_t BucketOf(uint64_t scattered) {
    return static_cast<size_t>(scattered >> (64 - kBucketBits));
  }
  static uint64_t KeyOf(uint64_t scattered) { return scattered << kBucketBits; }
  static bool HasKey(uint64_t slot, uint64_t key) { return (slot ^ key) >> kKeyShift == 0; }

  uint64_t FindSlot(uint64_t at) const {
    if (at >> kAddressBits != 0) return kEmpty;
    const uint64_t scattered = Scatter(at);
    for (const uint64_t slot : buckets_[BucketOf(scattered)]) {
      if (HasKey(slot, KeyOf(scattered))) return slot;
    }
    return kEmpty;
  }

  uint16_t Number(const FrameRule& rule);

  std::unique_ptr<Bucket[]> buckets_;
  std::vector<FrameRule> rules_;             // never grows beyond what was reserved
  std::array<uint16_t, kIndexSlots> index_;  // rules by their hash, open addressing
};

}  // namespace lambent
