// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/render/pprof.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "collector/render/gzip.h"
#include "collector/render/text_escape.h"
#include "collector/render/tree_view.h"
#include "collector/render/wire_writer.h"
#include "profiler/base/phase.h"

namespace lambent::collector {
namespace {

// Field numbers of profile.proto, by message.
constexpr uint32_t kProfileSampleType = 1, kProfileSample = 2, kProfileMapping = 3,
                   kProfileLocation = 4, kProfileFunction = 5, kProfileStringTable = 6,
                   kProfileComment = 13, kProfileDefaultSampleType = 14;
constexpr uint32_t kValueType = 1, kValueUnit = 2;
constexpr uint32_t kSampleLocation = 1, kSampleValue = 2, kSampleLabel = 3;
constexpr uint32_t kLabelKey = 1, kLabelString = 2;
constexpr uint32_t kMappingId = 1, kMappingStart = 2, kMappingLimit = 3, kMappingFile = 5,
                   kMappingHasFunctions = 7;
constexpr uint32_t kLocationId = 1, kLocationMapping = 2, kLocationAddress = 3, kLocationLine = 4;
constexpr uint32_t kLineFunction = 1, kLineLine = 2;
constexpr uint32_t kFunctionId = 1, kFunctionName = 2, kFunctionFile = 4, kFunctionStartLine = 5;

// Addresses of one module are kept apart from another's: pprof wants disjoint mappings.
constexpr uint64_t kModuleSpacing = uint64_t{1} << 36;

class PprofWriter {
 public:
  explicit PprofWriter(const Profile& profile) : profile_(profile), tree_(profile) { String(""); }

  std::string Write(Weight weight) {
    ValueType("samples", "count");
    ValueType("wall", "nanoseconds");
    ValueType("cpu", "nanoseconds");
    Samples();
    Mappings();
    Locations();
    out_.Varint(kProfileComment, String(profile_.title));
    if (const std::string rate = RateText(profile_.rate); !rate.empty()) {
      out_.Varint(kProfileComment, String("sampled at " + rate));
    }
    out_.Varint(kProfileDefaultSampleType, String(WeightName(weight)));
    for (const std::string& text : strings_) out_.Bytes(kProfileStringTable, text);
    return Gzip(out_.bytes());
  }

 private:
  uint64_t String(std::string_view text) {
    std::string valid = ValidUtf8(text);
    auto [it, added] = string_index_.try_emplace(valid, strings_.size());
    if (added) strings_.push_back(std::move(valid));
    return it->second;
  }

  void ValueType(std::string_view type, std::string_view unit) {
    WireWriter value;
    value.Varint(kValueType, String(type));
    value.Varint(kValueUnit, String(unit));
    out_.Message(kProfileSampleType, value);
  }

  void Label(std::string_view key, std::string_view value, WireWriter* sample) {
    if (value.empty()) return;  // a label without a value is not valid
    WireWriter label;
    label.Varint(kLabelKey, String(key));
    label.Varint(kLabelString, String(value));
    sample->Message(kSampleLabel, label);
  }

  // Locations are frames: id = index + 1. Leaf first; the root "all" is not one, but a sample needs
  // one, so a row that ends at the root keeps it.
  void Samples() {
    WireWriter sample;
    for (const Profile::Row& row : profile_.rows) {
      sample.clear();
      uint32_t node = row.leaf;
      do {
        sample.Varint(kSampleLocation, uint64_t{tree_.node_frame[node]} + 1);
        node = tree_.node_parent[node];
      } while (node != 0);
      sample.Varint(kSampleValue, row.samples);
      sample.Varint(kSampleValue, static_cast<uint64_t>(row.wall_us) * 1000);
      sample.Varint(kSampleValue, static_cast<uint64_t>(row.cpu_us) * 1000);
      Label("thread", profile_.threads[row.thread], &sample);
      Label("phase", PhaseName(static_cast<Phase>(row.phase)), &sample);
      if (row.rung != Rung::kMetricsOnly) Label("rung", RungName(row.rung), &sample);
      if (row.partial) Label("partial", "true", &sample);
      out_.Message(kProfileSample, sample);
    }
  }

  // One mapping a module, ids from 1 in order of first appearance.
  void Mappings() {
    for (const Profile::Frame& frame : profile_.frames) {
      if (frame.module.empty()) continue;
      const uint64_t id = modules_.size() + 1;
      if (!modules_.try_emplace(frame.module, id).second) continue;
      WireWriter mapping;
      mapping.Varint(kMappingId, id);
      mapping.Varint(kMappingStart, id * kModuleSpacing);
      mapping.Varint(kMappingLimit, (id + 1) * kModuleSpacing);
      mapping.Varint(kMappingFile, String(frame.module));
      mapping.Varint(kMappingHasFunctions, 1);
      out_.Message(kProfileMapping, mapping);
    }
  }

  void Locations() {
    for (size_t i = 0; i < profile_.frames.size(); ++i) {
      const Profile::Frame& frame = profile_.frames[i];
      WireWriter line;
      const auto [function_id, added] = functions_.try_emplace(
          {String(frame.name), String(frame.file), frame.line, frame.module}, i + 1);
      line.Varint(kLineFunction, function_id->second);
      line.NonZero(kLineLine, frame.shown_line());
      WireWriter location;
      location.Varint(kLocationId, i + 1);
      const auto module = modules_.find(frame.module);
      const uint64_t base = module == modules_.end() ? 0 : module->second * kModuleSpacing;
      if (base != 0) location.Varint(kLocationMapping, module->second);
      // Frames without an address get one of their own, and so do those that a line parts from
      // others of their function: pprof tells locations apart by it.
      const bool of_function = frame.address != 0 && frame.current_line == 0;
      const uint64_t address = of_function ? frame.address % kModuleSpacing : i + 1;
      location.Varint(kLocationAddress, base + address);
      location.Message(kLocationLine, line);
      out_.Message(kProfileLocation, location);

      if (!added) continue;  // another line of it
      WireWriter function;
      function.Varint(kFunctionId, i + 1);
      function.Varint(kFunctionName, String(frame.name));
      function.NonZero(kFunctionFile, String(frame.file));
      function.NonZero(kFunctionStartLine, frame.line);
      out_.Message(kProfileFunction, function);
    }
  }

  const Profile& profile_;
  const TreeView tree_;
  WireWriter out_;
  std::vector<std::string> strings_;
  absl::flat_hash_map<std::string, uint64_t> string_index_;
  absl::flat_hash_map<std::string, uint64_t> modules_;
  // Ids by name, file, first line and module.
  std::map<std::tuple<uint64_t, uint64_t, uint32_t, std::string>, uint64_t> functions_;
};

}  // namespace

std::string RenderPprof(const Profile& profile, Weight weight) {
  return PprofWriter(profile).Write(weight);
}

}  // namespace lambent::collector
