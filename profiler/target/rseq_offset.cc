// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/target/rseq_offset.h"

#include <string_view>

#include "profiler/target/elf_image.h"

namespace lambent {
namespace {

[[maybe_unused]] bool IsLoader(const Module& module) {
  const size_t slash = module.path.rfind('/');
  return std::string_view(module.path).substr(slash + 1).substr(0, 8) == "ld-linux";
}

}  // namespace

std::optional<int64_t> FindRseqOffset(const ModuleTable& modules, os::RemoteMemory& memory) {
#if defined(__x86_64__)
  for (const Module& module : modules.modules()) {
    if (!IsLoader(module)) continue;
    const auto file = modules.Open(module);
    if (!file.ok()) continue;
    const auto image = ElfImage::Parse(**file);
    if (!image.ok()) continue;
    const auto offset_symbol = image->FindSymbol("__rseq_offset");
    const auto size_symbol = image->FindSymbol("__rseq_size");
    if (!offset_symbol.has_value() || !size_symbol.has_value()) return std::nullopt;
    int64_t offset = 0;
    uint32_t size = 0;  // 0: not registered, by a tunable or an old kernel
    if (!ReadRemote(memory, offset_symbol->st_value + module.bias, &offset) ||
        !ReadRemote(memory, size_symbol->st_value + module.bias, &size) || size == 0) {
      return std::nullopt;
    }
    return offset;
  }
#else
  (void)modules;
  (void)memory;
#endif
  return std::nullopt;
}

}  // namespace lambent
