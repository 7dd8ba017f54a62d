// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/runtime_location.h"

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "profiler/target/elf_image.h"

namespace lambent::cpython {
namespace {

std::string_view BaseName(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// The executable is the first module mapped, but for what the loader put below it.
bool MayHoldRuntime(const Module& module, bool first) {
  const std::string_view name = BaseName(module.path);
  return first || StartsWith(name, "python") || StartsWith(name, "libpython3");
}

// 3.11 and later say their version in a constant, earlier ones only by how they are called.
int MinorVersion(const ElfImage& image, const Module& module, const ModuleTable& modules) {
  uint32_t version = 0;
  if (const auto symbol = image.FindSymbol("Py_Version");
      symbol.has_value() && image.ReadAddress(symbol->st_value, &version, sizeof(version))) {
    return version >> 24 == 3 ? static_cast<int>(version >> 16 & 0xff) : -1;
  }
  if (const int minor = MinorVersionInPath(BaseName(module.path)); minor != 0) return minor;
  for (const Mapping& mapping : modules.mappings()) {  // the standard library's extension modules
    if (const int minor = MinorVersionInPath(mapping.path); minor != 0) return minor;
  }
  return 0;
}

void AddEvalRanges(const ElfImage& image, uint64_t bias, std::vector<AddressRange>* ranges) {
  for (const std::string_view name :
       {"_PyEval_EvalFrameDefault", "_PyEval_EvalFrameDefault.cold"}) {
    const auto symbol = image.FindSymbol(name);
    if (!symbol.has_value() || symbol->st_size == 0) continue;
    ranges->push_back({symbol->st_value + bias, symbol->st_value + bias + symbol->st_size});
  }
}

absl::StatusOr<Offsets> ReadOffsets(int minor, uint64_t runtime, os::RemoteMemory& memory) {
  if (const auto known = OffsetsOfMinor(minor)) return *known;
  if (minor < kFirstDescribedMinor || minor > kNewestMinor) {
    return absl::UnimplementedError(
        absl::StrCat("reading Python's state: version 3.", minor, " is not supported"));
  }
  std::vector<char> bytes(kDebugOffsetsBytes);
  if (memory.Read(runtime, bytes.data(), bytes.size()) != bytes.size()) {
    return absl::UnavailableError("reading _PyRuntime: its memory can not be read");
  }
  return OffsetsOfRuntime(bytes);
}

}  // namespace

int MinorVersionInPath(std::string_view path) {
  constexpr std::string_view kMark = "python3.";
  const size_t at = path.find(kMark);
  if (at == std::string_view::npos) return 0;
  int minor = 0;
  for (size_t i = at + kMark.size(); i < path.size() && i < at + kMark.size() + 3; ++i) {
    if (path[i] < '0' || path[i] > '9') break;
    minor = minor * 10 + (path[i] - '0');
  }
  return minor;
}

absl::StatusOr<RuntimeLocation> LocateRuntime(const ModuleTable& modules,
                                              os::RemoteMemory& memory) {
  bool is_python = false;
  for (const Module& module : modules.modules()) {
    if (!MayHoldRuntime(module, module.id == modules.modules().front().id)) continue;
    is_python |= BaseName(module.path).find("python") != std::string_view::npos;
    const auto file = modules.Open(module);
    if (!file.ok()) continue;
    const auto image = ElfImage::Parse(**file);
    if (!image.ok()) continue;
    const auto symbol = image->FindSymbol("_PyRuntime");
    if (!symbol.has_value()) continue;

    RuntimeLocation location;
    location.module = module.id;
    location.runtime = symbol->st_value + module.bias;
    location.minor = MinorVersion(*image, module, modules);
    if (location.minor <= 0) {
      return absl::UnimplementedError(
          absl::StrCat("reading Python's state: can not tell its version from ", module.path));
    }
    auto offsets = ReadOffsets(location.minor, location.runtime, memory);
    if (!offsets.ok()) return offsets.status();
    location.offsets = *offsets;
    if (const auto type = image->FindSymbol("PyCode_Type")) {
      location.code_type = type->st_value + module.bias;
    }
    AddEvalRanges(*image, module.bias, &location.eval);
    return location;
  }
  if (is_python) return absl::UnavailableError("looking for _PyRuntime: not mapped yet");
  return absl::NotFoundError("looking for _PyRuntime: not a Python process");
}

}  // namespace lambent::cpython
