// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "collector/receive/symbol_part.h"
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

// strings.id of a build id whose table is wanted; 0: it is not.
absl::StatusOr<int64_t> WantedBuildId(Database& database, const std::string& build_id) {
  absl::StatusOr<Statement> row = database.Prepare(
      "SELECT t.build_id FROM symbol_tables t JOIN strings s ON s.id = t.build_id"
      " WHERE t.state = 0 AND s.content = ?");
  if (!row.ok()) return row.status();
  const absl::StatusOr<bool> found = row->With(build_id).Next();
  if (!found.ok()) return found.status();
  const int64_t id = *found ? row->Int(0) : 0;
  row->With();
  return id;
}

// True when the table names a frame of its build id that came without a name.
absl::StatusOr<bool> NamesAny(Database& database, int64_t build_id,
                              const ValidatedSymbols& symbols) {
  absl::StatusOr<Statement> row = database.Prepare(
      "SELECT DISTINCT f.address FROM frames f JOIN modules m ON m.id = f.module"
      " WHERE f.name = 0 AND f.kind = 1 AND m.build_id = ? ORDER BY f.address");
  if (!row.ok()) return row.status();
  std::vector<uint64_t> addresses;
  row->With(build_id);
  for (;;) {
    const absl::StatusOr<bool> more = row->Next();
    if (!more.ok()) return more.status();
    if (!*more) break;
    addresses.push_back(static_cast<uint64_t>(row->Int(0)));
  }
  auto next = addresses.begin();
  for (const ValidatedSymbols::Part& bytes : symbols.parts) {
    next = std::lower_bound(next, addresses.end(), bytes.base);
    if (next == addresses.end()) break;
    if (*next >= bytes.end) continue;
    const absl::StatusOr<SymbolPart> part =
        SymbolPart::Decode(bytes.content, bytes.content_bytes, bytes.base);
    if (!part.ok()) return part.status();
    for (; next != addresses.end() && *next < bytes.end; ++next) {
      if (part->Find(*next).has_value()) return true;
    }
  }
  return false;
}

// True when the table is larger than the one that is kept for want of a better one.
absl::StatusOr<bool> IsLarger(Database& database, int64_t build_id,
                              const ValidatedSymbols& symbols) {
  int64_t bytes = 0;
  for (const ValidatedSymbols::Part& part : symbols.parts) bytes += part.content_bytes;
  absl::StatusOr<Statement> row = database.Prepare(
      "SELECT coalesce(sum(content_bytes), -1) FROM symbol_parts WHERE build_id = ?");
  if (!row.ok()) return row.status();
  const absl::StatusOr<bool> found = row->With(build_id).Next();
  if (!found.ok()) return found.status();
  const bool larger = bytes > row->Int(0);
  row->With();
  return larger;
}

absl::Status ReplaceParts(Database& database, int64_t build_id, const ValidatedSymbols& symbols) {
  absl::StatusOr<Statement> remove =
      database.Prepare("DELETE FROM symbol_parts WHERE build_id = ?");
  if (!remove.ok()) return remove.status();
  if (absl::Status s = remove->With(build_id).Run(); !s.ok()) return s;
  absl::StatusOr<Statement> add = database.Prepare(
      "INSERT INTO symbol_parts (build_id, base, end_address, content_bytes, content)"
      " VALUES (?, ?, ?, ?, ?)");
  if (!add.ok()) return add.status();
  for (const ValidatedSymbols::Part& part : symbols.parts) {
    const absl::Status added =
        add->With(build_id, part.base, part.end, part.content_bytes, part.content).Run();
    if (!added.ok()) return added;
  }
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

absl::StatusOr<bool> SqliteStore::StoreSymbols(const ValidatedSymbols& symbols) {
  bool settled = true;
  {
    // Before the transaction: it decodes what may be 48 MiB, and every stream waits for the writer.
    absl::StatusOr<Reader> reader = TakeReader();
    if (!reader.ok()) return reader.status();
    const absl::StatusOr<int64_t> build_id = WantedBuildId(**reader, symbols.build_id);
    if (!build_id.ok()) return build_id.status();
    if (*build_id == 0) return true;  // there already, or nobody wants it
    const absl::StatusOr<bool> names = NamesAny(**reader, *build_id, symbols);
    if (!names.ok()) return names.status();
    settled = *names;
  }
  const absl::Status stored = commits_.Run([&]() -> absl::Status {
    const absl::StatusOr<int64_t> build_id = WantedBuildId(writer_, symbols.build_id);
    if (!build_id.ok()) return build_id.status();
    if (*build_id == 0) return absl::OkStatus();  // another stream's is there meanwhile
    if (!settled) {
      const absl::StatusOr<bool> better = IsLarger(writer_, *build_id, symbols);
      if (!better.ok()) return better.status();
      if (!*better) return absl::OkStatus();
    }
    if (absl::Status s = ReplaceParts(writer_, *build_id, symbols); !s.ok()) return s;
    if (!settled) return absl::OkStatus();
    absl::StatusOr<Statement> mark =
        writer_.Prepare("UPDATE symbol_tables SET state = 1 WHERE build_id = ?");
    if (!mark.ok()) return mark.status();
    return mark->With(*build_id).Run();
  });
  if (!stored.ok()) return stored;
  return settled;
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
