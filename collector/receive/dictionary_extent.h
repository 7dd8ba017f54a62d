// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "collector/receive/validated_batch.h"

namespace lambent::collector {

// How far one environment's dictionary has grown: what validating the next batch needs to know of
// the batches before it. Sizes count the zero entry. A value.
struct DictionaryExtent {
  uint32_t epoch = 0;
  size_t strings = 1;
  size_t string_bytes = 0;
  size_t modules = 1;
  size_t frames = 1;
  size_t threads = 1;
  std::vector<uint16_t> stack_depth{0};  // by stack
};

// The extent once `batch` is part of the dictionary. Call it when the batch is durable.
inline void Extend(DictionaryExtent& extent, const ValidatedBatch& batch) {
  if (batch.starts_epoch) extent = DictionaryExtent{};
  extent.epoch = batch.epoch;
  extent.strings += batch.dictionary.strings.size();
  for (const auto& text : batch.dictionary.strings) extent.string_bytes += text.size();
  extent.modules += batch.dictionary.modules.size();
  extent.frames += batch.dictionary.frames.size();
  extent.threads += batch.dictionary.threads.size();
  for (const auto& stack : batch.dictionary.stacks) extent.stack_depth.push_back(stack.depth);
}

}  // namespace lambent::collector
