// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"

#include "profiler/unwind/module_code.h"

namespace lambent {

// Finds a function's FDE by the sorted table of .eh_frame_hdr without reading the table whole: a
// search looks at the first keys of its chunks, remembered as they are read, and then at one chunk.
// Node's 76,000 functions take 297 keys. Thread-compatible.
class FdeTable {
 public:
  static constexpr size_t kChunkBytes = 2048;
  static constexpr size_t kEntryBytes = 8;
  static constexpr uint64_t kChunkEntries = kChunkBytes / kEntryBytes;
  static constexpr uint64_t kMaxKeys = 2048;  // beyond, a search reads keys again

  // What an entry says, as addresses in the file.
  struct Found {
    uint64_t start = 0;  // of the function
    uint64_t fde = 0;    // has to be asked whether it covers the address looked for
    uint64_t entry = 0;  // of the entry itself
  };

  FdeTable() = default;
  explicit FdeTable(const UnwindTable& table);

  // `read_chunk` gives the bytes at an address, up to kChunkBytes of them; valid until it is called
  // again. `at` is an address in the file.
  std::optional<Found> Find(const ModuleCode& code, uint64_t at,
                            absl::FunctionRef<absl::Span<const uint8_t>(uint64_t)> read_chunk);

  size_t memory_bytes() const { return keys_.capacity() * sizeof(Key); }

 private:
  struct Key {
    int32_t start = 0;
    bool known = false;
  };
  // The first function of a chunk, relative to the header.
  bool ReadKey(const ModuleCode& code, uint64_t chunk, int32_t* start);

  UnwindTable table_;
  uint64_t chunks_ = 0;
  std::vector<Key> keys_;
};

}  // namespace lambent
