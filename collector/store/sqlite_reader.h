// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "absl/status/statusor.h"

#include "collector/store/sqlite_store.h"

namespace lambent::collector {

// See SqliteStore::TakeReader.
class SqliteStore::Reader {
 public:
  Reader(SqliteStore& store, std::unique_ptr<Database> database)
      : store_(&store), database_(std::move(database)) {}
  Reader(Reader&&) = default;
  Reader& operator=(Reader&&) = delete;
  ~Reader() {
    if (database_ == nullptr) return;
    absl::MutexLock lock(&store_->mutex_);
    store_->readers_.push_back(std::move(database_));
  }

  Database* operator->() { return database_.get(); }
  Database& operator*() { return *database_; }

 private:
  SqliteStore* store_;
  std::unique_ptr<Database> database_;
};

}  // namespace lambent::collector
