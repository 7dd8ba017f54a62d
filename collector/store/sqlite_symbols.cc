// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "collector/store/sqlite_reader.h"
#include "collector/store/sqlite_store.h"

// SqliteStore's symbol tables: which are wanted, and keeping them.
namespace lambent::collector {
namespace {

absl::StatusOr<bool> IsAnythingWanted(Database& database) {
  absl::StatusOr<Statement> row =
      database.Prepare("SELECT 1 FROM symbol_tables WHERE state = 0 AND refusals < ? LIMIT 1");
  if (!row.ok()) return row.status();
  const absl::StatusOr<bool> found = row->With(kMaxSymbolRefusals).Next();
  row->With();
  return found;
}

// Brings session.build_ids up to the modules the environment has.
absl::Status NoteBuildIds(Database& database, WriteSession& session) {
  const std::vector<int64_t>& modules = session.ids.modules;
  if (session.build_ids_epoch != session.extent.epoch) {
    session.build_ids_epoch = session.extent.epoch;
    session.modules_seen = 0;
    session.build_ids.clear();
  }
  absl::StatusOr<Statement> row = database.Prepare("SELECT build_id FROM modules WHERE id = ?");
  if (!row.ok()) return row.status();
  for (; session.modules_seen < modules.size(); ++session.modules_seen) {
    const absl::StatusOr<bool> found = row->With(modules[session.modules_seen]).Next();
    if (!found.ok()) return found.status();
    if (*found && row->Int(0) != 0) session.build_ids.push_back(row->Int(0));
  }
  row->With();
  std::sort(session.build_ids.begin(), session.build_ids.end());
  session.build_ids.erase(std::unique(session.build_ids.begin(), session.build_ids.end()),
                          session.build_ids.end());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SqliteStore::ReadWantedSymbols(WriteSession& session,
                                                                        size_t limit) {
  absl::StatusOr<Reader> reader = TakeReader();
  if (!reader.ok()) return reader.status();
  std::vector<std::string> wanted;
  // In a fleet whose symbols are known, this is all there is to do after a batch.
  const absl::StatusOr<bool> anything = IsAnythingWanted(**reader);
  if (!anything.ok()) return anything.status();
  if (!*anything) return wanted;
  if (absl::Status s = NoteBuildIds(**reader, session); !s.ok()) return s;
  absl::StatusOr<Statement> row = (*reader)->Prepare(
      "SELECT s.content FROM symbol_tables t JOIN strings s ON s.id = t.build_id"
      " WHERE t.build_id = ?1 AND t.state = 0 AND t.refusals < ?2 AND NOT EXISTS"
      " (SELECT 1 FROM symbol_refusals r WHERE r.build_id = ?1 AND r.environment = ?3)");
  if (!row.ok()) return row.status();
  for (const int64_t build_id : session.build_ids) {
    if (wanted.size() >= limit) break;
    const absl::StatusOr<bool> found =
        row->With(build_id, kMaxSymbolRefusals, session.environment).Next();
    if (!found.ok()) return found.status();
    if (*found) wanted.push_back(row->String(0));
  }
  row->With();
  return wanted;
}

absl::Status SqliteStore::StoreSymbols(const ValidatedSymbols& symbols) {
  return commits_.Run([&]() -> absl::Status {
    absl::StatusOr<Statement> mark = writer_.Prepare(
        "UPDATE symbol_tables SET state = 1 WHERE state = 0"
        " AND build_id = (SELECT id FROM strings WHERE content = ?) RETURNING build_id");
    if (!mark.ok()) return mark.status();
    const absl::StatusOr<bool> marked = mark->With(symbols.build_id).Next();
    if (!marked.ok()) return marked.status();
    if (!*marked) return absl::OkStatus();  // there already, or nobody wants it
    const int64_t build_id = mark->Int(0);
    if (absl::Status s = mark->Run(); !s.ok()) return s;
    absl::StatusOr<Statement> add = writer_.Prepare(
        "INSERT INTO symbol_parts (build_id, base, end_address, content_bytes, content)"
        " VALUES (?, ?, ?, ?, ?)");
    if (!add.ok()) return add.status();
    for (const ValidatedSymbols::Part& part : symbols.parts) {
      const absl::Status added =
          add->With(build_id, part.base, part.end, part.content_bytes, part.content).Run();
      if (!added.ok()) return added;
    }
    return absl::OkStatus();
  });
}

absl::Status SqliteStore::RefuseSymbols(const WriteSession& session, const std::string& build_id) {
  return commits_.Run([&]() -> absl::Status {
    absl::StatusOr<Statement> note = writer_.Prepare(
        "INSERT OR IGNORE INTO symbol_refusals (build_id, environment) SELECT t.build_id, ?"
        " FROM symbol_tables t JOIN strings s ON s.id = t.build_id"
        " WHERE t.state = 0 AND s.content = ?");
    if (!note.ok()) return note.status();
    if (absl::Status s = note->With(session.environment, build_id).Run(); !s.ok()) return s;
    if (writer_.Changes() == 0) return absl::OkStatus();  // it said so before, or nobody asks
    absl::StatusOr<Statement> count = writer_.Prepare(
        "UPDATE symbol_tables SET refusals = refusals + 1"
        " WHERE build_id = (SELECT id FROM strings WHERE content = ?)");
    if (!count.ok()) return count.status();
    return count->With(build_id).Run();
  });
}

}  // namespace lambent::collector
