// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A ring of perf events: the first 8 bytes are its head, the rest its memory.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "profiler/os/perf_sample.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  if (size < 16) return 0;
  uint64_t head = 0;
  std::memcpy(&head, input, sizeof(head));
  std::vector<char> ring(std::bit_floor(size - 8));
  std::memcpy(ring.data(), input + 8, ring.size());
  std::vector<char> record(lambent::os::PerfRecordBytes(512));
  const size_t copied = lambent::os::CopyNewestRecord(ring, head, absl::MakeSpan(record));
  if (copied > record.size()) __builtin_trap();
  lambent::os::PerfSample sample;
  if (!lambent::os::ParsePerfSample({record.data(), copied}, &sample)) return 0;
  if (sample.stack.size() > copied) __builtin_trap();
  return 0;
}
