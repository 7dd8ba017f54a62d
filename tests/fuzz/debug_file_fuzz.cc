// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// ELF files with debugging information. Addresses are where the linker puts a static program's
// code.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "collector/symbolize/debug_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  using lambent::collector::DebugFile;
  const std::string bytes(reinterpret_cast<const char*>(input), size);
  const auto file = DebugFile::Read(lambent::os::MemoryFileBytes(bytes));
  if (!file.ok()) return 0;
  (*file)->link();
  (*file)->shared_build_id();
  for (uint64_t address = 0x401000; address < 0x401080; address += 3) {
    const auto frames = (*file)->Find(address);
    if (!frames.ok()) continue;
    if (frames->empty() || frames->size() > DebugFile::kMaxInlined + 1) std::abort();
  }
  return 0;
}
