// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <memory>
#include <string>

#include "profiler/os/file_bytes.h"
#include "profiler/symbols/symbol_index.h"

// An ELF file from a stranger: any bytes, any addresses asked for.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(input), size);
  auto index = lambent::SymbolIndex::Create(
      std::make_unique<lambent::os::MemoryFileBytes>(std::move(bytes)));
  if (!index.ok()) return 0;
  (*index)->BuildId();
  for (const uint64_t address : {uint64_t{0}, uint64_t{0x1004}, uint64_t{0x1018}, UINT64_MAX}) {
    const lambent::FunctionSymbol symbol = (*index)->Find(address);
    if (symbol.name.size() > lambent::SymbolIndex::kMaxNameBytes) __builtin_trap();
    if (!symbol.name.empty() && symbol.start > address) __builtin_trap();
  }
  return 0;
}
