// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/batch_writer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "collector/store/stored_samples.h"
#include "lambent/v1/profile.pb.h"

namespace lambent::collector {

absl::StatusOr<DictionaryDelta> BatchWriter::Write() {
  if (absl::Status s = WriteDictionary(); !s.ok()) return s;
  if (absl::Status s = WriteEventsAndSegments(); !s.ok()) return s;
  for (const ValidatedMetrics& metrics : batch_.metrics) {
    if (metrics.times_unix_us.empty()) continue;
    if (absl::Status s = WriteMetrics(metrics); !s.ok()) return s;
  }
  if (absl::Status s = MarkDurable(); !s.ok()) return s;
  return std::move(delta_);
}

absl::Status BatchWriter::WriteEventsAndSegments() {
  const bool complete =
      session_.first_sequence == 1 || (session_.first_sequence == 0 && batch_.sequence == 1);
  InvocationTable invocations(database_, session_.environment, session_.function, complete);
  if (absl::Status s = WriteEvents(invocations); !s.ok()) return s;
  for (const ValidatedSegment& segment : batch_.segments) {
    int64_t row = 0;
    if (!segment.request_id.empty()) {
      absl::StatusOr<InvocationTable::Invocation*> invocation = invocations.Of(segment);
      if (!invocation.ok()) return invocation.status();
      Apply(segment, (*invocation)->facts);
      row = (*invocation)->id;
    }
    if (absl::Status s = WriteSegment(segment, row); !s.ok()) return s;
  }
  return invocations.Save();
}

absl::Status BatchWriter::WriteEvents(InvocationTable& invocations) {
  // In time order, so that an environment's invocations get their rows in their own order.
  std::vector<const ValidatedEvent*> events;
  for (const ValidatedEvent& event : batch_.events) events.push_back(&event);
  std::stable_sort(events.begin(), events.end(),
                   [](const auto* a, const auto* b) { return a->time_unix_us < b->time_unix_us; });
  // First all beginnings, so that what is told of an invocation finds it, whatever came first.
  std::map<const ValidatedEvent*, InvocationTable::Invocation*> invoked;
  for (const ValidatedEvent* event : events) {
    if (event->request_id.empty()) continue;
    if (event->kind != v1::InvocationEvent::INVOKE) {
      if (absl::Status s = invocations.Mention(event->request_id); !s.ok()) return s;
      continue;
    }
    const absl::StatusOr<InvocationTable::Invocation*> invocation = invocations.Of(*event);
    if (!invocation.ok()) return invocation.status();
    Apply(*event, (*invocation)->facts);
    invoked[event] = *invocation;
  }
  for (const ValidatedEvent* event : events) {
    absl::StatusOr<InvocationTable::Invocation*> invocation = nullptr;
    if (const auto known = invoked.find(event); known != invoked.end()) {
      invocation = known->second;
    } else if (!event->request_id.empty()) {
      invocation = invocations.Of(*event);
    } else if (event->kind == v1::InvocationEvent::SHUTDOWN ||
               event->kind == v1::InvocationEvent::TELEMETRY_DROPPED) {
      invocation = invocations.Latest();
    }
    if (!invocation.ok()) return invocation.status();
    if (*invocation != nullptr) Apply(*event, (*invocation)->facts);
    const int64_t row = *invocation == nullptr ? 0 : (*invocation)->id;
    if (absl::Status s = WriteEvent(*event, row); !s.ok()) return s;
    if (absl::Status s = WriteInitEvent(*event); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status BatchWriter::WriteEvent(const ValidatedEvent& event, int64_t invocation) {
  absl::StatusOr<Statement> add = database_.Prepare(
      "INSERT INTO events (environment, time_us, kind, invocation, duration_us, reason)"
      " VALUES (?, ?, ?, ?, ?, ?)");
  if (!add.ok()) return add.status();
  return add
      ->With(session_.environment, event.time_unix_us, event.kind, invocation, event.duration_us,
             event.reason)
      .Run();
}

absl::Status BatchWriter::WriteInitEvent(const ValidatedEvent& event) {
  const char* sql = nullptr;
  switch (event.kind) {
    case v1::InvocationEvent::INIT_START:
      sql = "UPDATE environments SET init_start_us = ?1 WHERE id = ?4";
      break;
    case v1::InvocationEvent::INIT_RUNTIME_DONE:
      // Until the report comes: from the start to here.
      sql =
          "UPDATE environments SET init_status = ?3, init_duration_us = CASE WHEN"
          " init_duration_us = 0 AND init_start_us > 0 THEN max(0, ?1 - init_start_us)"
          " ELSE init_duration_us END WHERE id = ?4";
      break;
    case v1::InvocationEvent::INIT_REPORT:
      sql = "UPDATE environments SET init_duration_us = ?2 WHERE id = ?4";
      break;
    default:
      return absl::OkStatus();
  }
  absl::StatusOr<Statement> update = database_.Prepare(sql);
  if (!update.ok()) return update.status();
  return update->With(event.time_unix_us, event.duration_us, event.status, session_.environment)
      .Run();
}

absl::Status BatchWriter::WriteSegment(const ValidatedSegment& segment, int64_t invocation) {
  int64_t start = segment.start_unix_us;
  for (const int64_t time : segment.samples.start_us) start = std::min(start, time);
  absl::StatusOr<Statement> add = database_.Prepare(
      "INSERT INTO segments (environment, invocation, phase, start_us, end_us, samples, wall_us,"
      " self_cpu_us, stopped_us, target_cpu_us, ticks, sampled_us, asked_microticks,"
      " allowed_microticks) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!add.ok()) return add.status();
  const absl::Status added =
      add->With(session_.environment, invocation, static_cast<int>(segment.phase), start,
                EndOf(segment), segment.observations, segment.cost.wall_us,
                segment.cost.self_cpu_us, segment.cost.stopped_us, segment.cost.target_cpu_us,
                segment.cost.ticks, segment.cost.sampled_us, segment.cost.asked_microticks,
                segment.cost.allowed_microticks)
          .Run();
  if (!added.ok()) return added;
  const int64_t row = database_.LastInsertId();
  absl::StatusOr<Statement> add_drop =
      database_.Prepare("INSERT INTO drops (segment, reason, samples) VALUES (?, ?, ?)");
  if (!add_drop.ok()) return add_drop.status();
  for (int reason = 0; reason < kDropReasonCount; ++reason) {
    const uint64_t samples = segment.drops.of(static_cast<DropReason>(reason));
    if (samples == 0) continue;
    if (absl::Status s = add_drop->With(row, reason, samples).Run(); !s.ok()) return s;
  }
  if (segment.samples.rows() == 0) return absl::OkStatus();
  StoredSamples stored;
  stored.start_us = segment.samples.start_us;
  stored.observations = segment.samples.observations;
  stored.wall_us = segment.samples.wall_us;
  stored.cpu_us = segment.samples.cpu_us;
  stored.run_queue_us = segment.samples.run_queue_us;
  for (size_t i = 0; i < segment.samples.rows(); ++i) {
    stored.thread.push_back(Id(&GlobalIds::threads, segment.samples.thread[i]));
    stored.stack.push_back(Id(&GlobalIds::stacks, segment.samples.stack[i]));
    stored.state_rung.push_back(static_cast<uint8_t>(
        static_cast<unsigned>(segment.samples.state[i]) << 4 |
        (segment.samples.partial[i] ? 8U : 0U) | static_cast<unsigned>(segment.samples.rung[i])));
  }
  absl::StatusOr<Statement> add_chunk =
      database_.Prepare("INSERT INTO chunks (segment, content) VALUES (?, ?)");
  if (!add_chunk.ok()) return add_chunk.status();
  const std::string blob = EncodeSamples(stored);
  return add_chunk->With(row, blob).Run();
}

absl::Status BatchWriter::WriteMetrics(const ValidatedMetrics& metrics) {
  StoredMetrics stored;
  stored.times_us = metrics.times_unix_us;
  for (const ValidatedMetrics::Column& column : metrics.columns) {
    stored.columns.push_back({column.metric, column.values});
  }
  const auto [first, last] = std::minmax_element(stored.times_us.begin(), stored.times_us.end());
  absl::StatusOr<Statement> add = database_.Prepare(
      "INSERT INTO metric_chunks (environment, role, pid, start_us, end_us, content)"
      " VALUES (?, ?, ?, ?, ?, ?)");
  if (!add.ok()) return add.status();
  const std::string blob = EncodeMetrics(stored);
  return add->With(session_.environment, metrics.role, metrics.pid, *first, *last, blob).Run();
}

absl::Status BatchWriter::MarkDurable() {
  absl::StatusOr<Statement> add = database_.Prepare(
      "INSERT INTO batches (environment, sequence, received_us, samples, outcome, reason)"
      " VALUES (?, ?, ?, ?, 1, '')");
  if (!add.ok()) return add.status();
  if (absl::Status s =
          add->With(session_.environment, batch_.sequence, now_unix_us_, batch_.samples).Run();
      !s.ok()) {
    return s;
  }
  absl::StatusOr<Statement> update = database_.Prepare(
      "UPDATE environments SET durable_sequence = ?1, epoch = ?2, dictionary_broken = 0,"
      " last_seen_us = max(last_seen_us, ?3),"
      " first_sequence = CASE WHEN first_sequence = 0 THEN ?1 ELSE first_sequence END"
      " WHERE id = ?4");
  if (!update.ok()) return update.status();
  return update->With(batch_.sequence, batch_.epoch, now_unix_us_, session_.environment).Run();
}

}  // namespace lambent::collector
