// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Headers, notes and symbols of an ELF file from a stranger.
#include <cstddef>
#include <cstdint>
#include <string>

#include "profiler/os/file_bytes.h"
#include "profiler/target/elf_image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  const lambent::os::MemoryFileBytes file(std::string(reinterpret_cast<const char*>(input), size));
  const auto image = lambent::ElfImage::Parse(file);
  if (!image.ok()) return 0;
  if (image->BuildId().size() > 64) __builtin_trap();
  image->LoadBias(0x1000, 0);
  if (const auto symbol = image->FindSymbol("main")) {
    char bytes[64];
    image->ReadAddress(symbol->st_value, bytes, sizeof(bytes));
  }
  return 0;
}
