// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/unwind_with_fallback.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"

namespace lambent {
namespace {

class LazyFallbackUnwinder final : public FallbackUnwinder {
 public:
  LazyFallbackUnwinder(const ModuleTable& modules, std::unique_ptr<Unwinder> rules,
                       LibunwindFactory create)
      : modules_(modules), rules_(std::move(rules)), create_(std::move(create)) {}

  UnwindEnd Unwind(const RawSnapshot& snapshot, os::RemoteMemory* live, size_t max_depth,
                   std::vector<uint64_t>* pcs) override {
    const UnwindEnd end = rules_->Unwind(snapshot, live, max_depth, pcs);
    if (end != UnwindEnd::kBadRules || pcs->empty()) return end;
    return GoOn(snapshot, live, max_depth, pcs);
  }

  FallbackUse Use() const override { return use_; }

 private:
  UnwindEnd GoOn(const RawSnapshot& snapshot, os::RemoteMemory* live, size_t max_depth,
                 std::vector<uint64_t>* pcs) {
    if (modules_.generation() != generation_) {
      generation_ = modules_.generation();
      failures_.clear();
    }
    // What fails for want of a blocked thread's registers may work for a running one's.
    const std::pair<uint64_t, bool> place(pcs->back(), snapshot.known() == ~uint64_t{0});
    if (failures_.contains(place)) {
      ++use_.not_asked;
      return UnwindEnd::kBadRules;
    }
    if (libunwind_ == nullptr) libunwind_ = create_(modules_);
    ++use_.asked;
    libunwind_->GuessWithin(pcs->size());
    const UnwindEnd end = libunwind_->Unwind(snapshot, live, max_depth, &further_);
    const bool agrees =
        further_.size() >= pcs->size() && std::equal(pcs->begin(), pcs->end(), further_.begin());
    if (agrees && further_.size() > pcs->size()) {
      ++use_.taken;
      pcs->swap(further_);
      return end;
    }
    if (agrees && end == UnwindEnd::kNoBytes) return end;  // a larger copy may do
    if (failures_.size() == kMaxFailures) failures_.clear();
    failures_.insert(place);
    // Maps read again forget this failure, if they are others.
    return agrees && end == UnwindEnd::kUnknownCode ? end : UnwindEnd::kBadRules;
  }

  const ModuleTable& modules_;
  const std::unique_ptr<Unwinder> rules_;
  const LibunwindFactory create_;
  std::unique_ptr<LibunwindUnwinder> libunwind_;  // null until needed
  std::vector<uint64_t> further_;
  uint64_t generation_ = 0;
  // Where it found no callers: the address, and whether all registers were known.
  absl::flat_hash_set<std::pair<uint64_t, bool>> failures_;
  FallbackUse use_;
};

}  // namespace

std::unique_ptr<FallbackUnwinder> CreateFallbackUnwinder(const ModuleTable& modules,
                                                         std::unique_ptr<Unwinder> rules,
                                                         LibunwindFactory create) {
  return std::make_unique<LazyFallbackUnwinder>(modules, std::move(rules), std::move(create));
}

}  // namespace lambent
