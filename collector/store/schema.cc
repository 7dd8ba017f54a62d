// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/schema.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace lambent::collector {
namespace {

constexpr int64_t kApplicationId = 0x4c4d4254;  // "LMBT", PRAGMA application_id
// Checking every page costs about 1 s per 500 MB; a start must not.
constexpr int64_t kCheckedThroughoutBytes = int64_t{64} << 20;

// Ids of dictionary tables start at 1; 0 is the empty string, no module, the unknown frame, the
// empty stack. Times are µs since the Unix epoch.
constexpr char kVersion1[] = R"sql(
CREATE TABLE functions (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL,
  UNIQUE (name, version)) STRICT;
CREATE TABLE environments (
  id INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE, function INTEGER NOT NULL,
  region TEXT NOT NULL, handler TEXT NOT NULL, memory_mb INTEGER NOT NULL,
  architecture TEXT NOT NULL, runtime TEXT NOT NULL, initialization_type TEXT NOT NULL,
  extension_version TEXT NOT NULL, sample_hz INTEGER NOT NULL, rungs TEXT NOT NULL,
  started_us INTEGER NOT NULL, last_seen_us INTEGER NOT NULL,
  first_sequence INTEGER NOT NULL DEFAULT 0, durable_sequence INTEGER NOT NULL DEFAULT 0,
  epoch INTEGER NOT NULL DEFAULT 0, dictionary_broken INTEGER NOT NULL DEFAULT 0,
  first_invocation INTEGER NOT NULL DEFAULT 0,
  init_start_us INTEGER NOT NULL DEFAULT 0, init_duration_us INTEGER NOT NULL DEFAULT 0,
  init_status INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX environments_by_function ON environments (function);
-- outcome: 1 stored, 2 rejected (reason says why; samples is what the sender claimed)
CREATE TABLE batches (
  environment INTEGER NOT NULL, sequence INTEGER NOT NULL, received_us INTEGER NOT NULL,
  samples INTEGER NOT NULL, outcome INTEGER NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (environment, sequence)) STRICT, WITHOUT ROWID;

CREATE TABLE strings (id INTEGER PRIMARY KEY, content BLOB NOT NULL UNIQUE) STRICT;
CREATE TABLE modules (
  id INTEGER PRIMARY KEY, path INTEGER NOT NULL, build_id INTEGER NOT NULL,
  UNIQUE (path, build_id)) STRICT;
CREATE TABLE frames (
  id INTEGER PRIMARY KEY, name INTEGER NOT NULL, address INTEGER NOT NULL, file INTEGER NOT NULL,
  line INTEGER NOT NULL, module INTEGER NOT NULL, kind INTEGER NOT NULL,
  UNIQUE (name, address, file, line, module, kind)) STRICT;
CREATE TABLE stacks (
  id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, frame INTEGER NOT NULL,
  UNIQUE (parent, frame)) STRICT;
CREATE TABLE threads (
  id INTEGER PRIMARY KEY, environment INTEGER NOT NULL, pid INTEGER NOT NULL,
  tid INTEGER NOT NULL, name INTEGER NOT NULL) STRICT;
-- What a batch appended to its environment's dictionary, as ids of the tables above.
CREATE TABLE dictionary_deltas (
  environment INTEGER NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL,
  content BLOB NOT NULL, PRIMARY KEY (environment, epoch, sequence)) STRICT, WITHOUT ROWID;

CREATE TABLE invocations (
  id INTEGER PRIMARY KEY, environment INTEGER NOT NULL, request_id BLOB NOT NULL,
  function INTEGER NOT NULL, cold INTEGER NOT NULL, start_us INTEGER NOT NULL,
  start_rank INTEGER NOT NULL, end_us INTEGER NOT NULL, deadline_us INTEGER NOT NULL,
  last_sample_us INTEGER NOT NULL, status INTEGER NOT NULL, status_rank INTEGER NOT NULL,
  error_type BLOB NOT NULL, duration_us INTEGER NOT NULL, billed_duration_us INTEGER NOT NULL,
  init_duration_us INTEGER NOT NULL, memory_size_mb INTEGER NOT NULL,
  max_memory_used_mb INTEGER NOT NULL,
  UNIQUE (environment, request_id)) STRICT;
CREATE INDEX invocations_by_request ON invocations (request_id);
CREATE INDEX invocations_by_start ON invocations (start_us);
CREATE INDEX invocations_by_function ON invocations (function, start_us);
CREATE TABLE events (
  environment INTEGER NOT NULL, time_us INTEGER NOT NULL, kind INTEGER NOT NULL,
  invocation INTEGER NOT NULL, duration_us INTEGER NOT NULL, reason BLOB NOT NULL) STRICT;
CREATE INDEX events_by_environment ON events (environment, time_us);

-- invocation: the row, or 0 outside one.
CREATE TABLE segments (
  id INTEGER PRIMARY KEY, environment INTEGER NOT NULL, invocation INTEGER NOT NULL,
  phase INTEGER NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER NOT NULL,
  samples INTEGER NOT NULL, wall_us INTEGER NOT NULL, self_cpu_us INTEGER NOT NULL,
  stopped_us INTEGER NOT NULL, target_cpu_us INTEGER NOT NULL) STRICT;
CREATE INDEX segments_by_invocation ON segments (invocation, phase);
CREATE INDEX segments_by_environment ON segments (environment, invocation, phase);
CREATE TABLE chunks (segment INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT;
CREATE TABLE drops (
  segment INTEGER NOT NULL, reason INTEGER NOT NULL, samples INTEGER NOT NULL,
  PRIMARY KEY (segment, reason)) STRICT, WITHOUT ROWID;
CREATE TABLE metric_chunks (
  id INTEGER PRIMARY KEY, environment INTEGER NOT NULL, role INTEGER NOT NULL,
  pid INTEGER NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER NOT NULL,
  content BLOB NOT NULL) STRICT;
CREATE INDEX metric_chunks_by_environment ON metric_chunks (environment, start_us);
)sql";

// A frame may be told apart by the line it executes; 0: it was not recorded.
constexpr char kFrameLines[] = R"sql(
CREATE TABLE frames_by_line (
  id INTEGER PRIMARY KEY, name INTEGER NOT NULL, address INTEGER NOT NULL, file INTEGER NOT NULL,
  line INTEGER NOT NULL, current_line INTEGER NOT NULL, module INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  UNIQUE (name, address, file, line, current_line, module, kind)) STRICT;
INSERT INTO frames_by_line SELECT id, name, address, file, line, 0, module, kind FROM frames;
DROP TABLE frames;
ALTER TABLE frames_by_line RENAME TO frames;
)sql";

// A request id may run again in the same environment: `ordinal` is the n-th time it does, from 1.
constexpr char kAttempts[] = R"sql(
CREATE TABLE invocations_by_ordinal (
  id INTEGER PRIMARY KEY, environment INTEGER NOT NULL, request_id BLOB NOT NULL,
  ordinal INTEGER NOT NULL, function INTEGER NOT NULL, cold INTEGER NOT NULL,
  start_us INTEGER NOT NULL, start_rank INTEGER NOT NULL, end_us INTEGER NOT NULL,
  deadline_us INTEGER NOT NULL, last_sample_us INTEGER NOT NULL, status INTEGER NOT NULL,
  status_rank INTEGER NOT NULL, error_type BLOB NOT NULL, duration_us INTEGER NOT NULL,
  billed_duration_us INTEGER NOT NULL, init_duration_us INTEGER NOT NULL,
  memory_size_mb INTEGER NOT NULL, max_memory_used_mb INTEGER NOT NULL,
  UNIQUE (environment, request_id, ordinal)) STRICT;
INSERT INTO invocations_by_ordinal SELECT id, environment, request_id, 1, function, cold, start_us,
  start_rank, end_us, deadline_us, last_sample_us, status, status_rank, error_type, duration_us,
  billed_duration_us, init_duration_us, memory_size_mb, max_memory_used_mb FROM invocations;
DROP TABLE invocations;
ALTER TABLE invocations_by_ordinal RENAME TO invocations;
CREATE INDEX invocations_by_request ON invocations (request_id);
CREATE INDEX invocations_by_start ON invocations (start_us);
CREATE INDEX invocations_by_function ON invocations (function, start_us);
CREATE INDEX events_of_losses ON events (invocation, environment) WHERE kind = 10;
)sql";

// Symbol tables by their module's build id (strings.id). state: 0 wanted, because a native frame of
// the module has no name; 1 there. refusals: environments that could not provide it. A part's
// ranges lie in [base, end_address).
constexpr char kSymbols[] = R"sql(
CREATE TABLE symbol_tables (
  build_id INTEGER PRIMARY KEY, state INTEGER NOT NULL, refusals INTEGER NOT NULL) STRICT;
CREATE INDEX symbol_tables_wanted ON symbol_tables (refusals) WHERE state = 0;
CREATE TABLE symbol_parts (
  id INTEGER PRIMARY KEY, build_id INTEGER NOT NULL, base INTEGER NOT NULL,
  end_address INTEGER NOT NULL, content_bytes INTEGER NOT NULL, content BLOB NOT NULL,
  UNIQUE (build_id, base)) STRICT;
INSERT INTO symbol_tables SELECT DISTINCT m.build_id, 0, 0 FROM frames f
  JOIN modules m ON m.id = f.module WHERE f.kind = 1 AND f.name = 0 AND m.build_id <> 0;
)sql";

// How often a segment's threads were looked at, and should have been (lambent.v1.SelfCost); before,
// nobody counted: 0. Chunks may have one column more (stored_samples.h).
constexpr char kRates[] = R"sql(
ALTER TABLE segments ADD COLUMN ticks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE segments ADD COLUMN sampled_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE segments ADD COLUMN asked_microticks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE segments ADD COLUMN allowed_microticks INTEGER NOT NULL DEFAULT 0;
)sql";

// A native frame may be told apart by the code it executes; 0: it was not recorded.
constexpr char kCodeAddresses[] = R"sql(
CREATE TABLE frames_by_code (
  id INTEGER PRIMARY KEY, name INTEGER NOT NULL, address INTEGER NOT NULL, file INTEGER NOT NULL,
  line INTEGER NOT NULL, current_line INTEGER NOT NULL, code_address INTEGER NOT NULL,
  module INTEGER NOT NULL, kind INTEGER NOT NULL,
  UNIQUE (name, address, file, line, current_line, code_address, module, kind)) STRICT;
INSERT INTO frames_by_code
  SELECT id, name, address, file, line, current_line, 0, module, kind FROM frames;
DROP TABLE frames;
ALTER TABLE frames_by_code RENAME TO frames;
)sql";

// Who could not provide a symbol table (symbol_tables.refusals counts them).
constexpr char kSymbolRefusals[] = R"sql(
CREATE TABLE symbol_refusals (
  build_id INTEGER NOT NULL, environment INTEGER NOT NULL,
  PRIMARY KEY (build_id, environment)) STRICT, WITHOUT ROWID;
)sql";

// kMigrations[n] leads from version n to n + 1.
constexpr const char* kMigrations[kSchemaVersion] = {
    kVersion1, kFrameLines, kAttempts, kSymbols, kRates, kCodeAddresses, kSymbolRefusals};

absl::Status Damaged(const std::string& path, const std::string& cause) {
  return absl::DataLossError(absl::StrCat(
      "open ", path, ": the database is damaged (", cause,
      "); it was left as it is: restore a copy, or move it away to start with an empty one"));
}

absl::Status CheckPages(Database& database, const std::string& path) {
  absl::StatusOr<Statement> check = database.Prepare("PRAGMA quick_check(1)");
  if (!check.ok()) return Damaged(path, std::string(check.status().message()));
  const absl::StatusOr<bool> row = check->With().Next();
  if (!row.ok()) return Damaged(path, std::string(row.status().message()));
  const std::string verdict = *row ? check->String(0) : "no answer";
  check->With();
  return verdict == "ok" ? absl::OkStatus() : Damaged(path, verdict);
}

absl::Status Migrate(Database& database, int64_t from) {
  for (int64_t version = from; version < kSchemaVersion; ++version) {
    const std::string sql =
        absl::StrCat("BEGIN IMMEDIATE;", kMigrations[version], "PRAGMA user_version=", version + 1,
                     ";PRAGMA application_id=", kApplicationId, ";COMMIT;");
    if (absl::Status s = database.Execute(sql.c_str()); !s.ok()) {
      if (database.InTransaction()) database.Execute("ROLLBACK").IgnoreError();
      return absl::Status(s.code(), absl::StrCat("migrate the database to layout ", version + 1,
                                                 ": ", s.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status PrepareSchema(Database& database, const std::string& path) {
  const absl::StatusOr<int64_t> tables = database.ReadInt("SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) {
    return tables.status().code() == absl::StatusCode::kDataLoss
               ? Damaged(path, std::string(tables.status().message()))
               : tables.status();
  }
  const absl::StatusOr<int64_t> application = database.ReadInt("PRAGMA application_id");
  if (!application.ok()) return application.status();
  const absl::StatusOr<int64_t> version = database.ReadInt("PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (*tables > 0 && *application != kApplicationId) {
    return absl::FailedPreconditionError(
        absl::StrCat("open ", path, ": this is not a Lambent database; choose another --data-dir"));
  }
  if (*version > kSchemaVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("open ", path, ": its layout is version ", *version,
                     ", this lambent-collector knows up to ", kSchemaVersion,
                     "; start the newer lambent-collector that wrote it, or choose another "
                     "--data-dir"));
  }
  const absl::StatusOr<int64_t> pages = database.ReadInt("PRAGMA page_count");
  const absl::StatusOr<int64_t> page = database.ReadInt("PRAGMA page_size");
  if (!pages.ok() || !page.ok()) return Damaged(path, "its head is unreadable");
  if (*tables > 0 && *pages * *page <= kCheckedThroughoutBytes) {
    if (absl::Status s = CheckPages(database, path); !s.ok()) return s;
  }
  if (absl::Status s = database.Execute(
          "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;"
          "PRAGMA wal_autocheckpoint=2000; PRAGMA journal_size_limit=67108864");
      !s.ok()) {
    return s;
  }
  return Migrate(database, *version);
}

}  // namespace lambent::collector
