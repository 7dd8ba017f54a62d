// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/receive/symbol_part.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

#include "collector/receive/bounded_zstd.h"
#include "collector/receive/limits.h"
#include "lambent/v1/ingest.pb.h"

namespace lambent::collector {
namespace {

// The schema does not nest; a stranger's unknown groups may not nest much deeper.
constexpr int kMaxNesting = 4;

absl::Status Wrong(size_t at, const char* what) {
  return absl::InvalidArgumentError(absl::StrCat("symbols[", at, "]: ", what));
}

absl::StatusOr<v1::SymbolColumns> Parsed(const std::string& bytes) {
  google::protobuf::io::ArrayInputStream array(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedInputStream stream(&array);
  stream.SetRecursionLimit(kMaxNesting);
  v1::SymbolColumns columns;
  if (!columns.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    return absl::InvalidArgumentError("symbols: not a lambent.v1.SymbolColumns");
  }
  return columns;
}

}  // namespace

absl::StatusOr<SymbolPart> SymbolPart::Decode(std::string_view content, uint64_t content_bytes,
                                              uint64_t base) {
  if (content_bytes > kMaxSymbolPartBytes) {
    return absl::InvalidArgumentError(absl::StrCat("symbols: ", content_bytes, " bytes claimed; ",
                                                   kMaxSymbolPartBytes, " allowed"));
  }
  const absl::StatusOr<std::string> bytes = DecompressExactly(content, content_bytes);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<v1::SymbolColumns> columns = Parsed(*bytes);
  if (!columns.ok()) return columns.status();
  if (columns->gap_size() != columns->size_size()) {
    return absl::InvalidArgumentError("symbols: columns differ in length");
  }
  // Before room is made for the ranges; a name is two bytes, the last one's byte 0 is looked for
  // below.
  if (columns->names().size() + 1 < 2 * static_cast<size_t>(columns->gap_size())) {
    return absl::InvalidArgumentError("symbols: ranges without a name");
  }
  SymbolPart part;
  part.end_ = base;
  part.names_ = std::move(*columns->mutable_names());
  part.ranges_.reserve(static_cast<size_t>(columns->gap_size()));
  size_t name = 0;
  for (int i = 0; i < columns->gap_size(); ++i) {
    const auto at = static_cast<size_t>(i);
    const uint64_t gap = columns->gap(i);
    const uint64_t size = columns->size(i);
    if (gap > kMaxCodeAddress - part.end_) return Wrong(at, "gap out of range");
    const uint64_t start = part.end_ + gap;
    if (size == 0 || size > kMaxCodeAddress - start) return Wrong(at, "size out of range");
    const size_t zero = part.names_.find('\0', name);
    if (zero == std::string::npos) return Wrong(at, "no name");
    if (zero == name || zero - name > kMaxStringBytes) return Wrong(at, "name empty or too long");
    part.ranges_.push_back({start, start + size, static_cast<uint32_t>(name)});
    part.end_ = start + size;
    name = zero + 1;
  }
  if (name != part.names_.size()) return absl::InvalidArgumentError("symbols: names without range");
  return part;
}

std::optional<SymbolPart::Function> SymbolPart::Find(uint64_t address) const {
  auto after = std::upper_bound(ranges_.begin(), ranges_.end(), address,
                                [](uint64_t a, const Range& range) { return a < range.start; });
  if (after == ranges_.begin()) return std::nullopt;
  const Range& range = *std::prev(after);
  if (address >= range.end) return std::nullopt;
  return Function{std::string_view(names_.data() + range.name), range.start};
}

}  // namespace lambent::collector
