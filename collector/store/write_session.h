// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "collector/receive/dictionary_extent.h"
#include "collector/store/global_ids.h"

namespace lambent::collector {

// One environment while it is written: made by ProfileStore::OpenEnvironment, brought up to date by
// the store with each durable batch. Thread-compatible; the store touches it only within calls.
struct WriteSession {
  // For those who receive batches:
  uint64_t durable_sequence = 0;
  bool dictionary_broken = false;  // a batch of this epoch was refused: its entries are missing
  DictionaryExtent extent;

  // The store's own:
  int64_t environment = 0;  // environments.id
  int64_t function = 0;     // functions.id
  uint64_t first_sequence = 0;
  uint64_t generation = 0;  // only the latest session of an environment may write
  GlobalIds ids = GlobalIds::Empty();
  // strings.id of the first `modules_seen` of ids.modules in dictionary epoch `build_ids_epoch`.
  std::vector<int64_t> build_ids;
  size_t modules_seen = 0;
  uint32_t build_ids_epoch = 0;
};

}  // namespace lambent::collector
