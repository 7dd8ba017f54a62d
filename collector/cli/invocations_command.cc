// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "collector/cli/collector_client.h"
#include "collector/cli/command_list.h"
#include "collector/cli/message_json.h"
#include "collector/cli/selection.h"
#include "collector/cli/table.h"
#include "collector/cli/words.h"
#include "collector/query/sampling_rate.h"
#include "profiler/base/absl_view.h"
#include "profiler/base/drop_reason.h"

namespace lambent::cli {
namespace {

// "3 inconsistent, 2 outbox-full", or "0".
std::string DropsText(const v1::Invocation& invocation) {
  std::string out;
  for (const v1::Drop& drop : invocation.drops()) {
    const int reason = drop.reason() < kDropReasonCount && drop.reason() > 0 ? drop.reason() : 0;
    if (drop.samples() == 0) continue;
    absl::StrAppend(&out, out.empty() ? "" : ", ", CountText(drop.samples()), " ",
                    AbslView(DropReasonName(static_cast<DropReason>(reason))));
  }
  return out.empty() ? "0" : out;
}

// CPU of the profiler, and what part of the function's own CPU that is; the rate where it had to be
// lower than asked for.
std::string CostText(const v1::SelfCost& cost) {
  std::string out = MillisecondsText(static_cast<int64_t>(cost.self_cpu_us()));
  if (cost.target_cpu_us() > 0) {
    absl::StrAppend(&out, " (",
                    static_cast<int64_t>(100 * cost.self_cpu_us() / cost.target_cpu_us()), "%)");
  }
  collector::Cost counted;
  counted.ticks = cost.ticks();
  counted.sampled_us = cost.sampled_us();
  counted.asked_microticks = cost.asked_microticks();
  counted.allowed_microticks = cost.allowed_microticks();
  const collector::SamplingRate rate = collector::RateOf(counted);
  if (!collector::WhyLower(rate).empty()) {
    absl::StrAppend(&out, ", ", AbslView(collector::RateText(rate)));
  }
  return out;
}

Tone ToneOf(v1::InvocationStatus status) {
  if (status == v1::INVOCATION_STATUS_SUCCESS) return Tone::kGood;
  return status == v1::INVOCATION_STATUS_UNSPECIFIED ? Tone::kDim : Tone::kBad;
}

int Run(const Call& call) {
  v1::ListInvocationsRequest ask;
  absl::StatusOr<v1::Selection> selection = SelectionOf(call.arguments, call.around.now);
  if (!selection.ok()) return Fail(call, selection.status());
  *ask.mutable_selection() = *selection;
  uint32_t limit = 100;
  if (call.arguments.has("limit") &&
      (!absl::SimpleAtoi(call.arguments.value("limit"), &limit) || limit == 0)) {
    return Fail(call, absl::InvalidArgumentError(absl::StrCat(
                          "--limit ", call.arguments.value("limit"), ": want a number from 1 on")));
  }
  ask.set_limit(limit);
  CollectorClient client(call.collector);
  absl::StatusOr<v1::ListInvocationsResponse> answer = client.ListInvocations(ask);
  if (!answer.ok()) return Fail(call, answer.status());
  if (call.json) {
    call.around.out << MessageJson(*answer);
    return answer->invocations().empty() ? kNothingMatched : kOk;
  }
  if (answer->invocations().empty()) {
    return Fail(call, absl::NotFoundError("list invocations: none matches; lambent functions shows "
                                          "what there is"));
  }
  Table table({{"REQUEST ID"},
               {"FUNCTION"},
               {"STARTED"},
               {"STATUS"},
               {"COLD"},
               {"DURATION", true},
               {"INIT", true},
               {"CPU", true},
               {"CPU WAIT", true},
               {"PEAK RSS", true},
               {"SAMPLES", true},
               {"DROPPED"},
               {"PROFILING CPU", true}});
  for (const v1::Invocation& one : answer->invocations()) {
    std::string status = StatusName(one.status());
    if (!one.error_type().empty()) absl::StrAppend(&status, " ", Printable(one.error_type()));
    const std::string drops = DropsText(one);
    std::string id = Printable(one.request_id());
    if (one.attempts() > 1) {
      absl::StrAppend(&id, " (attempt ", one.attempt(), " of ", one.attempts(), ")");
    }
    table.Add({{id},
               {Printable(absl::StrCat(one.function_name(), ":", one.function_version()))},
               {TimeText(one.start_unix_us()), Tone::kDim},
               {status, ToneOf(one.status())},
               {one.cold() ? "cold" : "", Tone::kStrong},
               {DurationText(one.duration_us())},
               {one.cold() ? DurationText(one.init_duration_us()) : ""},
               {MillisecondsText(one.cpu_us())},
               {MillisecondsText(one.run_queue_wait_us())},
               {BytesText(one.rss_peak_bytes())},
               {CountText(one.samples())},
               {drops, drops == "0" ? Tone::kDim : Tone::kBad},
               {CostText(one.cost()), Tone::kDim}});
  }
  call.around.out << table.Print(call.colour);
  for (const v1::Invocation& one : answer->invocations()) {
    for (const std::string& loss : one.losses()) {
      call.around.out << Printable(one.request_id()) << ": " << Printable(loss) << "\n";
    }
  }
  return kOk;
}

}  // namespace

Command InvocationsCommand() {
  Command command;
  command.name = "invocations";
  command.summary = "what ran, how it ended, what it used and what profiling it cost";
  command.description =
      "Newest first. CPU WAIT is time that runnable threads waited for a CPU: high values mean "
      "the\n"
      "function's memory setting gives it too little CPU. An event that failed and was tried "
      "again\n"
      "keeps its request id: each attempt is a line. Lines below the table say what was lost "
      "besides\n"
      "samples.";
  command.flags = InvocationFlags();
  command.flags.push_back({"limit", "N", "at most so many (100)", {}, ""});
  command.examples = {"lambent invocations --function orders --since 1h",
                      "lambent invocations --status timeout", "lambent invocations --cold --json"};
  command.run = Run;
  return command;
}

}  // namespace lambent::cli
