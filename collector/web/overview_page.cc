// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/web/overview_page.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

#include "collector/query/frame_name.h"
#include "collector/query/invocation_status.h"
#include "collector/web/parameters.h"
#include "profiler/base/version.h"

namespace lambent::collector {
namespace {

constexpr char kStyle[] = R"css(
:root{color-scheme:light dark;--fg:#1d2329;--bg:#fbfaf8;--line:#dedad4;--soft:#6a6f76;--card:#fff;
--link:#a3420f;--good:#1f7a4d;--bad:#b3261e;--warn:#8a5a00}
@media (prefers-color-scheme:dark){:root{--fg:#e8e6e3;--bg:#16181b;--line:#33373c;--soft:#9aa0a6;
--card:#1d2024;--link:#ffa36b;--good:#6fcf97;--bad:#ff8a80;--warn:#f2c14e}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);
font:14px/1.45 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:84rem;margin:0 auto;padding:1.5rem 1rem 3rem}
header{display:flex;align-items:baseline;gap:.75rem;margin-bottom:1.25rem}
h1{font-size:1.35rem;margin:0}h1 a{color:inherit;text-decoration:none}
h2{font-size:1rem;margin:1.75rem 0 .5rem}.soft{color:var(--soft)}
a{color:var(--link)}.card{background:var(--card);border:1px solid var(--line);border-radius:8px;
overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{padding:.45rem .6rem;text-align:left;white-space:nowrap;border-top:1px solid var(--line)}
thead th{border-top:0;color:var(--soft);font-weight:600;font-size:.85em}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
td.id{font-family:ui-monospace,SFMono-Regular,Menlo,monospace;font-size:.9em}
.success{color:var(--good)}.error,.failure{color:var(--bad)}.timeout,.warn{color:var(--warn)}
.tag{border:1px solid var(--line);border-radius:99px;padding:0 .5em;font-size:.85em}
nav{font:.85em/1.6 system-ui,-apple-system,"Segoe UI",sans-serif}nav a{margin-right:.6rem}p.empty{padding:1rem;margin:0}
)css";

std::string Page(std::string_view title, std::string_view body) {
  return absl::StrCat(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>",
      EscapeHtml(title), "</title><style>", kStyle,
      "</style></head><body><main><header><h1><a href=\"/\">Lambent</a></h1><span class=\"soft\">",
      std::string(kVersion), "</span></header>", std::string(body), "</main></body></html>\n");
}

std::string Duration(int64_t us) {
  if (us <= 0) return "–";
  if (us < 1000) return absl::StrFormat("%d µs", us);
  if (us < 1'000'000) return absl::StrFormat("%.1f ms", static_cast<double>(us) / 1e3);
  return absl::StrFormat("%.2f s", static_cast<double>(us) / 1e6);
}

std::string Bytes(int64_t bytes) {
  if (bytes <= 0) return "–";
  return absl::StrFormat("%.1f MiB", static_cast<double>(bytes) / 1048576.0);
}

std::string Time(int64_t unix_us) {
  if (unix_us <= 0) return "–";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixMicros(unix_us), absl::UTCTimeZone());
}

std::string Link(std::string_view path, const Parameters& parameters, std::string_view text) {
  return absl::StrCat("<a href=\"", EscapeHtml(std::string(path) + "?" + EncodeQuery(parameters)),
                      "\">", EscapeHtml(text), "</a>");
}

// Below what is to be looked at, where they are seen however narrow the window is.
std::string ProfileLinks(Parameters parameters, const std::string& more = "") {
  std::string links = "<nav>" + Link("/flamegraph", parameters, "flame graph") + more;
  for (const char* format : {"svg", "folded", "pprof", "speedscope"}) {
    parameters["format"] = format;
    links += Link("/export", parameters, format);
  }
  return links + "</nav>";
}

std::string FunctionRow(const FunctionRecord& function) {
  const Parameters selection = {{"function", function.name}, {"version", function.version}};
  Parameters cold = selection;
  cold["cold"] = "true";
  cold["phase"] = "init";
  return absl::StrCat("<tr><td>", Link("/", selection, SafeText(function.name)),
                      ProfileLinks(selection, Link("/flamegraph", cold, "cold starts")),
                      "</td><td>", EscapeHtml(SafeText(function.version)), "</td><td>",
                      function.runtime.empty() ? "–" : EscapeHtml(SafeText(function.runtime)),
                      "</td><td class=\"n\">", function.environments, "</td><td class=\"n\">",
                      function.invocations, "</td><td class=\"n\">", function.failures,
                      "</td><td class=\"n\">", function.samples, "</td><td>",
                      Time(function.last_seen_us), "</td></tr>\n");
}

std::string InvocationRow(const InvocationSummary& summary) {
  const InvocationRecord& invocation = summary.invocation;
  const std::string status(InvocationStatusName(invocation.status));
  Parameters selection = {{"request_id", invocation.request_id}};
  std::string attempt;
  if (invocation.attempts > 1) {
    selection["attempt"] = absl::StrCat(invocation.attempt);
    attempt = absl::StrCat(" <span class=\"tag\">attempt ", invocation.attempt, " of ",
                           invocation.attempts, "</span>");
  }
  std::string losses;
  for (const std::string& loss : invocation.losses) {
    absl::StrAppend(&losses, losses.empty() ? "" : "; ", SafeText(loss));
  }
  if (!losses.empty()) {
    losses = absl::StrCat(" <span class=\"tag warn\" title=\"", EscapeHtml(losses),
                          "\">events lost</span>");
  }
  return absl::StrCat(
      "<tr><td class=\"id\">", EscapeHtml(SafeText(invocation.request_id)), attempt,
      ProfileLinks(selection), "</td><td>", Time(invocation.start_us), "</td><td>",
      EscapeHtml(SafeText(invocation.function_name)), ":",
      EscapeHtml(SafeText(invocation.function_version)), "</td><td class=\"", status, "\">", status,
      invocation.cold ? " <span class=\"tag\">cold</span>" : "", "</td><td class=\"n\">",
      Duration(invocation.duration_us), "</td><td class=\"n\">",
      Duration(invocation.init_duration_us), "</td><td class=\"n\">", Duration(summary.use.cpu_us),
      "</td><td class=\"n\">", Bytes(summary.use.rss_peak_bytes), "</td><td class=\"n\">",
      invocation.samples, "</td><td class=\"n\">", invocation.drops.total(), losses,
      "</td></tr>\n");
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped.push_back(c);
    }
  }
  return escaped;
}

std::string OverviewPage(const std::vector<FunctionRecord>& functions,
                         const std::vector<InvocationSummary>& invocations,
                         const Selection& selection) {
  std::string body = "<h2>Functions</h2><div class=\"card\">";
  if (functions.empty()) {
    body +=
        "<p class=\"empty soft\">Nothing has been received yet. Attach the layer to a function, "
        "or run one here with <code>lambent local</code>.</p>";
  } else {
    body +=
        "<table><thead><tr><th>function<th>version<th>runtime<th class=\"n\">environments"
        "<th class=\"n\">invocations<th class=\"n\">failures<th class=\"n\">samples"
        "<th>last seen (UTC)</tr></thead><tbody>\n";
    for (const FunctionRecord& function : functions) body += FunctionRow(function);
    body += "</tbody></table>";
  }
  absl::StrAppend(&body, "</div><h2>Invocations <span class=\"soft\">of ",
                  EscapeHtml(Describe(selection)),
                  ", newest first</span></h2><div class=\"card\">");
  if (invocations.empty()) {
    body += "<p class=\"empty soft\">None.</p>";
  } else {
    body +=
        "<table><thead><tr><th>request id<th>start (UTC)<th>function<th>status"
        "<th class=\"n\">duration<th class=\"n\">init<th class=\"n\">CPU"
        "<th class=\"n\">peak RSS<th class=\"n\">samples<th class=\"n\">dropped"
        "</tr></thead><tbody>\n";
    for (const InvocationSummary& summary : invocations) body += InvocationRow(summary);
    body += "</tbody></table>";
  }
  return Page("Lambent", body + "</div>");
}

std::string MessagePage(std::string_view title, std::string_view message) {
  return Page(title,
              absl::StrCat("<h2>", EscapeHtml(title), "</h2><p>", EscapeHtml(message), "</p>"));
}

}  // namespace lambent::collector
