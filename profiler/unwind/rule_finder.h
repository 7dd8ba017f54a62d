// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"

#include "profiler/unwind/cfi_entry.h"
#include "profiler/unwind/cfi_row.h"
#include "profiler/unwind/code_cache.h"

namespace lambent {

// The rules that hold at one instruction. Spans are valid until the finder's next use.
struct FoundRules {
  CfiRow row;
  size_t return_column = 0;
  bool signal_frame = false;
  absl::Span<const uint8_t> fde;  // where the row's expressions stand
  absl::Span<const uint8_t> cie;

  absl::Span<const uint8_t> ExpressionOf(const RegisterRule& rule) const {
    return (rule.reg == 1 ? cie : fde).subspan(static_cast<size_t>(rule.value), rule.size);
  }
};

// What a search for rules came to.
enum class RuleSearch : uint8_t {
  kFound,
  kNone,           // none cover the address
  kNotUnderstood,  // some do, in a form that is malformed or beyond our limits
};

// Finds the unwind rules of one address by reading the entry of its function alone, out of the
// module's file: .eh_frame by way of its sorted table, else through an index made once. Nothing in
// a file is trusted; work() tells what it cost. Confined to the sampler thread.
class RuleFinder {
 public:
  static constexpr size_t kMaxEntryBytes = 16 * 1024;  // Node's largest FDE has 3 KB
  static constexpr size_t kMaxCieBytes = 128;

  // `code` must outlive this.
  explicit RuleFinder(CodeCache& code) : code_(code), entry_(512) {}

  RuleSearch Find(uint64_t pc, FoundRules* found);

  // Where the function begins that rules say has code at `at`, both as the module's file numbers
  // addresses; none: no rules cover it, or those of a signal frame. Instructions are not looked at.
  std::optional<uint64_t> FindFunction(CodeCache::Loaded& loaded, uint64_t at);

  // Grows with the bytes and file reads that lookups take; a lookup of an ordinary function costs
  // some hundred.
  uint64_t work() const { return work_; }
  size_t memory_bytes() const { return entry_.capacity() + sizeof(*this); }

 private:
  static constexpr size_t kCies = 16;

  // How much of an entry is understood.
  enum class Grasp : uint8_t {
    kNothing,  // it is none
    kEntry,    // that it is one
    kHead,     // an FDE's function, a CIE's encodings; not its instructions
    kAll,
  };
  struct CachedCie {
    uint64_t address = 0;
    uint32_t number = 0;  // of the module's opening; 0: none
    Grasp grasp = Grasp::kNothing;
    Cie cie;
    std::array<uint8_t, kMaxCieBytes> bytes;
  };
  struct ReadingOfFde {
    Grasp grasp = Grasp::kNothing;
    Fde fde;                   // from kHead on
    const Cie* cie = nullptr;  // from kHead on
  };

  // FDEs that may cover `at`, the one by the sorted table first, until `visit` is content.
  void ForEachFde(CodeCache::Loaded& loaded, uint64_t at,
                  absl::FunctionRef<bool(CfiFormat, uint64_t)> visit);
  RuleSearch FindIn(CodeCache::Loaded& loaded, CfiFormat format, uint64_t fde_address, uint64_t at,
                    FoundRules* found);
  // Reads an entry into entry_, of one that is too large the begin. Returns how much there is of
  // it, 0: it is none.
  size_t ReadEntry(const CodeCache::Loaded& loaded, CfiFormat format, uint64_t address,
                   EntryHead* head);
  // Reads an FDE with its CIE.
  ReadingOfFde ReadFde(const CodeCache::Loaded& loaded, CfiFormat format, uint64_t address);
  const CachedCie& FindCie(const CodeCache::Loaded& loaded, CfiFormat format, uint64_t address);
  void MakeIndex(CodeCache::Loaded& loaded);

  CodeCache& code_;
  std::vector<uint8_t> entry_;
  std::array<CachedCie, kCies> cies_;
  uint64_t work_ = 0;
};

}  // namespace lambent
