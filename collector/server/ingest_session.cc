// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/server/ingest_session.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "collector/receive/batch_validator.h"
#include "collector/receive/limits.h"
#include "collector/receive/sequence_check.h"
#include "collector/receive/validated_hello.h"
#include "profiler/base/version.h"

namespace lambent::collector {
namespace {

// What one Welcome lists (ingest.proto).
constexpr size_t kMaxListedRejections = 64;
constexpr size_t kMaxReasonBytes = 256;

v1::ServerMessage AckOf(uint64_t sequence) {
  v1::ServerMessage message;
  message.mutable_ack()->set_durable_sequence(sequence);
  return message;
}

v1::ServerMessage RejectedOf(uint64_t sequence, const std::string& reason) {
  v1::ServerMessage message;
  message.mutable_rejected()->set_sequence(sequence);
  message.mutable_rejected()->set_reason(reason);
  return message;
}

}  // namespace

IngestSession::~IngestSession() {
  if (session_ != nullptr) --counters_.environments_connected;
}

int64_t IngestSession::NowUnixUs() const { return absl::ToUnixMicros(clock_.UnixTime()); }

absl::StatusOr<v1::ServerMessage> IngestSession::Answer(const v1::ClientMessage& message) {
  switch (message.message_case()) {
    case v1::ClientMessage::kHello:
      return Welcome(message.hello());
    case v1::ClientMessage::kBatch:
      if (session_ == nullptr) return absl::InvalidArgumentError("stream: hello must come first");
      return Receive(message.batch());
    case v1::ClientMessage::kSymbolTable:  // TakeSymbols is for these
    case v1::ClientMessage::MESSAGE_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("stream: neither a hello nor a batch");
}

absl::Status IngestSession::TakeSymbols(const v1::SymbolTable& part) {
  if (session_ == nullptr) return absl::InvalidArgumentError("stream: hello must come first");
  intake_.Take(*session_, part);
  return absl::OkStatus();
}

std::optional<v1::ServerMessage> IngestSession::Ask() {
  if (session_ == nullptr || !hello_.provides_symbols) return std::nullopt;
  return intake_.Ask(*session_);
}

absl::Status IngestSession::Open(const ValidatedHello& hello) {
  const bool first = session_ == nullptr;
  if (!first && hello == hello_) return absl::OkStatus();
  if (!first && hello.environment_id != hello_.environment_id) {
    return absl::InvalidArgumentError("stream: a hello of another environment");
  }
  if (hellos_ == kMaxHellos) {
    return absl::InvalidArgumentError(
        absl::StrCat("stream: more than ", kMaxHellos, " different hellos"));
  }
  absl::StatusOr<std::unique_ptr<WriteSession>> session =
      store_.OpenEnvironment(hello, NowUnixUs());
  if (!session.ok()) return session.status();
  session_ = *std::move(session);
  hello_ = hello;
  ++hellos_;
  if (first) ++counters_.environments_connected;
  return absl::OkStatus();
}

absl::StatusOr<v1::ServerMessage> IngestSession::Welcome(const v1::Hello& hello) {
  absl::StatusOr<ValidatedHello> checked = ValidateHello(hello);
  if (!checked.ok()) return checked.status();
  const uint64_t settled = std::exchange(checked->settled_sequence, 0);
  if (absl::Status s = Open(*checked); !s.ok()) return s;
  const absl::StatusOr<std::vector<RejectedBatch>> refused =
      store_.ReadRejected(*session_, settled, session_->durable_sequence, kMaxListedRejections);
  if (!refused.ok()) return refused.status();
  v1::ServerMessage answer;
  v1::Welcome& welcome = *answer.mutable_welcome();
  // A list that was cut says nothing of what comes after it.
  const bool cut = refused->size() == kMaxListedRejections;
  welcome.set_durable_sequence(cut ? refused->back().sequence : session_->durable_sequence);
  for (const RejectedBatch& batch : *refused) {
    welcome.add_rejected()->set_sequence(batch.sequence);
    welcome.mutable_rejected()->rbegin()->set_reason(batch.reason);
  }
  welcome.set_collector_version(std::string(kVersion));
  return answer;
}

absl::StatusOr<v1::ServerMessage> IngestSession::AnswerAgain(uint64_t sequence) {
  ++counters_.batches_duplicate;
  const absl::StatusOr<std::vector<RejectedBatch>> refused =
      store_.ReadRejected(*session_, sequence - 1, sequence, 1);
  if (!refused.ok()) return refused.status();
  // Not the durable sequence: the batches up to it may have refused ones among them that come next.
  return refused->empty() ? AckOf(sequence) : RejectedOf(sequence, refused->front().reason);
}

absl::StatusOr<v1::ServerMessage> IngestSession::Receive(const v1::Batch& batch) {
  if (batch.sequence() != 0 && IsDuplicate(session_->durable_sequence, batch.sequence())) {
    return AnswerAgain(batch.sequence());
  }
  const absl::StatusOr<ValidatedBatch> checked = ValidateBatch(batch, session_->extent);
  if (!checked.ok()) return Reject(batch, checked.status());
  const SequenceVerdict verdict =
      JudgeSequence(session_->durable_sequence, session_->dictionary_broken, checked->sequence,
                    checked->starts_epoch);
  if (verdict.kind == SequenceVerdict::Kind::kRefused) {
    return Reject(batch, absl::FailedPreconditionError(verdict.reason));
  }
  const int64_t started_ns = clock_.MonotonicNs();
  const absl::Status stored = store_.StoreBatch(*session_, *checked, NowUnixUs());
  if (!stored.ok()) {
    ++counters_.batches_failed;
    return stored;
  }
  counters_.CountCommit(static_cast<uint64_t>((clock_.MonotonicNs() - started_ns) / 1000));
  ++counters_.batches_accepted;
  counters_.samples += checked->samples;
  for (const ValidatedSegment& segment : checked->segments) {
    counters_.samples_dropped += segment.drops.total();
  }
  counters_.content_bytes += batch.content().size();
  return AckOf(session_->durable_sequence);
}

absl::StatusOr<v1::ServerMessage> IngestSession::Reject(const v1::Batch& batch,
                                                        const absl::Status& why) {
  // A number that cannot be kept cannot be refused for good either.
  if (batch.sequence() == 0 || batch.sequence() > kMaxSequence) return why;
  const std::string reason(why.message().substr(0, kMaxReasonBytes));
  const uint64_t claimed = std::min(batch.samples(), kMaxSamplesCounted);
  const absl::Status kept =
      store_.RejectBatch(*session_, batch.sequence(), claimed, reason, NowUnixUs());
  if (!kept.ok()) return kept;
  ++counters_.batches_rejected;
  counters_.samples_rejected += claimed;
  return RejectedOf(batch.sequence(), reason);
}

}  // namespace lambent::collector
