// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A perf map as anybody may have written it. The first byte says how the text is cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "profiler/symbols/perf_map.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(input) + 1, size - 1);
  lambent::PerfMap whole;
  whole.Append(text);
  lambent::PerfMap cut;
  const size_t piece = size_t{input[0]} + 1;
  for (size_t at = 0; at < text.size(); at += piece) cut.Append(text.substr(at, piece));
  if (whole.taken_bytes() != text.size() || cut.taken_bytes() != text.size()) std::abort();
  if (whole.size() != cut.size()) std::abort();
  for (const uint64_t address : {uint64_t{0}, uint64_t{0x1000}, uint64_t{0x1fff}, UINT64_MAX}) {
    const lambent::PerfMap::Function* const function = whole.Find(address);
    if ((function == nullptr) != (cut.Find(address) == nullptr)) std::abort();
    if (function == nullptr) continue;
    if (address < function->start || address >= function->end) std::abort();
    if (function->name_bytes == 0 || function->name_bytes > lambent::PerfMap::kMaxNameBytes) {
      std::abort();
    }
    if (function->name_offset + function->name_bytes > text.size()) std::abort();
    if (text.substr(function->name_offset, function->name_bytes).find('\n') != text.npos) {
      std::abort();
    }
  }
  return 0;
}
