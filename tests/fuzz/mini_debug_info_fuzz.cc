// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// The .gnu_debugdata section of a stranger's ELF file: an xz stream as it is ('x'), or an ELF file
// that is compressed first, so that the fuzzer gets beyond xz's checksums.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "profiler/symbols/function_ranges.h"
#include "profiler/symbols/mini_debug_info.h"
#include "profiler/symbols/symbol_index.h"
#include "tests/support/elf_image.h"
#include "tests/support/xz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  if (size == 0) return 0;
  std::string section(reinterpret_cast<const char*>(input) + 1, size - 1);
  if (input[0] != 'x') section = lambent::support::Xz(section, 0);
  const std::string file = lambent::support::ElfImage()
                               .DynamicFunction("exported", 0x1000, 0x10)
                               .Section(".gnu_debugdata", section)
                               .Build();
  auto index = lambent::SymbolIndex::Create(std::make_unique<lambent::os::MemoryFileBytes>(file));
  if (!index.ok()) std::abort();
  if ((*index)->Find(0x1008).name != "exported") std::abort();
  for (const uint64_t address : {uint64_t{0}, uint64_t{0x1004}, uint64_t{0x1018}, UINT64_MAX}) {
    const lambent::FunctionSymbol symbol = (*index)->Find(address);
    if (!symbol.name.empty() && symbol.start > address) std::abort();
  }
  auto ranges = lambent::FunctionRanges::Read(std::make_unique<lambent::os::MemoryFileBytes>(file));
  if (!ranges.ok()) std::abort();
  uint64_t end = 0;
  for (const auto& range : ranges->ranges()) {
    if (range.start < end || range.end <= range.start) std::abort();
    end = range.end;
    ranges->Name(range);
  }
  return 0;
}
