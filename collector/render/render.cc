// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/render/render.h"

#include <iterator>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "collector/render/folded.h"
#include "collector/render/gperftools.h"
#include "collector/render/html.h"
#include "collector/render/json_tree.h"
#include "collector/render/pprof.h"
#include "collector/render/speedscope.h"
#include "collector/render/svg.h"
#include "collector/render/tree_view.h"
#include "profiler/base/absl_view.h"

namespace lambent::collector {
namespace {

struct FormatFacts {
  std::string_view name;
  std::string_view content_type;
  std::string_view extension;
};

// By the number of the format; row 0 stands for values that are no format.
constexpr FormatFacts kFacts[] = {
    {"unknown", "application/octet-stream", "bin"},
    {"html", "text/html; charset=utf-8", "html"},
    {"svg", "image/svg+xml", "svg"},
    {"folded", "text/plain; charset=utf-8", "folded"},
    {"pprof", "application/octet-stream", "pb.gz"},
    {"speedscope", "application/json", "speedscope.json"},
    {"json", "application/json", "json"},
    {"gperftools", "application/octet-stream", "prof"},
};

const FormatFacts& FactsOf(Format format) {
  const auto index = static_cast<size_t>(format);
  return kFacts[index < std::size(kFacts) ? index : 0];
}

absl::Status NotDrawable(std::string_view what, Format format) {
  return absl::UnimplementedError(absl::StrCat("render ", AbslView(what), " as ",
                                               AbslView(FormatName(format)),
                                               ": the format cannot express it"));
}

}  // namespace

std::string_view FormatName(Format format) { return FactsOf(format).name; }
std::string_view ContentType(Format format) { return FactsOf(format).content_type; }
std::string_view FileExtension(Format format) { return FactsOf(format).extension; }

std::optional<Format> ParseFormat(std::string_view name) {
  for (size_t i = 1; i < std::size(kFacts); ++i) {
    if (kFacts[i].name == name) return static_cast<Format>(i);
  }
  return std::nullopt;
}

absl::StatusOr<std::string> Render(const Profile& profile, Format format, Weight weight) {
  if (absl::Status status = CheckProfile(profile); !status.ok()) return status;
  switch (format) {
    case Format::kHtml:
      return RenderHtml(profile, weight);
    case Format::kSvg:
      return RenderSvg(profile, weight);
    case Format::kFolded:
      return RenderFolded(profile, weight);
    case Format::kPprof:
      return RenderPprof(profile, weight);
    case Format::kSpeedscope:
      return RenderSpeedscope(profile, weight);
    case Format::kJson:
      return RenderJson(profile, weight);
    case Format::kGperftools:
      return RenderGperftools(profile, weight);
  }
  return NotDrawable("a profile", format);
}

absl::StatusOr<std::string> RenderDiff(const ProfileDiff& diff, Format format) {
  if (absl::Status status = CheckDiff(diff); !status.ok()) return status;
  switch (format) {
    case Format::kHtml:
      return RenderDiffHtml(diff);
    case Format::kSvg:
      return RenderDiffSvg(diff);
    case Format::kFolded:
      return RenderDiffFolded(diff);
    case Format::kJson:
      return RenderDiffJson(diff);
    case Format::kPprof:
    case Format::kSpeedscope:
    case Format::kGperftools:
      break;
  }
  return NotDrawable("a difference", format);
}

}  // namespace lambent::collector
