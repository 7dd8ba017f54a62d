// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/render/svg_colour.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "absl/strings/str_format.h"

namespace lambent::collector {
namespace {

// FNV-1a: stable across builds, so a function keeps its colour in every picture.
uint32_t Hash(std::string_view text) {
  uint32_t hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

}  // namespace

std::string FrameColour(const Profile::Frame& frame) {
  if (frame.name == "all" && frame.kind == FrameKind::kUnknown) return "#d5dae1";
  if (frame.kind == FrameKind::kUnknown || frame.kind == FrameKind::kTruncated) return "url(#x)";
  const uint32_t place = Hash(frame.file.empty() ? frame.module : frame.file);
  const uint32_t name = Hash(frame.name);
  if (IsWaiting(frame.kind)) {
    const uint32_t wait = frame.kind == FrameKind::kSystemCall ? 104 + name % 32
                          : frame.kind == FrameKind::kRunQueue ? 74
                                                               : 156;
    return absl::StrFormat("hsl(%u,36%%,74%%)", wait);
  }
  const uint32_t hue = frame.kind == FrameKind::kNative ? 188 + place % 40 : 16 + place % 34;
  return absl::StrFormat("hsl(%u,%u%%,%u%%)", hue, 62 + name % 12, 66 + (name >> 8) % 9);
}

std::string DiffColour(double base_share, double compare_share) {
  const double larger = std::max(base_share, compare_share);
  const double change = larger > 0 ? (compare_share - base_share) / larger : 0;
  const double strength = std::sqrt(std::abs(change));
  return absl::StrFormat("hsl(%d,75%%,%.0f%%)", change > 0 ? 4 : 214, 95 - 35 * strength);
}

}  // namespace lambent::collector
