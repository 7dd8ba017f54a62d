// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/render/viewer_blob.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

#include "collector/render/text_escape.h"
#include "collector/render/tree_view.h"
#include "collector/render/wire_writer.h"
#include "profiler/base/absl_view.h"

namespace lambent::collector {
namespace {

// Beside the rung of a row.
constexpr uint64_t kPartial = 8;

// Length in UTF-16 code units of well-formed UTF-8: what JavaScript counts.
size_t Utf16Length(std::string_view utf8) {
  size_t units = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) != 0x80) units += byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

void AppendHeader(const std::string& json, std::string* out) {
  AppendVarint(json.size(), out);
  out->append(json);
}

void AppendFrames(const TreeView& tree, std::string* out) {
  absl::flat_hash_map<std::string, uint64_t> index;
  std::vector<std::string> strings;
  const auto intern = [&](std::string_view text) {
    std::string valid = ValidUtf8(text);
    auto [it, added] = index.try_emplace(valid, strings.size());
    if (added) strings.push_back(std::move(valid));
    return it->second;
  };
  intern("");
  std::string columns[8];
  for (const Profile::Frame& frame : tree.frames) {
    AppendVarint(static_cast<uint64_t>(frame.kind), &columns[0]);
    AppendVarint(intern(frame.name), &columns[1]);
    AppendVarint(intern(frame.file), &columns[2]);
    AppendVarint(frame.shown_line(), &columns[3]);
    AppendVarint(intern(frame.module), &columns[4]);
    AppendVarint(frame.address & 0xFFFFFFFF, &columns[5]);
    AppendVarint(frame.address >> 32, &columns[6]);
    AppendVarint(frame.inlined ? 1 : 0, &columns[7]);
  }
  size_t bytes = 0;
  for (const std::string& text : strings) bytes += text.size();
  AppendVarint(strings.size(), out);
  AppendVarint(bytes, out);
  for (const std::string& text : strings) AppendVarint(Utf16Length(text), out);
  for (const std::string& text : strings) out->append(text);
  AppendVarint(tree.frames.size(), out);
  for (const std::string& column : columns) out->append(column);
}

void AppendNodes(const TreeView& tree, std::string* out) {
  const std::vector<uint32_t> depths = NodeDepths(tree);
  AppendVarint(tree.size(), out);
  for (const uint32_t frame : tree.node_frame) AppendVarint(frame, out);
  for (size_t i = 0; i < tree.size(); ++i) {
    AppendVarint(i == 0 ? 0 : depths[i - 1] + 1 - depths[i], out);
  }
}

void AppendRows(std::vector<Profile::Row> rows, std::string* out) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Profile::Row& a, const Profile::Row& b) { return a.leaf < b.leaf; });
  AppendVarint(rows.size(), out);
  uint32_t previous = 0;
  for (const Profile::Row& row : rows) {
    AppendVarint(row.leaf - previous, out);
    previous = row.leaf;
  }
  const auto positive = [](int64_t value) {
    return static_cast<uint64_t>(std::max<int64_t>(value, 0));
  };
  for (const Profile::Row& row : rows) AppendVarint(row.thread, out);
  for (const Profile::Row& row : rows) AppendVarint(row.phase, out);
  for (const Profile::Row& row : rows) {
    AppendVarint(static_cast<uint64_t>(row.rung) | (row.partial ? kPartial : 0), out);
  }
  for (const Profile::Row& row : rows) AppendVarint(positive(row.wall_us), out);
  for (const Profile::Row& row : rows) AppendVarint(positive(row.cpu_us), out);
  for (const Profile::Row& row : rows) AppendVarint(row.samples, out);
}

std::vector<Profile::Row> RowsOf(const std::vector<int64_t>& selves, Weight weight) {
  std::vector<Profile::Row> rows;
  for (size_t node = 0; node < selves.size(); ++node) {
    if (selves[node] <= 0) continue;
    Profile::Row row;
    row.leaf = static_cast<uint32_t>(node);
    if (weight == Weight::kWall) row.wall_us = selves[node];
    if (weight == Weight::kCpu) row.cpu_us = selves[node];
    if (weight == Weight::kSamples) row.samples = static_cast<uint64_t>(selves[node]);
    rows.push_back(row);
  }
  return rows;
}

void AppendKey(std::string_view key, std::string_view value, std::string* json) {
  absl::StrAppend(json, "\"", AbslView(key), "\":");
  AppendJsonString(value, json);
}

}  // namespace

std::string ViewerBlob(const Profile& profile, Weight weight) {
  std::string json = "{";
  AppendKey("title", profile.title, &json);
  json.push_back(',');
  AppendKey("weight", WeightName(weight), &json);
  json.append(",\"threads\":[");
  for (size_t i = 0; i < profile.threads.size(); ++i) {
    if (i != 0) json.push_back(',');
    AppendJsonString(profile.threads[i], &json);
  }
  json.append("],\"drops\":[");
  for (size_t i = 0; i < profile.drops.size(); ++i) {
    json.append(i == 0 ? "[" : ",[");
    AppendJsonString(profile.drops[i].first, &json);
    absl::StrAppend(&json, ",", profile.drops[i].second, "]");
  }
  absl::StrAppend(&json, "],\"cost\":[", profile.self_cpu_us, ",", profile.stopped_us, ",",
                  profile.target_cpu_us, "],");
  AppendKey("rate", RateText(profile.rate), &json);
  json.append(",\"rungs\":[");
  for (int rung = 0; rung < kRungCount; ++rung) {
    if (rung != 0) json.push_back(',');
    AppendJsonString(RungName(static_cast<Rung>(rung)), &json);
  }
  json.append("]}");
  std::string out;
  AppendHeader(json, &out);
  const TreeView tree(profile);
  AppendFrames(tree, &out);
  AppendNodes(tree, &out);
  AppendRows(profile.rows, &out);
  AppendRows({}, &out);
  return out;
}

std::string ViewerBlob(const ProfileDiff& diff) {
  std::string json = "{";
  AppendKey("title", absl::StrCat(diff.compare_title, " against ", diff.base_title), &json);
  json.push_back(',');
  AppendKey("weight", WeightName(diff.weight), &json);
  json.append(",\"threads\":[],\"drops\":[],\"cost\":[0,0,0],\"diff\":{");
  AppendKey("base", diff.base_title, &json);
  json.push_back(',');
  AppendKey("compare", diff.compare_title, &json);
  json.append("}}");
  std::string out;
  AppendHeader(json, &out);
  const TreeView tree(diff);
  AppendFrames(tree, &out);
  AppendNodes(tree, &out);
  AppendRows(RowsOf(diff.compare_self, diff.weight), &out);
  AppendRows(RowsOf(diff.base_self, diff.weight), &out);
  return out;
}

}  // namespace lambent::collector
