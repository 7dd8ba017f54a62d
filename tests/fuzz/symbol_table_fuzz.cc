// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A part of a symbol table from a stranger. The first byte: 'm', a whole message; else the content,
// compressed ('z') or to be compressed, so that the fuzzer gets beyond zstd's checksums.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "collector/receive/bounded_zstd.h"
#include "collector/receive/limits.h"
#include "collector/receive/symbol_part.h"
#include "collector/receive/symbol_table.h"

namespace {

void Look(std::string_view content, uint64_t size, uint64_t base) {
  const auto part = lambent::collector::SymbolPart::Decode(content, size, base);
  if (!part.ok()) return;
  if (part->end() < base || part->end() > lambent::collector::kMaxCodeAddress) std::abort();
  for (const uint64_t address : {uint64_t{0}, base, part->end() - 1, part->end(), UINT64_MAX}) {
    const auto function = part->Find(address);
    if (!function.has_value()) continue;
    if (function->name.empty() || function->start > address || function->start < base) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(input) + 1, size - 1);
  if (input[0] == 'm') {
    lambent::v1::SymbolTable table;
    if (!table.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return 0;
    lambent::collector::SymbolTableAssembly assembly(table.build_id());
    while (assembly.Add(table).ok() && !assembly.complete()) table.set_part(table.part() + 1);
    return 0;
  }
  if (input[0] == 'z') {
    Look(bytes, 4096, 0);
  } else {
    Look(lambent::collector::Compress(bytes, 1), bytes.size(), input[0]);
  }
  return 0;
}
