// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/engine/node_file.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace lambent::bench {
namespace {

constexpr uint64_t kLeastBytes = 30'000'000;

}  // namespace

bool IsNodeFile(std::string_view path) {
  return path.ends_with("/node") || path.find("/libnode.so") != std::string_view::npos;
}

NodeFile LargestNodeFile(const ModuleTable& modules) {
  NodeFile largest;
  for (const Module& module : modules.modules()) {
    if (!IsNodeFile(module.path)) continue;
    const auto file = modules.Open(module);
    const uint64_t bytes = file.ok() ? (*file)->size() : 0;
    if (largest.path.empty() || bytes > largest.bytes) largest = {module.path, bytes};
  }
  return largest;
}

std::string WhyNotJudged(const NodeFile& file) {
  if (file.path.empty()) return "the process maps neither node nor libnode.so";
  if (file.bytes >= kLeastBytes) return "";
  return absl::StrCat("node's code is in ", Describe(file), ", and the claim is of 99 MB");
}

std::string Describe(const NodeFile& file) {
  return absl::StrFormat("%s of %.0f MB", file.path, static_cast<double>(file.bytes) * 1e-6);
}

}  // namespace lambent::bench
