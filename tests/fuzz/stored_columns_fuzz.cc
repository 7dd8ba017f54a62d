// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Blobs of a damaged or hostile database.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collector/store/global_ids.h"
#include "collector/store/stored_samples.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  const std::string_view blob(reinterpret_cast<const char*>(input), size);
  const auto samples = lambent::collector::DecodeSamples(blob);
  if (samples.ok() && samples->stack.size() != samples->rows()) std::abort();
  if (samples.ok() && !samples->run_queue_us.empty() &&
      samples->run_queue_us.size() != samples->rows()) {
    std::abort();
  }
  const auto metrics = lambent::collector::DecodeMetrics(blob);
  if (metrics.ok()) {
    for (const auto& column : metrics->columns) {
      if (column.values.size() != metrics->times_us.size()) std::abort();
    }
  }
  const auto delta = lambent::collector::DecodeDelta(blob);
  if (delta.ok() && delta->stack_depth.size() != delta->added.stacks.size()) std::abort();
  return 0;
}
