// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "collector/store/cost_columns.h"
#include "collector/store/drop_rows.h"
#include "collector/store/filter_sql.h"
#include "collector/store/sqlite_reader.h"
#include "collector/store/sqlite_store.h"

// SqliteStore's lists: functions, invocations, rejections, totals. Sums are CAST(total()), never
// sum(): strangers' figures may overflow that, which is an error, and then nothing could be listed.
// A CAST of what is too large is the largest integer.
namespace lambent::collector {
namespace {

constexpr int64_t kMaxListedLosses = 8;

// Segments of invocation ?1; with ?2 (its environment, or 0) also that environment's init segments,
// which come before any request id is known.
#define LAMBENT_SEGMENTS_OF_INVOCATION                                            \
  " FROM segments s WHERE s.id IN (SELECT id FROM segments WHERE invocation = ?1" \
  " UNION ALL SELECT id FROM segments WHERE environment = ?2 AND invocation = 0 AND phase = 1)"

absl::Status AddSegmentSums(Database& database, int64_t invocation, int64_t init_environment,
                            InvocationRecord& record) {
  absl::StatusOr<Statement> sums = database.Prepare(
      "SELECT CAST(total(samples) AS INTEGER), CAST(total(wall_us) AS INTEGER),"
      " CAST(total(self_cpu_us) AS INTEGER), CAST(total(stopped_us) AS INTEGER),"
      " CAST(total(target_cpu_us) AS INTEGER), CAST(total(ticks) AS INTEGER),"
      " CAST(total(sampled_us) AS INTEGER), CAST(total(asked_microticks) AS INTEGER),"
      " CAST(total(allowed_microticks) AS INTEGER)" LAMBENT_SEGMENTS_OF_INVOCATION);
  if (!sums.ok()) return sums.status();
  const absl::StatusOr<bool> row = sums->With(invocation, init_environment).Next();
  if (!row.ok()) return row.status();
  record.samples = static_cast<uint64_t>(sums->Int(0));
  record.cost = CostAt(*sums, 1);
  sums->With();
  absl::StatusOr<Statement> drops = database.Prepare(
      "SELECT reason, CAST(total(samples) AS INTEGER) FROM drops WHERE segment IN (SELECT "
      "s.id" LAMBENT_SEGMENTS_OF_INVOCATION ") GROUP BY reason");
  if (!drops.ok()) return drops.status();
  drops->With(invocation, init_environment);
  return AddDropRows(*drops, record.drops);
}

#undef LAMBENT_SEGMENTS_OF_INVOCATION

// What was lost beside samples, in an invocation's time; with an environment also before it.
absl::Status AddLosses(Database& database, int64_t invocation, int64_t init_environment,
                       InvocationRecord& record) {
  absl::StatusOr<Statement> rows = database.Prepare(
      "SELECT reason FROM events WHERE kind = 10 AND invocation = ?1 UNION ALL SELECT reason FROM"
      " events WHERE kind = 10 AND invocation = 0 AND environment = ?2 LIMIT ?3");
  if (!rows.ok()) return rows.status();
  rows->With(invocation, init_environment, kMaxListedLosses);
  for (;;) {
    const absl::StatusOr<bool> more = rows->Next();
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
    record.losses.push_back(rows->String(0));
  }
}

struct ListedInvocation {
  int64_t id = 0;
  int64_t environment = 0;
  InvocationRecord record;
};

ListedInvocation ReadRow(const Statement& row) {
  ListedInvocation listed;
  InvocationRecord& record = listed.record;
  listed.id = row.Int(0);
  listed.environment = row.Int(1);
  record.request_id = row.String(2);
  record.function_name = row.String(3);
  record.function_version = row.String(4);
  record.environment_id = row.String(5);
  record.status = static_cast<uint32_t>(row.Int(6));
  record.error_type = row.String(7);
  record.cold = row.Int(8) != 0;
  record.start_us = row.Int(9);
  record.end_us = row.Int(10);
  record.duration_us = row.Int(11);
  record.billed_duration_us = row.Int(12);
  record.init_duration_us = row.Int(13);
  record.memory_size_mb = static_cast<uint32_t>(row.Int(14));
  record.max_memory_used_mb = static_cast<uint32_t>(row.Int(15));
  record.attempt = static_cast<uint32_t>(row.Int(16));
  record.attempts = static_cast<uint32_t>(row.Int(17));
  return listed;
}

}  // namespace

absl::StatusOr<SqliteStore::Reader> SqliteStore::TakeReader() {
  {
    absl::MutexLock lock(&mutex_);
    if (!readers_.empty()) {
      Reader reader(*this, std::move(readers_.back()));
      readers_.pop_back();
      return reader;
    }
  }
  absl::StatusOr<Database> database = Database::Open(path_, Database::Mode::kReadOnly);
  if (!database.ok()) return database.status();
  return Reader(*this, std::make_unique<Database>(*std::move(database)));
}

absl::StatusOr<std::vector<FunctionRecord>> SqliteStore::ReadFunctions() {
  absl::StatusOr<Reader> reader = TakeReader();
  if (!reader.ok()) return reader.status();
  absl::StatusOr<Statement> rows = (*reader)->Prepare(
      "SELECT f.name, f.version,"
      " (SELECT runtime FROM environments WHERE function = f.id ORDER BY id DESC LIMIT 1),"
      " (SELECT count(*) FROM environments WHERE function = f.id),"
      " (SELECT count(*) FROM invocations WHERE function = f.id),"
      " (SELECT count(*) FROM invocations WHERE function = f.id AND status > 1),"
      " (SELECT CAST(total(s.samples) AS INTEGER) FROM environments e"
      "  JOIN segments s ON s.environment = e.id WHERE e.function = f.id),"
      " (SELECT max(last_seen_us) FROM environments WHERE function = f.id)"
      " FROM functions f ORDER BY f.name, f.version");
  if (!rows.ok()) return rows.status();
  rows->With();
  std::vector<FunctionRecord> result;
  for (;;) {
    const absl::StatusOr<bool> more = rows->Next();
    if (!more.ok()) return more.status();
    if (!*more) return result;
    result.push_back({rows->String(0), rows->String(1), rows->String(2),
                      static_cast<uint64_t>(rows->Int(3)), static_cast<uint64_t>(rows->Int(4)),
                      static_cast<uint64_t>(rows->Int(5)), static_cast<uint64_t>(rows->Int(6)),
                      rows->Int(7)});
  }
}

absl::StatusOr<std::vector<InvocationRecord>> SqliteStore::ReadInvocations(
    const SampleFilter& filter, size_t limit) {
  absl::StatusOr<Reader> reader = TakeReader();
  if (!reader.ok()) return reader.status();
  const std::string sql =
      "SELECT i.id, i.environment, i.request_id, f.name, f.version, e.uuid, i.status,"
      " i.error_type, i.cold, i.start_us, max(i.end_us, i.last_sample_us, i.start_us +"
      " i.duration_us), i.duration_us, i.billed_duration_us,"
      " CASE WHEN i.init_duration_us > 0 THEN i.init_duration_us"
      " WHEN i.cold THEN e.init_duration_us ELSE 0 END,"
      " CASE WHEN i.memory_size_mb > 0 THEN i.memory_size_mb ELSE e.memory_mb END,"
      " i.max_memory_used_mb, " +
      AttemptOf("i") +
      ", (SELECT count(*) FROM invocations k WHERE k.request_id = i.request_id"
      "   AND k.function = i.function)"
      " FROM invocations i JOIN environments e ON e.id = i.environment"
      " JOIN functions f ON f.id = i.function WHERE " +
      InvocationConditions(filter) + " ORDER BY i.start_us DESC, i.id DESC LIMIT ?10";
  absl::StatusOr<Statement> rows = (*reader)->PrepareText(sql);
  if (!rows.ok()) return rows.status();
  const FilterValues values(filter);
  values.BindTo(*rows, static_cast<int64_t>(limit));
  std::vector<ListedInvocation> listed;
  for (;;) {
    const absl::StatusOr<bool> more = rows->Next();
    if (!more.ok()) return more.status();
    if (!*more) break;
    listed.push_back(ReadRow(*rows));
  }
  std::vector<InvocationRecord> result;
  for (ListedInvocation& invocation : listed) {
    const int64_t init_environment = invocation.record.cold ? invocation.environment : 0;
    absl::Status added =
        AddSegmentSums(**reader, invocation.id, init_environment, invocation.record);
    if (added.ok()) added = AddLosses(**reader, invocation.id, init_environment, invocation.record);
    if (!added.ok()) return added;
    result.push_back(std::move(invocation.record));
  }
  return result;
}

absl::StatusOr<std::vector<RejectedBatch>> SqliteStore::ReadRejected(const WriteSession& session,
                                                                     uint64_t after, uint64_t until,
                                                                     size_t limit) {
  absl::StatusOr<Reader> reader = TakeReader();
  if (!reader.ok()) return reader.status();
  absl::StatusOr<Statement> rows = (*reader)->Prepare(
      "SELECT sequence, reason FROM batches WHERE environment = ? AND sequence > ? AND sequence <= "
      "?"
      " AND outcome = 2 ORDER BY sequence LIMIT ?");
  if (!rows.ok()) return rows.status();
  rows->With(session.environment, after, until, static_cast<int64_t>(limit));
  std::vector<RejectedBatch> result;
  for (;;) {
    const absl::StatusOr<bool> more = rows->Next();
    if (!more.ok()) return more.status();
    if (!*more) return result;
    result.push_back({static_cast<uint64_t>(rows->Int(0)), rows->String(1)});
  }
}

absl::StatusOr<std::vector<RejectionRecord>> SqliteStore::ReadRejections(size_t limit) {
  absl::StatusOr<Reader> reader = TakeReader();
  if (!reader.ok()) return reader.status();
  absl::StatusOr<Statement> rows = (*reader)->Prepare(
      "SELECT e.uuid, b.sequence, b.samples, b.received_us, b.reason FROM batches b"
      " JOIN environments e ON e.id = b.environment WHERE b.outcome = 2"
      " ORDER BY b.received_us DESC, b.sequence DESC LIMIT ?");
  if (!rows.ok()) return rows.status();
  rows->With(static_cast<int64_t>(limit));
  std::vector<RejectionRecord> result;
  for (;;) {
    const absl::StatusOr<bool> more = rows->Next();
    if (!more.ok()) return more.status();
    if (!*more) return result;
    result.push_back({rows->String(0), static_cast<uint64_t>(rows->Int(1)),
                      static_cast<uint64_t>(rows->Int(2)), rows->Int(3), rows->String(4)});
  }
}

absl::StatusOr<StoreTotals> SqliteStore::ReadTotals() {
  absl::StatusOr<Reader> reader = TakeReader();
  if (!reader.ok()) return reader.status();
  StoreTotals totals;
  std::error_code error;
  for (const char* suffix : {"", "-wal"}) {
    const auto size = std::filesystem::file_size(path_ + suffix, error);
    if (!error) totals.bytes += size;
  }
  absl::StatusOr<Statement> row = (*reader)->Prepare(
      "SELECT (SELECT count(*) FROM environments), (SELECT count(*) FROM batches),"
      " (SELECT count(*) FROM batches WHERE outcome = 2)");
  if (!row.ok()) return row.status();
  const absl::StatusOr<bool> found = row->With().Next();
  if (!found.ok()) return found.status();
  totals.environments = static_cast<uint64_t>(row->Int(0));
  totals.batches = static_cast<uint64_t>(row->Int(1));
  totals.rejected = static_cast<uint64_t>(row->Int(2));
  row->With();
  return totals;
}

}  // namespace lambent::collector
