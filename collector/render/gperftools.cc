// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/render/gperftools.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"

#include "collector/render/text_escape.h"
#include "collector/render/tree_view.h"

namespace lambent::collector {
namespace {

constexpr int64_t kPeriodUs = 1000;

void AppendWords(std::initializer_list<uint64_t> words, std::string* out) {
  for (const uint64_t word : words) {
    for (int shift = 0; shift < 64; shift += 8) out->push_back(static_cast<char>(word >> shift));
  }
}

// Frames have no addresses all of them share; any distinct ones do, as the names are given. Not 0:
// a first address of 0 ends the profile.
uint64_t AddressOf(uint32_t frame) { return 16 * (uint64_t{frame} + 1); }

std::string SymbolName(const Profile::Frame& frame) {
  std::string line;
  AppendFoldedName(frame.name, &line);
  const bool brackets =
      frame.kind == FrameKind::kPython || std::string_view(line).substr(0, 1) == "<";
  std::string name;
  for (const char c : line) {
    if (c == '-' && !name.empty() && name.back() == '-') name.push_back(' ');
    name.push_back(brackets && c == '<' ? '[' : brackets && c == '>' ? ']' : c);
  }
  return name;
}

int64_t SampleCount(int64_t self, Weight weight) {
  if (weight == Weight::kSamples) return self;
  return self / kPeriodUs + (self % kPeriodUs >= kPeriodUs / 2 ? 1 : 0);
}

void AppendRecord(const TreeView& tree, uint32_t node, int64_t count, std::string* out) {
  std::vector<uint64_t> addresses;
  do {
    addresses.push_back(AddressOf(tree.node_frame[node]));
    node = tree.node_parent[node];
  } while (node != 0);
  AppendWords({static_cast<uint64_t>(count), addresses.size()}, out);
  for (const uint64_t address : addresses) AppendWords({address}, out);
}

}  // namespace

std::string RenderGperftools(const Profile& profile, Weight weight) {
  std::string out = "--- symbol\nbinary=lambent\n";
  for (uint32_t frame = 0; frame < profile.frames.size(); ++frame) {
    absl::StrAppend(&out, "0x", absl::Hex(AddressOf(frame), absl::kZeroPad16), " ",
                    SymbolName(profile.frames[frame]), "\n");
  }
  absl::StrAppend(&out, "---\n--- profile\n");
  AppendWords({0, 3, 0, kPeriodUs, 0}, &out);

  const TreeView tree(profile);
  const std::vector<int64_t> selves = NodeSelves(profile, weight);
  // google-pprof takes a caller that all stacks have for the profiler's signal handler and removes
  // it, unless a stack has no caller: one that does, seen no times, keeps a lone handler() in.
  AppendRecord(tree, 0, 0, &out);
  for (uint32_t node = 0; node < tree.size(); ++node) {
    const int64_t count = SampleCount(selves[node], weight);
    if (count > 0) AppendRecord(tree, node, count, &out);
  }
  AppendWords({0, 1, 0}, &out);
  return out;
}

}  // namespace lambent::collector
