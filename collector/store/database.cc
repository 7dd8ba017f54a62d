// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/database.h"

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace lambent::collector {
namespace {

// A writer may hold the file for a moment while it checkpoints.
constexpr int kBusyMs = 10'000;

absl::Status StatusOf(sqlite3* handle, const char* attempted) {
  const std::string message = absl::StrCat(attempted, ": ", sqlite3_errmsg(handle));
  switch (sqlite3_errcode(handle) & 0xff) {  // the primary code
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(message);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return absl::PermissionDeniedError(message);
    default:
      return absl::InternalError(message);
  }
}

}  // namespace

absl::StatusOr<bool> Statement::Next() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  const absl::Status status =
      code == SQLITE_DONE ? absl::OkStatus() : StatusOf(sqlite3_db_handle(handle_), "database");
  sqlite3_reset(handle_);  // ends the read; the error was taken before
  if (!status.ok()) return status;
  return false;
}

absl::Status Statement::Run() {
  for (;;) {
    const absl::StatusOr<bool> more = Next();
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
  }
}

std::string_view Statement::Bytes(int column) const {
  const void* bytes = sqlite3_column_blob(handle_, column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes),
          static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

void Statement::Bind(int index, std::string_view bytes) {
  // A null pointer would bind NULL, not the empty blob.
  sqlite3_bind_blob64(handle_, index, bytes.empty() ? "" : bytes.data(), bytes.size(),
                      SQLITE_STATIC);
}

void Statement::Bind(int index, Text text) {
  sqlite3_bind_text64(handle_, index, text.text.empty() ? "" : text.text.data(), text.text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
}

absl::StatusOr<Database> Database::Open(const std::string& path, Mode mode) {
  sqlite3* handle = nullptr;
  const int flags =
      mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (handle == nullptr) return absl::ResourceExhaustedError("open database: out of memory");
  Database database(handle);
  if (code != SQLITE_OK) return StatusOf(handle, absl::StrCat("open ", path).c_str());
  sqlite3_busy_timeout(handle, kBusyMs);
  sqlite3_extended_result_codes(handle, 0);
  // Nothing in the file may make SQLite run functions with side effects (sqlite.org/security.html).
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  return database;
}

absl::Status Database::Execute(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return StatusOf(handle_.get(), "database");
  }
  return absl::OkStatus();
}

absl::StatusOr<Statement> Database::Prepare(const char* sql) { return PrepareText(sql); }

absl::StatusOr<Statement> Database::PrepareText(const std::string& sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) {
    return Statement(found->second.get());
  }
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_.get(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK) {
    return StatusOf(handle_.get(), "database");
  }
  statements_[sql].reset(statement);
  return Statement(statement);
}

absl::StatusOr<int64_t> Database::ReadInt(const char* sql) {
  absl::StatusOr<Statement> statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  const absl::StatusOr<bool> row = statement->With().Next();
  if (!row.ok()) return row.status();
  const int64_t value = *row ? statement->Int(0) : 0;
  statement->With();
  return value;
}

}  // namespace lambent::collector
