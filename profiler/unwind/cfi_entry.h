// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/types/span.h"

#include "profiler/unwind/byte_cursor.h"
#include "profiler/unwind/cfi_row.h"

namespace lambent {

// Entries of .eh_frame (LSB core, "Exception Frames") and .debug_frame (DWARF 5 section 6.4.1): a
// CIE holds what many functions share, an FDE the rules of one function. All bytes are untrusted.

// Which of the two formats: they differ in how an entry names its CIE.
enum class CfiFormat : uint8_t { kEhFrame, kDebugFrame };

// The length and the id that each entry begins with.
struct EntryHead {
  uint64_t next = 0;     // bytes from the entry's begin to the one behind it; 0: an end mark
  uint64_t content = 0;  // bytes from the entry's begin to what follows the id
  uint64_t id_at = 0;    // bytes from the entry's begin to the id
  uint64_t id = 0;
  bool is_cie = false;

  // Address (.eh_frame) or offset in the section (.debug_frame) of an FDE's CIE.
  uint64_t CieOf(CfiFormat format, uint64_t entry_address) const {
    return format == CfiFormat::kEhFrame ? entry_address + id_at - id : id;
  }
};
inline constexpr size_t kEntryHeadBytes = 20;

// From the first kEntryHeadBytes of an entry, fewer at a section's end. None: not an entry.
std::optional<EntryHead> ParseEntryHead(absl::Span<const uint8_t> bytes, CfiFormat format);

struct Cie {
  uint64_t code_factor = 1;
  int64_t data_factor = 1;
  uint64_t return_column = 0;
  uint8_t address_encoding = 0;  // DW_EH_PE_absptr
  bool signal_frame = false;  // its functions are called by the kernel: the pc is not behind a call
  bool sized_augmentation = false;
  absl::Span<const uint8_t> instructions;
  CfiRow initial;  // what the instructions say, set by RunCieInstructions
};

// `content` is what follows the id; `cie->instructions` points into it. False: malformed or of a
// kind no compiler for our machines writes.
bool ParseCie(absl::Span<const uint8_t> content, CfiFormat format, Cie* cie);

struct Fde {
  uint64_t start = 0;  // of the function, an address in the file
  uint64_t size = 0;
  absl::Span<const uint8_t> instructions;
};

// `address`: of the first byte of `content`.
bool ParseFde(absl::Span<const uint8_t> content, uint64_t address, const Cie& cie, Fde* fde);

// A pointer in one of the encodings of the LSB that name a place in the same file. `address`: of
// the cursor's first byte. Fails the cursor for others.
uint64_t ReadEncoded(ByteCursor& cursor, uint8_t encoding, uint64_t address);

}  // namespace lambent
