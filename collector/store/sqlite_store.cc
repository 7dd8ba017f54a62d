// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/sqlite_store.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "collector/store/batch_writer.h"
#include "collector/store/schema.h"

namespace lambent::collector {
namespace {

std::string RungsText(const ValidatedHello& hello) {
  std::string text;
  for (const ValidatedHello::RungProbe& probe : hello.rungs) {
    absl::StrAppend(&text, std::string(RungName(probe.rung)), probe.available ? ": yes" : ": no",
                    probe.reason.empty() ? "" : ", ", probe.reason, "\n");
  }
  return text;
}

absl::StatusOr<int64_t> FunctionRow(Database& database, const ValidatedHello& hello) {
  absl::StatusOr<Statement> add = database.Prepare(
      "INSERT INTO functions (name, version) VALUES (?, ?) ON CONFLICT DO UPDATE SET name = name"
      " RETURNING id");
  if (!add.ok()) return add.status();
  const absl::StatusOr<bool> row =
      add->With(Text{hello.function_name}, Text{hello.function_version}).Next();
  if (!row.ok()) return row.status();
  const int64_t id = add->Int(0);
  if (absl::Status s = add->Run(); !s.ok()) return s;
  return id;
}

// INVALID_ARGUMENT when the environment is known, and as another function's.
absl::Status CheckFunction(Database& database, const ValidatedHello& hello) {
  absl::StatusOr<Statement> find = database.Prepare(
      "SELECT name = ? AND version = ? FROM environments JOIN functions"
      " ON functions.id = environments.function WHERE uuid = ?");
  if (!find.ok()) return find.status();
  const absl::StatusOr<bool> row =
      find->With(Text{hello.function_name}, Text{hello.function_version}, hello.environment_id)
          .Next();
  if (!row.ok()) return row.status();
  if (!*row) return absl::OkStatus();
  const bool same = find->Int(0) != 0;
  if (absl::Status s = find->Run(); !s.ok()) return s;
  if (same) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "hello: this environment belongs to another function, or another version of it");
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Create(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return absl::PermissionDeniedError(absl::StrCat("create the data directory ", directory, ": ",
                                                    error.message(),
                                                    "; choose another with --data-dir"));
  }
  absl::StatusOr<os::FileLock> lock = os::FileLock::Acquire(directory + "/lock");
  if (!lock.ok()) {
    if (lock.status().code() != absl::StatusCode::kFailedPrecondition) {
      return absl::Status(lock.status().code(), absl::StrCat("use the data directory ", directory,
                                                             ": ", lock.status().message(),
                                                             "; choose another with --data-dir"));
    }
    return absl::FailedPreconditionError(absl::StrCat("open the data directory ", directory,
                                                      ": another lambent-collector uses it (",
                                                      lock.status().message(), ")"));
  }
  const std::string path = directory + "/lambent.db";
  absl::StatusOr<Database> database = Database::Open(path, Database::Mode::kReadWrite);
  if (!database.ok()) return database.status();
  if (absl::Status s = PrepareSchema(*database, path); !s.ok()) return s;
  return std::unique_ptr<SqliteStore>(
      new SqliteStore(*std::move(lock), path, *std::move(database)));
}

absl::Status SqliteStore::LimitPages(int64_t pages) {
  return commits_.Run(
      [&] { return writer_.Execute(absl::StrCat("PRAGMA max_page_count = ", pages).c_str()); });
}

absl::StatusOr<std::unique_ptr<WriteSession>> SqliteStore::OpenEnvironment(
    const ValidatedHello& hello, int64_t now_unix_us) {
  auto session = std::make_unique<WriteSession>();
  const absl::Status opened =
      commits_.Run([&] { return LoadSession(hello, now_unix_us, *session); });
  if (!opened.ok()) return opened;
  return session;
}

absl::Status SqliteStore::LoadSession(const ValidatedHello& hello, int64_t now_unix_us,
                                      WriteSession& session) {
  if (absl::Status s = CheckFunction(writer_, hello); !s.ok()) return s;
  const absl::StatusOr<int64_t> function = FunctionRow(writer_, hello);
  if (!function.ok()) return function.status();
  session.function = *function;
  absl::StatusOr<Statement> open = writer_.Prepare(
      "INSERT INTO environments (uuid, function, region, handler, memory_mb, architecture, runtime,"
      " initialization_type, extension_version, sample_hz, rungs, started_us, last_seen_us)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (uuid) DO UPDATE SET"
      " last_seen_us = max(last_seen_us, excluded.last_seen_us), rungs = excluded.rungs,"
      " sample_hz = excluded.sample_hz, runtime = iif(excluded.runtime = '', runtime,"
      " excluded.runtime)"
      " RETURNING id, function, first_sequence, durable_sequence, epoch, dictionary_broken");
  if (!open.ok()) return open.status();
  const std::string rungs = RungsText(hello);
  open->With(hello.environment_id, *function, Text{hello.region}, Text{hello.handler},
             hello.memory_mb, Text{hello.architecture}, Text{hello.runtime},
             Text{hello.initialization_type}, Text{hello.extension_version}, hello.sample_hz,
             Text{rungs}, hello.started_unix_us, now_unix_us);
  const absl::StatusOr<bool> row = open->Next();
  if (!row.ok()) return row.status();
  session.environment = open->Int(0);
  session.function = open->Int(1);
  session.first_sequence = static_cast<uint64_t>(open->Int(2));
  session.durable_sequence = static_cast<uint64_t>(open->Int(3));
  session.extent.epoch = static_cast<uint32_t>(open->Int(4));
  session.dictionary_broken = open->Int(5) != 0;
  if (absl::Status s = open->Run(); !s.ok()) return s;
  session.generation = ++last_generation_;
  generations_[session.environment] = session.generation;
  return LoadDictionary(session);
}

absl::Status SqliteStore::LoadDictionary(WriteSession& session) {
  absl::StatusOr<Statement> deltas = writer_.Prepare(
      "SELECT content FROM dictionary_deltas WHERE environment = ? AND epoch = ?"
      " ORDER BY sequence");
  if (!deltas.ok()) return deltas.status();
  deltas->With(session.environment, session.extent.epoch);
  for (;;) {
    const absl::StatusOr<bool> row = deltas->Next();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    const absl::StatusOr<DictionaryDelta> delta = DecodeDelta(deltas->Bytes(0));
    if (!delta.ok()) {
      deltas->With();
      return delta.status();
    }
    session.ids.Append(delta->added);
    Extend(session.extent, *delta);
  }
}

absl::Status SqliteStore::CheckLatest(const WriteSession& session) const {
  const auto latest = generations_.find(session.environment);
  if (latest != generations_.end() && latest->second == session.generation) {
    return absl::OkStatus();
  }
  return absl::AbortedError("store: another stream of this environment took over");
}

absl::Status SqliteStore::StoreBatch(WriteSession& session, const ValidatedBatch& batch,
                                     int64_t now_unix_us) {
  absl::StatusOr<DictionaryDelta> delta = DictionaryDelta{};
  const absl::Status stored = commits_.Run([&]() -> absl::Status {
    if (absl::Status s = CheckLatest(session); !s.ok()) return s;
    delta = BatchWriter(writer_, interner_, session, batch, now_unix_us).Write();
    return delta.status();
  });
  if (!stored.ok()) return stored;
  if (batch.starts_epoch) session.ids = GlobalIds::Empty();
  session.ids.Append(delta->added);
  Extend(session.extent, batch);
  session.durable_sequence = batch.sequence;
  session.dictionary_broken = false;
  if (session.first_sequence == 0) session.first_sequence = batch.sequence;
  return absl::OkStatus();
}

absl::Status SqliteStore::RejectBatch(WriteSession& session, uint64_t sequence, uint64_t samples,
                                      const std::string& reason, int64_t now_unix_us) {
  const absl::Status rejected = commits_.Run([&]() -> absl::Status {
    if (absl::Status s = CheckLatest(session); !s.ok()) return s;
    absl::StatusOr<Statement> add = writer_.Prepare(
        "INSERT INTO batches (environment, sequence, received_us, samples, outcome, reason)"
        " VALUES (?, ?, ?, ?, 2, ?)");
    if (!add.ok()) return add.status();
    const absl::Status added =
        add->With(session.environment, sequence, now_unix_us, samples, Text{reason}).Run();
    if (!added.ok()) return added;
    absl::StatusOr<Statement> update = writer_.Prepare(
        "UPDATE environments SET durable_sequence = ?1, dictionary_broken = 1,"
        " first_sequence = CASE WHEN first_sequence = 0 THEN ?1 ELSE first_sequence END"
        " WHERE id = ?2");
    if (!update.ok()) return update.status();
    return update->With(sequence, session.environment).Run();
  });
  if (!rejected.ok()) return rejected;
  session.durable_sequence = sequence;
  session.dictionary_broken = true;
  if (session.first_sequence == 0) session.first_sequence = sequence;
  return absl::OkStatus();
}

}  // namespace lambent::collector
