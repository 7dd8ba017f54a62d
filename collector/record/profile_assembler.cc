// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/record/profile_assembler.h"

#include <utility>

#include "absl/time/clock.h"

#include "collector/query/frame_name.h"
#include "collector/query/profile_queries.h"
#include "collector/receive/batch_validator.h"
#include "collector/store/sqlite_store.h"
#include "lambent/v1/ingest.pb.h"
#include "lambent/v1/profile.pb.h"

namespace lambent::record {
namespace {

constexpr size_t kMaxLosses = 8;

int64_t NowUnixUs() { return absl::ToUnixMicros(absl::Now()); }

v1::Batch OnTheWire(EncodedBatch batch) {
  v1::Batch wire;
  wire.set_sequence(batch.sequence);
  wire.set_compression(v1::COMPRESSION_ZSTD);
  wire.set_content_bytes(batch.content_bytes);
  wire.set_content(std::move(batch.content));
  wire.set_samples(batch.samples);
  return wire;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProfileAssembler>> ProfileAssembler::Create(
    const collector::ValidatedHello& hello) {
  absl::StatusOr<os::TempDir> folder = os::TempDir::Create("lambent-record-");
  if (!folder.ok()) return folder.status();
  auto store = collector::SqliteStore::Create(folder->path());
  if (!store.ok()) return store.status();
  auto session = (*store)->OpenEnvironment(hello, NowUnixUs());
  if (!session.ok()) return session.status();
  return std::unique_ptr<ProfileAssembler>(
      new ProfileAssembler(*std::move(folder), *std::move(store), *std::move(session)));
}

absl::Status ProfileAssembler::Add(std::vector<EncodedBatch> batches) {
  for (EncodedBatch& encoded : batches) {
    const v1::Batch wire = OnTheWire(std::move(encoded));
    const auto batch = collector::ValidateBatch(wire, session_->extent);
    absl::Status kept;
    if (batch.ok()) {
      Count(*batch);
      kept = store_->StoreBatch(*session_, *batch, NowUnixUs());
    } else {
      totals_.drops.Add(DropReason::kRejected, wire.samples());
      kept = store_->RejectBatch(*session_, wire.sequence(), wire.samples(),
                                 std::string(batch.status().message()), NowUnixUs());
    }
    if (!kept.ok()) return kept;
  }
  return absl::OkStatus();
}

absl::StatusOr<collector::Profile> ProfileAssembler::Build(const collector::Selection& selection,
                                                           const collector::SourceView& view) {
  return collector::MergeProfile(*store_, selection, view);
}

void ProfileAssembler::Count(const collector::ValidatedBatch& batch) {
  for (const collector::ValidatedSegment& segment : batch.segments) {
    const collector::ValidatedSamples& samples = segment.samples;
    for (size_t i = 0; i < samples.rows(); ++i) {
      totals_.by_rung[static_cast<size_t>(samples.rung[i])] += samples.observations[i];
      if (samples.partial[i]) totals_.partial += samples.observations[i];
    }
    totals_.samples += segment.observations;
    totals_.drops.Add(segment.drops);
    totals_.cost.Add(segment.cost);
  }
  for (const collector::ValidatedEvent& event : batch.events) {
    if (event.kind == v1::InvocationEvent::TELEMETRY_DROPPED && totals_.losses.size() < kMaxLosses)
      totals_.losses.push_back(collector::SafeText(event.reason));
  }
}

}  // namespace lambent::record
