// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "collector/receive/dictionary_extent.h"

namespace lambent::collector {

// Ids of the store's dictionary tables by an environment's own indices. A value.
struct GlobalIds {
  std::vector<int64_t> strings;
  std::vector<int64_t> modules;
  std::vector<int64_t> frames;
  std::vector<int64_t> stacks;
  std::vector<int64_t> threads;

  // The tables at an epoch's start: only the zero entries.
  static GlobalIds Empty() { return {{0}, {0}, {0}, {0}, {0}}; }
  void Append(const GlobalIds& added);
};

// What one batch appended, as table dictionary_deltas keeps it: enough to go on after a restart.
struct DictionaryDelta {
  GlobalIds added;
  std::vector<uint16_t> stack_depth;  // of added.stacks
  uint64_t string_bytes = 0;          // of added.strings
};

std::string EncodeDelta(const DictionaryDelta& delta);
// Errors: DATA_LOSS.
absl::StatusOr<DictionaryDelta> DecodeDelta(std::string_view blob);

// Extends what is known of a dictionary by a delta read back.
void Extend(DictionaryExtent& extent, const DictionaryDelta& delta);

}  // namespace lambent::collector
