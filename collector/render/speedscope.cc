// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/render/speedscope.h"

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "collector/render/text_escape.h"
#include "collector/render/tree_view.h"

namespace lambent::collector {
namespace {

void AppendFrames(const Profile& profile, std::string* out) {
  out->append("\"shared\":{\"frames\":[");
  const char* separator = "";
  for (const Profile::Frame& frame : profile.frames) {
    absl::StrAppend(out, separator, "\n{\"name\":");
    AppendJsonString(frame.name, out);
    const std::string& file = frame.file.empty() ? frame.module : frame.file;
    if (!file.empty()) {
      out->append(",\"file\":");
      AppendJsonString(file, out);
    }
    if (frame.shown_line() != 0) absl::StrAppend(out, ",\"line\":", frame.shown_line());
    out->push_back('}');
    separator = ",";
  }
  out->append("]},\n");
}

// The samples of one thread: stacks root first, and their weights beside them.
void AppendThread(const Profile& profile, const std::string& thread,
                  const std::vector<const Profile::Row*>& rows, Weight weight, std::string* out) {
  const TreeView tree(profile);
  std::string samples;
  std::string weights;
  const char* separator = "";
  int64_t end = 0;
  std::vector<uint32_t> stack;
  for (const Profile::Row* row : rows) {
    const int64_t value = RowWeight(*row, weight);
    if (value <= 0) continue;
    stack.clear();
    for (uint32_t node = row->leaf; node != 0; node = tree.node_parent[node]) {
      stack.push_back(tree.node_frame[node]);
    }
    if (stack.empty()) stack.push_back(tree.node_frame[0]);
    absl::StrAppend(&samples, separator, "[", absl::StrJoin(stack.rbegin(), stack.rend(), ","),
                    "]");
    absl::StrAppend(&weights, separator, value);
    separator = ",";
    end += value;
  }
  out->append("{\"type\":\"sampled\",\"name\":");
  AppendJsonString(thread, out);
  absl::StrAppend(out, ",\"unit\":\"", weight == Weight::kSamples ? "none" : "microseconds",
                  "\",\"startValue\":0,\"endValue\":", end, ",\n\"samples\":[", samples,
                  "],\n\"weights\":[", weights, "]}");
}

}  // namespace

std::string RenderSpeedscope(const Profile& profile, Weight weight) {
  std::string out =
      "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\n\"exporter\":"
      "\"lambent\",\n\"name\":";
  AppendJsonString(profile.title, &out);
  out.append(",\n\"activeProfileIndex\":0,\n");
  AppendFrames(profile, &out);
  out.append("\"profiles\":[");
  std::vector<std::vector<const Profile::Row*>> rows_of(profile.threads.size());
  for (const Profile::Row& row : profile.rows) rows_of[row.thread].push_back(&row);
  for (size_t thread = 0; thread < rows_of.size(); ++thread) {
    if (thread != 0) out.push_back(',');
    out.push_back('\n');
    AppendThread(profile, profile.threads[thread], rows_of[thread], weight, &out);
  }
  out.append("]}\n");
  return out;
}

}  // namespace lambent::collector
