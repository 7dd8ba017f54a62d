// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/receive/batch_validator.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

#include "collector/receive/bounded_zstd.h"
#include "collector/receive/content_checks.h"
#include "collector/receive/limits.h"
#include "lambent/v1/profile.pb.h"

namespace lambent::collector {
namespace {

// The schema nests three deep; a stranger's unknown groups may not nest much deeper.
constexpr int kMaxNesting = 8;

absl::StatusOr<std::string> Uncompressed(const v1::Batch& batch) {
  if (batch.content_bytes() > kMaxContentBytes) {
    return absl::InvalidArgumentError(absl::StrCat("content: ", batch.content_bytes(),
                                                   " bytes claimed; at most ", kMaxContentBytes,
                                                   " allowed"));
  }
  switch (batch.compression()) {
    case v1::COMPRESSION_NONE:
      if (batch.content().size() != batch.content_bytes()) {
        return absl::InvalidArgumentError(absl::StrCat("content: has ", batch.content().size(),
                                                       " bytes where ", batch.content_bytes(),
                                                       " were claimed"));
      }
      return batch.content();
    case v1::COMPRESSION_ZSTD:
      return DecompressExactly(batch.content(), batch.content_bytes());
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("content: unknown compression ", static_cast<int>(batch.compression())));
  }
}

absl::StatusOr<v1::BatchContent> Parsed(const std::string& bytes) {
  google::protobuf::io::ArrayInputStream array(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedInputStream stream(&array);
  stream.SetRecursionLimit(kMaxNesting);
  v1::BatchContent content;
  if (!content.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    return absl::InvalidArgumentError("content: not a lambent.v1.BatchContent");
  }
  return content;
}

}  // namespace

absl::StatusOr<ValidatedBatch> ValidateBatch(const v1::Batch& batch,
                                             const DictionaryExtent& extent) {
  if (batch.sequence() == 0 || batch.sequence() > kMaxSequence) {
    return absl::InvalidArgumentError(absl::StrCat("sequence: ", batch.sequence()));
  }
  absl::StatusOr<std::string> bytes = Uncompressed(batch);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<v1::BatchContent> content = Parsed(*bytes);
  if (!content.ok()) return content.status();

  ValidatedBatch result;
  result.sequence = batch.sequence();
  result.epoch = content->dictionary_epoch();
  if (result.epoch < extent.epoch) {
    return absl::InvalidArgumentError(
        absl::StrCat("dictionary_epoch: ", result.epoch, " after ", extent.epoch));
  }
  result.starts_epoch = content->epoch_first_sequence() == batch.sequence();
  if (result.starts_epoch != (result.epoch > extent.epoch)) {
    return absl::InvalidArgumentError(
        absl::StrCat("dictionary_epoch: ", result.epoch, " after ", extent.epoch, ", begun by batch ",
                     content->epoch_first_sequence()));
  }
  static const DictionaryExtent* const kEmpty = new DictionaryExtent;
  const DictionaryExtent& before = result.starts_epoch ? *kEmpty : extent;
  if (absl::Status s = CheckDictionary(content->dictionary(), before, result.dictionary); !s.ok()) {
    return s;
  }
  const size_t threads = before.threads + result.dictionary.threads.size();
  const size_t stacks = before.stack_depth.size() + result.dictionary.stacks.size();
  if (absl::Status s = CheckSegments(*content, threads, stacks, result.segments); !s.ok()) return s;
  if (absl::Status s = CheckMetrics(*content, result.metrics); !s.ok()) return s;
  if (absl::Status s = CheckEvents(*content, result.events); !s.ok()) return s;
  for (const ValidatedSegment& segment : result.segments) result.samples += segment.observations;
  if (result.samples != batch.samples()) {
    return absl::InvalidArgumentError(
        absl::StrCat("samples: ", batch.samples(), " claimed, the content holds ", result.samples));
  }
  return result;
}

}  // namespace lambent::collector
