// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

#include "collector/store/database.h"

namespace lambent::collector {

// Ids of the store's dictionary tables by content: what is equal in two environments is kept once.
// Remembers ids it gave, within bounds. Used inside the writer's transaction. Thread-compatible.
class Interner {
 public:
  struct Frame {
    int64_t name = 0;  // strings.id
    uint64_t address = 0;
    int64_t file = 0;  // strings.id
    uint32_t line = 0;
    uint32_t current_line = 0;
    uint64_t code_address = 0;
    int64_t module = 0;  // modules.id
    uint32_t kind = 0;
  };

  // `database` must outlive this.
  explicit Interner(Database& database) : database_(database) {}

  absl::StatusOr<int64_t> String(std::string_view content);  // "" is 0
  absl::StatusOr<int64_t> Module(int64_t path, int64_t build_id);
  absl::StatusOr<int64_t> FrameId(const Frame& frame);
  absl::StatusOr<int64_t> Stack(int64_t parent, int64_t frame);

  // To be called when the transaction is rolled back: ids given in it mean nothing now.
  void Forget();

 private:
  // The id in the row that `find` selects, or of the one that `insert` makes.
  template <typename... Args>
  absl::StatusOr<int64_t> FindOrInsert(const char* find, const char* insert, const Args&... args);

  Database& database_;
  absl::flat_hash_map<std::string, int64_t> strings_;
  size_t string_bytes_ = 0;
  absl::flat_hash_map<std::pair<int64_t, int64_t>, int64_t> stacks_;
};

}  // namespace lambent::collector
