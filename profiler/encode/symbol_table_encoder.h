// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "profiler/encode/compress.h"
#include "profiler/encode/encoded_symbols.h"
#include "profiler/os/file_bytes.h"
#include "profiler/symbols/function_ranges.h"

namespace lambent {

// Writes a module's functions as parts of lambent.v1.SymbolTable, one at a time: only one part's
// names are in memory. Thread-compatible; off the sampler thread.
class SymbolTableEncoder {
 public:
  // A part is closed when it holds this much, before compression.
  static constexpr size_t kPartBytes = 512 * 1024;
  // The bounds of a table, all parts together, in ingest.proto.
  static constexpr size_t kMaxCompressedBytes = 8 << 20;
  static constexpr size_t kMaxContentBytes = 48 << 20;

  // Reads the functions of `file`: some 0.1 s for one as large as node. Errors: what FunctionRanges
  // cannot read; NotFound when no function has a name.
  static absl::StatusOr<std::unique_ptr<SymbolTableEncoder>> Create(
      std::string build_id, std::unique_ptr<os::FileBytes> file);

  // The next part; of a table beyond the bounds, the word that it is unavailable. REQUIRES:
  // !done().
  EncodedSymbols Next();
  bool done() const { return done_; }

 private:
  SymbolTableEncoder(std::string build_id, FunctionRanges functions)
      : build_id_(std::move(build_id)), functions_(std::move(functions)) {}
  // The next range whose function has a name, from `next_` on; the end when there is none.
  void SkipNameless();

  const std::string build_id_;
  const FunctionRanges functions_;
  Compressor compressor_;
  size_t next_ = 0;        // range
  std::string next_name_;  // of it
  uint64_t end_ = 0;       // of the range before
  uint32_t part_ = 0;
  size_t content_bytes_ = 0;
  size_t compressed_bytes_ = 0;
  bool done_ = false;
};

}  // namespace lambent
