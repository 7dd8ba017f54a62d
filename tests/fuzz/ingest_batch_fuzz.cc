// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A batch's content from a stranger, as received: the first byte says how it is compressed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collector/receive/batch_validator.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  using lambent::collector::DictionaryExtent;
  if (size == 0) return 0;
  lambent::v1::Batch batch;
  if (input[0] == 'm') {  // a whole message
    if (!batch.ParseFromArray(input + 1, static_cast<int>(size - 1))) return 0;
  } else {
    batch.set_sequence(1);
    batch.set_compression(lambent::v1::COMPRESSION_NONE);
    batch.set_content(input + 1, size - 1);
    batch.set_content_bytes(static_cast<uint32_t>(size - 1));
    batch.set_samples(input[0]);  // seeds choose it to be right
  }
  DictionaryExtent extent;
  const auto valid = lambent::collector::ValidateBatch(batch, extent);
  if (!valid.ok()) return 0;
  Extend(extent, *valid);
  for (const auto& segment : valid->segments) {
    for (size_t i = 0; i < segment.samples.rows(); ++i) {
      if (segment.samples.stack[i] >= extent.stack_depth.size()) std::abort();
      if (segment.samples.thread[i] >= extent.threads) std::abort();
      if (segment.samples.run_queue_us[i] > segment.samples.wall_us[i]) std::abort();
    }
  }
  return 0;
}
