// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "profiler/target/module_table.h"
#include "profiler/unwind/unwind_with_libunwind.h"
#include "profiler/unwind/unwinder.h"

namespace lambent {

// What a fallback was needed for, in stacks.
struct FallbackUse {
  uint64_t asked = 0;      // libunwind was asked for
  uint64_t taken = 0;      // of these, it found callers
  uint64_t not_asked = 0;  // ended where it is known to find none
};

// Unwinds by `rules`, and where these end at code whose rules exist and were not understood
// (kBadRules), the same snapshot anew by libunwind, which knows no limits of size. Its stack is
// taken if it begins with the frames that are known and goes on by rules alone: a caller found by
// frame pointer where there are rules to follow would be a guess, and a truncated stack is better.
// Addresses at which it found nothing are remembered until the maps change, so that they cost one
// attempt. libunwind is made when it is first needed: a process without such code pays nothing for
// it. Confined to the sampler thread.
class FallbackUnwinder : public Unwinder {
 public:
  static constexpr size_t kMaxFailures = 256;  // addresses remembered; beyond, all are forgotten

  virtual FallbackUse Use() const = 0;
};

using LibunwindFactory = std::function<std::unique_ptr<LibunwindUnwinder>(const ModuleTable&)>;

// `modules` must outlive it.
std::unique_ptr<FallbackUnwinder> CreateFallbackUnwinder(
    const ModuleTable& modules, std::unique_ptr<Unwinder> rules,
    LibunwindFactory create = &CreateLibunwindUnwinder);

}  // namespace lambent
