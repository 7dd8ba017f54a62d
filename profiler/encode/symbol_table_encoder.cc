// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/encode/symbol_table_encoder.h"

#include <utility>

#include "absl/status/status.h"

#include "lambent/v1/ingest.pb.h"

namespace lambent {
namespace {

// A gap and a size as varints, and the zero after the name.
constexpr size_t kBytesBesideName = 8;

}  // namespace

absl::StatusOr<std::unique_ptr<SymbolTableEncoder>> SymbolTableEncoder::Create(
    std::string build_id, std::unique_ptr<os::FileBytes> file) {
  absl::StatusOr<FunctionRanges> functions = FunctionRanges::Read(std::move(file));
  if (!functions.ok()) return functions.status();
  std::unique_ptr<SymbolTableEncoder> encoder(
      new SymbolTableEncoder(std::move(build_id), *std::move(functions)));
  encoder->SkipNameless();
  if (encoder->next_ == encoder->functions_.ranges().size()) {
    return absl::NotFoundError("read symbols: the file names no functions");
  }
  return encoder;
}

void SymbolTableEncoder::SkipNameless() {
  const auto& ranges = functions_.ranges();
  for (; next_ < ranges.size(); ++next_) {
    next_name_ = functions_.Name(ranges[next_]);
    if (!next_name_.empty()) return;
  }
}

EncodedSymbols SymbolTableEncoder::Next() {
  const auto& ranges = functions_.ranges();
  v1::SymbolColumns columns;
  std::string& names = *columns.mutable_names();
  size_t beside = 0;
  while (next_ < ranges.size() && names.size() + beside < kPartBytes) {
    const FunctionRanges::Range& range = ranges[next_];
    columns.add_gap(range.start - end_);
    columns.add_size(range.end - range.start);
    names.append(next_name_).push_back('\0');
    end_ = range.end;
    beside += kBytesBesideName;
    ++next_;
    SkipNameless();
  }
  EncodedSymbols part;
  part.build_id = build_id_;
  const std::string content = columns.SerializeAsString();
  part.content = compressor_.Compress(content);
  part.content_bytes = static_cast<uint32_t>(content.size());
  part.part = part_++;
  part.last = done_ = next_ == ranges.size();
  content_bytes_ += content.size();
  compressed_bytes_ += part.content.size();
  if (content_bytes_ > kMaxContentBytes || compressed_bytes_ > kMaxCompressedBytes ||
      part.content.empty()) {
    done_ = true;
    return {.build_id = build_id_, .unavailable = "the table is too large to send"};
  }
  return part;
}

}  // namespace lambent
