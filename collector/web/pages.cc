// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/web/pages.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "collector/query/diff.h"
#include "collector/query/profile_queries.h"
#include "collector/render/render.h"
#include "collector/web/overview_page.h"
#include "collector/web/prometheus.h"

namespace lambent::collector {
namespace {

constexpr size_t kListedInvocations = 100;

WebAnswer Drawn(std::string body, Format format, bool saved) {
  WebAnswer answer{std::move(body), std::string(ContentType(format)), ""};
  if (saved && format != Format::kHtml && format != Format::kSvg) {
    answer.file_name = absl::StrCat("lambent.", std::string(FileExtension(format)));
  }
  return answer;
}

}  // namespace

absl::StatusOr<WebAnswer> Pages::Get(const std::string& path, const Parameters& parameters) const {
  if (absl::Status s = CheckNames(parameters, path == "/diff"); !s.ok()) return s;
  if (path == "/") return Overview(parameters);
  if (path == "/flamegraph") return Export(parameters, false);
  if (path == "/export") return Export(parameters, true);
  if (path == "/diff") return Diff(parameters);
  if (path == "/metrics") return Metrics();
  if (path == "/healthz") return Health();
  return absl::NotFoundError("there is no such page; / lists what there is");
}

absl::StatusOr<WebAnswer> Pages::Overview(const Parameters& parameters) const {
  const absl::StatusOr<Selection> selection = ParseSelection(parameters, "", clock_.UnixTime());
  if (!selection.ok()) return selection.status();
  const absl::StatusOr<size_t> limit = ParseLimitParameter(parameters, kListedInvocations);
  if (!limit.ok()) return limit.status();
  const absl::StatusOr<std::vector<FunctionRecord>> functions = store_.ReadFunctions();
  if (!functions.ok()) return functions.status();
  const absl::StatusOr<std::vector<InvocationSummary>> invocations =
      SummariseInvocations(store_, *selection, *limit);
  if (!invocations.ok()) return invocations.status();
  return WebAnswer{OverviewPage(*functions, *invocations, *selection), "text/html; charset=utf-8",
                   ""};
}

absl::StatusOr<WebAnswer> Pages::Export(const Parameters& parameters, bool saved) const {
  const absl::StatusOr<Selection> selection = ParseSelection(parameters, "", clock_.UnixTime());
  if (!selection.ok()) return selection.status();
  const absl::StatusOr<Format> format = ParseFormatParameter(parameters, Format::kHtml);
  if (!format.ok()) return format.status();
  const absl::StatusOr<Weight> weight = ParseWeightParameter(parameters);
  if (!weight.ok()) return weight.status();
  const absl::StatusOr<Profile> profile = MergeProfile(store_, *selection, view_);
  if (!profile.ok()) return profile.status();
  absl::StatusOr<std::string> body = Render(*profile, *format, *weight);
  if (!body.ok()) return body.status();
  return Drawn(*std::move(body), *format, saved);
}

absl::StatusOr<WebAnswer> Pages::Diff(const Parameters& parameters) const {
  const absl::Time now = clock_.UnixTime();
  const absl::StatusOr<Selection> base = ParseSelection(parameters, "base_", now);
  if (!base.ok()) return base.status();
  const absl::StatusOr<Selection> compare = ParseSelection(parameters, "compare_", now);
  if (!compare.ok()) return compare.status();
  const absl::StatusOr<Format> format = ParseFormatParameter(parameters, Format::kHtml);
  if (!format.ok()) return format.status();
  const absl::StatusOr<Weight> weight = ParseWeightParameter(parameters);
  if (!weight.ok()) return weight.status();
  const absl::StatusOr<Profile> base_profile = MergeProfile(store_, *base, view_);
  if (!base_profile.ok()) return base_profile.status();
  const absl::StatusOr<Profile> compare_profile = MergeProfile(store_, *compare, view_);
  if (!compare_profile.ok()) return compare_profile.status();
  absl::StatusOr<std::string> body =
      RenderDiff(DiffProfiles(*base_profile, *compare_profile, *weight), *format);
  if (!body.ok()) return body.status();
  return Drawn(*std::move(body), *format, true);
}

absl::StatusOr<WebAnswer> Pages::Metrics() const {
  const absl::StatusOr<StoreTotals> totals = store_.ReadTotals();
  if (!totals.ok()) return totals.status();
  return WebAnswer{PrometheusText(counters_, *totals), "text/plain; version=0.0.4; charset=utf-8",
                   ""};
}

absl::StatusOr<WebAnswer> Pages::Health() const {
  const absl::StatusOr<StoreTotals> totals = store_.ReadTotals();
  if (!totals.ok()) return totals.status();
  return WebAnswer{"ok\n", "text/plain; charset=utf-8", ""};
}

int HttpStatus(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnimplemented:  // a format that cannot show this
      return 400;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kUnavailable:
      return 503;
    default:
      return 500;
  }
}

}  // namespace lambent::collector
