// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/types/span.h"

#include "profiler/unwind/code_cache.h"

namespace lambent {

// libunwind takes unwind rules as they are. Two kinds of register numbers index its registers
// unchecked, a quotient that overflows raises SIGFPE, states remembered without end take memory,
// and a frame without a CFA is asserted not to be. So what it is handed out of a stranger's file is
// looked through first. In doubt it is refused: this costs a frame, not the profiler.

// Whether the FDE at an address of the file, and its CIE, can be handed to libunwind. Entries of
// more than kMaxBytesForLibunwind cannot.
inline constexpr uint64_t kMaxBytesForLibunwind = 64 * 1024;
bool IsFitForLibunwind(CodeCache& code, const CodeCache::Loaded& loaded, uint64_t fde_address);

// The same of what follows the id in both entries. Pure; time is linear in their size.
bool AreRulesFitForLibunwind(absl::Span<const uint8_t> cie, absl::Span<const uint8_t> fde);

}  // namespace lambent
