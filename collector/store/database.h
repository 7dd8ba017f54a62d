// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <sqlite3.h>

namespace lambent::collector {

// A value SQLite is to keep as TEXT; a plain string_view is kept as BLOB (strangers' bytes).
struct Text {
  std::string_view text;
};

// A prepared statement. Borrowed from its Database. Thread-compatible.
class Statement {
 public:
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}

  // Resets the statement and binds its parameters in order. Blobs and texts are not copied: they
  // must live until the statement was stepped to its end.
  template <typename... Args>
  Statement& With(const Args&... args) {
    sqlite3_reset(handle_);
    sqlite3_clear_bindings(handle_);
    int index = 0;
    (Bind(++index, args), ...);
    return *this;
  }

  // Steps to the next row: true while there is one.
  absl::StatusOr<bool> Next();
  // Steps to the end; for statements without rows.
  absl::Status Run();

  int64_t Int(int column) const { return sqlite3_column_int64(handle_, column); }
  bool IsNull(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }
  // Valid until the next step.
  std::string_view Bytes(int column) const;
  std::string String(int column) const { return std::string(Bytes(column)); }

 private:
  void Bind(int index, int64_t value) { sqlite3_bind_int64(handle_, index, value); }
  void Bind(int index, uint64_t value) { Bind(index, static_cast<int64_t>(value)); }
  void Bind(int index, int value) { Bind(index, int64_t{value}); }
  void Bind(int index, uint32_t value) { Bind(index, int64_t{value}); }
  void Bind(int index, bool value) { Bind(index, int64_t{value}); }
  void Bind(int index, std::nullptr_t) { sqlite3_bind_null(handle_, index); }
  void Bind(int index, std::string_view bytes);
  void Bind(int index, const std::string& bytes) { Bind(index, std::string_view(bytes)); }
  void Bind(int index, Text text);

  sqlite3_stmt* handle_;
};

// One connection. Move-only; thread-compatible.
//
// Errors: RESOURCE_EXHAUSTED when the disk is full, DATA_LOSS when the file is damaged or no
// database, UNAVAILABLE when it is locked, INTERNAL for the rest.
class Database {
 public:
  enum class Mode { kReadWrite, kReadOnly };

  static absl::StatusOr<Database> Open(const std::string& path, Mode mode);

  // Runs statements without parameters or rows.
  absl::Status Execute(const char* sql);
  // The statement for `sql`, prepared on first use and kept. `sql` must be a literal.
  absl::StatusOr<Statement> Prepare(const char* sql);
  // As Prepare, for text made at run time; kept too, so the number of texts must be bounded.
  absl::StatusOr<Statement> PrepareText(const std::string& sql);
  absl::StatusOr<int64_t> ReadInt(const char* sql);

  int64_t LastInsertId() const { return sqlite3_last_insert_rowid(handle_.get()); }
  // Rows the latest INSERT, UPDATE or DELETE changed.
  int64_t Changes() const { return sqlite3_changes64(handle_.get()); }
  bool InTransaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  explicit Database(sqlite3* handle) : handle_(handle) {}

  std::unique_ptr<sqlite3, Close> handle_;
  absl::flat_hash_map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

}  // namespace lambent::collector
