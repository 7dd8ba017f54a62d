// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/render/json_tree.h"

#include <array>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/types/span.h"

#include "collector/render/text_escape.h"
#include "collector/render/tree_view.h"
#include "profiler/base/absl_view.h"

namespace lambent::collector {
namespace {

void AppendField(std::string_view key, std::string_view value, std::string* out) {
  absl::StrAppend(out, "\"", AbslView(key), "\":");
  AppendJsonString(value, out);
}

template <typename Number>
void AppendColumn(std::string_view key, absl::Span<const Number> values, std::string* out) {
  absl::StrAppend(out, "\"", AbslView(key), "\":[");
  const char* separator = "";
  for (Number value : values) {
    absl::StrAppend(out, separator, value);
    separator = ",";
  }
  out->push_back(']');
}

void AppendFrames(absl::Span<const Profile::Frame> frames, std::string* out) {
  out->append("\"frames\":[");
  const char* separator = "";
  for (const Profile::Frame& frame : frames) {
    absl::StrAppend(out, separator, "\n{");
    separator = ",";
    AppendField("name", frame.name, out);
    out->push_back(',');
    AppendField("kind", FrameKindName(frame.kind), out);
    if (!frame.file.empty()) {
      out->push_back(',');
      AppendField("file", frame.file, out);
    }
    if (frame.line != 0) absl::StrAppend(out, ",\"line\":", frame.line);
    if (frame.current_line != 0) {
      absl::StrAppend(out, ",\"current_line\":", frame.current_line);
    }
    if (frame.inlined) out->append(",\"inlined\":true");
    if (!frame.module.empty()) {
      out->push_back(',');
      AppendField("module", frame.module, out);
    }
    if (frame.address != 0) {
      absl::StrAppend(out, ",\"address\":\"0x", absl::Hex(frame.address), "\"");
    }
    out->push_back('}');
  }
  out->append("],\n");
}

void AppendHead(std::string_view format, Weight weight, std::string* out) {
  out->push_back('{');
  AppendField("format", format, out);
  out->append(",\"version\":1,");
  AppendField("weight", WeightName(weight), out);
}

void AppendRows(const Profile& profile, std::string* out) {
  out->append("\"rows\":[");
  const char* separator = "";
  for (const Profile::Row& row : profile.rows) {
    absl::StrAppend(out, separator, "\n{\"leaf\":", row.leaf, ",\"thread\":", row.thread,
                    ",\"phase\":", row.phase, ",\"wall_us\":", row.wall_us,
                    ",\"cpu_us\":", row.cpu_us);
    absl::StrAppend(out, ",\"samples\":", row.samples, ",");
    AppendField("rung", RungName(row.rung), out);
    out->append(row.partial ? ",\"partial\":true}" : "}");
    separator = ",";
  }
  out->append("]");
}

void AppendSums(const Profile& profile, std::string* out) {
  out->append(",\n\"threads\":[");
  const char* separator = "";
  for (const std::string& thread : profile.threads) {
    out->append(separator);
    AppendJsonString(thread, out);
    separator = ",";
  }
  out->append("],\n\"drops\":{");
  separator = "";
  for (const auto& [reason, samples] : profile.drops) {
    out->append(separator);
    AppendJsonString(reason, out);
    absl::StrAppend(out, ":", samples);
    separator = ",";
  }
  absl::StrAppend(out, "},\n\"cost\":{\"self_cpu_us\":", profile.self_cpu_us,
                  ",\"stopped_us\":", profile.stopped_us,
                  ",\"target_cpu_us\":", profile.target_cpu_us, "},\n");
  if (profile.rate.asked_hz > 0) {
    absl::StrAppendFormat(out,
                          "\"sampling\":{\"asked_hz\":%.3f,\"allowed_hz\":%.3f,"
                          "\"achieved_hz\":%.3f,\"ticks\":%d,",
                          profile.rate.asked_hz, profile.rate.allowed_hz, profile.rate.achieved_hz,
                          profile.rate.ticks);
    AppendField("why_lower", WhyLower(profile.rate), out);
    out->append("},\n");
  }
  Profile::Row sum;
  for (const Profile::Row& row : profile.rows) {
    sum.wall_us += row.wall_us;
    sum.cpu_us += row.cpu_us;
    sum.samples += row.samples;
  }
  absl::StrAppend(out, "\"totals\":{\"wall_us\":", sum.wall_us, ",\"cpu_us\":", sum.cpu_us,
                  ",\"samples\":", sum.samples, ",\"partial_samples\":", PartialSamples(profile),
                  "},\n\"rungs\":{");
  separator = "";
  const std::array<Profile::RungSum, kRungCount> by_rung = SumsByRung(profile);
  for (size_t rung = 0; rung < by_rung.size(); ++rung) {
    if (by_rung[rung].samples == 0 && by_rung[rung].wall_us == 0) continue;
    out->append(separator);
    AppendJsonString(RungName(static_cast<Rung>(rung)), out);
    absl::StrAppend(out, ":{\"samples\":", by_rung[rung].samples,
                    ",\"wall_us\":", by_rung[rung].wall_us, "}");
    separator = ",";
  }
  out->append("},\n");
}

}  // namespace

std::string RenderJson(const Profile& profile, Weight weight) {
  std::string out;
  AppendHead("lambent-profile", weight, &out);
  out.push_back(',');
  AppendField("title", profile.title, &out);
  out.append(
      ",\n\"units\":{\"wall\":\"microseconds\",\"cpu\":\"microseconds\",\"samples\":\"count\"}");
  AppendSums(profile, &out);
  AppendFrames(profile.frames, &out);
  out.append("\"nodes\":{");
  AppendColumn<uint32_t>("frame", profile.node_frame, &out);
  out.append(",\n");
  AppendColumn<uint32_t>("parent", profile.node_parent, &out);
  out.append(",\n");
  AppendColumn<int64_t>("total", NodeTotals(profile, weight), &out);
  out.append(",\n");
  AppendColumn<int64_t>("self", NodeSelves(profile, weight), &out);
  out.append("},\n");
  AppendRows(profile, &out);
  out.append("}\n");
  return out;
}

std::string RenderDiffJson(const ProfileDiff& diff) {
  std::string out;
  AppendHead("lambent-diff", diff.weight, &out);
  out.push_back(',');
  AppendField("base", diff.base_title, &out);
  out.push_back(',');
  AppendField("compare", diff.compare_title, &out);
  out.append(",\n");
  AppendFrames(diff.frames, &out);
  out.append("\"nodes\":{");
  AppendColumn<uint32_t>("frame", diff.node_frame, &out);
  out.append(",\n");
  AppendColumn<uint32_t>("parent", diff.node_parent, &out);
  out.append(",\n");
  AppendColumn<int64_t>("base_total", diff.base_total, &out);
  out.append(",\n");
  AppendColumn<int64_t>("base_self", diff.base_self, &out);
  out.append(",\n");
  AppendColumn<int64_t>("compare_total", diff.compare_total, &out);
  out.append(",\n");
  AppendColumn<int64_t>("compare_self", diff.compare_self, &out);
  out.append("}}\n");
  return out;
}

}  // namespace lambent::collector
