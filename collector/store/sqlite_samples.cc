// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "collector/store/cost_columns.h"
#include "collector/store/drop_rows.h"
#include "collector/store/filter_sql.h"
#include "collector/store/sqlite_reader.h"
#include "collector/store/sqlite_store.h"
#include "collector/store/symbol_names.h"

// SqliteStore's samples: segments, stacks, threads, metrics.
namespace lambent::collector {
namespace {

Phase KnownPhase(int64_t phase) {
  return phase >= 0 && phase <= static_cast<int64_t>(Phase::kShutdown) ? static_cast<Phase>(phase)
                                                                       : Phase::kUnspecified;
}

absl::Status AddDrops(Database& database, SegmentRecord& segment) {
  absl::StatusOr<Statement> drops =
      database.Prepare("SELECT reason, samples FROM drops WHERE segment = ?");
  if (!drops.ok()) return drops.status();
  drops->With(segment.id);
  return AddDropRows(*drops, segment.drops);
}

absl::StatusOr<StackForest::Stack> ReadStack(Database& database, int64_t id) {
  absl::StatusOr<Statement> row = database.Prepare("SELECT parent, frame FROM stacks WHERE id = ?");
  if (!row.ok()) return row.status();
  const absl::StatusOr<bool> found = row->With(id).Next();
  if (!found.ok()) return found.status();
  if (!*found) return absl::DataLossError("stored samples: a stack is missing");
  const StackForest::Stack stack{row->Int(0), row->Int(1)};
  row->With();
  // Parents were there first: that no file can make a walk endless depends on it.
  if (stack.parent >= id) return absl::DataLossError("stored samples: a stack loops");
  return stack;
}

absl::StatusOr<FrameRecord> ReadFrame(Database& database, int64_t id) {
  absl::StatusOr<Statement> row = database.Prepare(
      "SELECT r.kind, n.content, l.content, r.line, r.current_line, p.content, r.address,"
      " b.content, r.code_address"
      " FROM frames r"
      " LEFT JOIN strings n ON n.id = r.name LEFT JOIN strings l ON l.id = r.file"
      " LEFT JOIN modules m ON m.id = r.module LEFT JOIN strings p ON p.id = m.path"
      " LEFT JOIN strings b ON b.id = m.build_id"
      " WHERE r.id = ?");
  if (!row.ok()) return row.status();
  const absl::StatusOr<bool> found = row->With(id).Next();
  if (!found.ok()) return found.status();
  if (!*found) return absl::DataLossError("stored samples: a frame is missing");
  const int64_t kind = row->Int(0);
  FrameRecord frame{kind >= 0 && kind <= static_cast<int64_t>(kLastFrameKind)
                        ? static_cast<FrameKind>(kind)
                        : FrameKind::kUnknown,
                    row->String(1),
                    row->String(2),
                    static_cast<uint32_t>(row->Int(3)),
                    row->String(5),
                    static_cast<uint64_t>(row->Int(6)),
                    static_cast<uint32_t>(row->Int(4)),
                    row->String(7),
                    static_cast<uint64_t>(row->Int(8))};
  row->With();
  return frame;
}

}  // namespace

absl::Status SqliteStore::ReadSegments(const SampleFilter& filter,
                                       absl::FunctionRef<void(const SegmentRecord&)> sink) {
  absl::StatusOr<Reader> reader = TakeReader();
  if (!reader.ok()) return reader.status();
  absl::StatusOr<Statement> rows = (*reader)->PrepareText(
      "SELECT s.id, s.phase, s.start_us, s.samples, s.wall_us, s.self_cpu_us, s.stopped_us,"
      " s.target_cpu_us, s.ticks, s.sampled_us, s.asked_microticks, s.allowed_microticks,"
      " c.content FROM segments s JOIN environments e ON e.id = s.environment"
      " JOIN functions f ON f.id = e.function LEFT JOIN chunks c ON c.segment = s.id WHERE " +
      SegmentConditions(filter));
  if (!rows.ok()) return rows.status();
  const FilterValues values(filter);
  values.BindTo(*rows, 0);
  for (;;) {
    const absl::StatusOr<bool> more = rows->Next();
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
    SegmentRecord segment;
    segment.id = rows->Int(0);
    segment.phase = KnownPhase(rows->Int(1));
    segment.start_us = rows->Int(2);
    segment.observations = static_cast<uint64_t>(rows->Int(3));
    segment.cost = CostAt(*rows, 4);
    absl::Status read = AddDrops(**reader, segment);
    if (read.ok() && !rows->IsNull(4 + kCostColumns)) {
      absl::StatusOr<StoredSamples> samples = DecodeSamples(rows->Bytes(4 + kCostColumns));
      read = samples.status();
      if (samples.ok()) segment.samples = *std::move(samples);
    }
    if (!read.ok()) {
      rows->With();
      return read;
    }
    sink(segment);
  }
}

absl::StatusOr<StackForest> SqliteStore::ReadStacks(absl::Span<const int64_t> stacks) {
  absl::StatusOr<Reader> reader = TakeReader();
  if (!reader.ok()) return reader.status();
  if (absl::Status s = (*reader)->Execute("BEGIN"); !s.ok()) return s;  // one read, not thousands
  StackForest forest;
  absl::Status status;
  for (const int64_t leaf : stacks) {
    for (int64_t id = leaf; status.ok() && id != 0 && !forest.stacks.contains(id);) {
      const absl::StatusOr<StackForest::Stack> stack = ReadStack(**reader, id);
      status = stack.status();
      if (!status.ok()) break;
      forest.stacks.emplace(id, *stack);
      if (stack->frame != 0 && !forest.frames.contains(stack->frame)) {
        absl::StatusOr<FrameRecord> frame = ReadFrame(**reader, stack->frame);
        status = frame.status();
        if (frame.ok()) forest.frames.emplace(stack->frame, *std::move(frame));
      }
      id = stack->parent;
    }
    if (!status.ok()) break;
  }
  if (status.ok()) status = NameBySymbols(**reader, forest);
  (*reader)->Execute("COMMIT").IgnoreError();  // ends a read
  if (!status.ok()) return status;
  return forest;
}

absl::StatusOr<absl::flat_hash_map<int64_t, std::string>> SqliteStore::ReadThreadNames(
    absl::Span<const int64_t> threads) {
  absl::StatusOr<Reader> reader = TakeReader();
  if (!reader.ok()) return reader.status();
  absl::StatusOr<Statement> row = (*reader)->Prepare(
      "SELECT n.content FROM threads t JOIN strings n ON n.id = t.name WHERE t.id = ?");
  if (!row.ok()) return row.status();
  absl::flat_hash_map<int64_t, std::string> names;
  for (const int64_t thread : threads) {
    const absl::StatusOr<bool> found = row->With(thread).Next();
    if (!found.ok()) return found.status();
    names[thread] = *found ? row->String(0) : "";
  }
  row->With();
  return names;
}

absl::Status SqliteStore::ReadMetrics(const std::string& environment_id, int64_t since_us,
                                      int64_t until_us,
                                      absl::FunctionRef<void(const MetricsRecord&)> sink) {
  absl::StatusOr<Reader> reader = TakeReader();
  if (!reader.ok()) return reader.status();
  absl::StatusOr<Statement> rows = (*reader)->Prepare(
      "SELECT m.role, m.pid, m.content FROM environments e JOIN metric_chunks m"
      " ON m.environment = e.id WHERE e.uuid = ? AND m.end_us >= ? AND m.start_us <= ?"
      " ORDER BY m.start_us, m.id");
  if (!rows.ok()) return rows.status();
  rows->With(environment_id, since_us, until_us);
  for (;;) {
    const absl::StatusOr<bool> more = rows->Next();
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
    absl::StatusOr<StoredMetrics> metrics = DecodeMetrics(rows->Bytes(2));
    if (!metrics.ok()) {
      rows->With();
      return metrics.status();
    }
    sink({static_cast<uint32_t>(rows->Int(0)), static_cast<uint32_t>(rows->Int(1)),
          *std::move(metrics)});
  }
}

}  // namespace lambent::collector
