// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/machine_checks.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "profiler/os/child_process.h"

namespace lambent::cli {
namespace {

using record::Diagnosis;

std::string NameOf(Rung rung) {
  return absl::StrCat("rung ", static_cast<int>(rung), ", ", std::string(RungName(rung)));
}

// What a rung is for, for people who have not read the design.
const char* PurposeOf(Rung rung) {
  switch (rung) {
    case Rung::kUnchanged:
      return "threads that did not run since";
    case Rung::kBlocked:
      return "waiting threads";
    case Rung::kConsistentRead:
      return "running Python threads, never stopped";
    case Rung::kAgent:
      return "running native threads, by the preloaded agent";
    case Rung::kStop:
      return "running threads, stopped for microseconds";
    case Rung::kPerf:
      return "running native threads, by the kernel";
    case Rung::kMetricsOnly:
      break;
  }
  return "no stacks";
}

// Whether a lack of the rung loses samples, given what else works.
bool IsNeeded(Rung rung, const Diagnosis& diagnosis) {
  const bool other =
      std::any_of(diagnosis.rungs.begin(), diagnosis.rungs.end(), [&](const RungProbe& probe) {
        return probe.rung != rung && probe.available &&
               (probe.rung == Rung::kStop || probe.rung == Rung::kPerf ||
                probe.rung == Rung::kAgent);
      });
  switch (rung) {
    case Rung::kStop:
      return !other;
    case Rung::kPerf:
    case Rung::kAgent:
    case Rung::kConsistentRead:  // the process is no Python, as a rule
      return false;
    default:
      return true;
  }
}

Check CheckRung(const RungProbe& probe, const Diagnosis& diagnosis) {
  Check check{NameOf(probe.rung), Check::kFine, "", ""};
  check.found = absl::StrCat(PurposeOf(probe.rung), ": ", probe.reason);
  if (probe.available) return check;
  check.result = IsNeeded(probe.rung, diagnosis) ? Check::kWorse : Check::kUnneeded;
  if (check.result == Check::kWorse && probe.rung == Rung::kStop) {
    check.advice =
        "busy native code shows without stacks: in a container add CAP_SYS_PTRACE, or set "
        "kernel.perf_event_paranoid to 2 or less, or preload the agent";
  } else if (check.result == Check::kWorse && probe.rung == Rung::kBlocked) {
    check.advice = "waiting native threads show without stacks";
  }
  return check;
}

Check CheckUse(const Diagnosis& diagnosis, const record::ProcessIdentity& process) {
  Check check{"stacks here", Check::kFine, "", ""};
  const Rung native = record::RungForNative(diagnosis);
  const Rung interpreted = record::RungForInterpreted(diagnosis);
  const bool blocked = diagnosis.Has(Rung::kBlocked);
  if (!blocked && native == Rung::kMetricsOnly && interpreted == Rung::kMetricsOnly) {
    check.result = Check::kFailed;
    check.found = "none: metrics only";
    check.advice = record::AdviseAccess(process);
    return check;
  }
  const auto said = [](Rung rung) {
    return rung == Rung::kMetricsOnly ? "none" : std::string(RungName(rung));
  };
  check.found = absl::StrCat("running native threads: ", said(native));
  if (diagnosis.Has(Rung::kConsistentRead)) {
    absl::StrAppend(&check.found, "; running Python threads: ", said(interpreted));
  }
  absl::StrAppend(&check.found, "; waiting threads: ", blocked ? "blocked" : "none");
  return check;
}

Check CheckCost(const Diagnosis& diagnosis) {
  Check check{"cost", Check::kFine, "", ""};
  if (diagnosis.looks == 0 || diagnosis.wall_ns <= 0) {
    check.result = Check::kWorse;
    check.found = "not measured: the process has ended";
    return check;
  }
  const auto looks = static_cast<double>(diagnosis.looks);
  const auto wall_ns = static_cast<double>(diagnosis.wall_ns);
  check.found = absl::StrFormat(
      "%.0f µs of CPU a look at a thread, which stood still for %.1f µs; of this process at 99 Hz "
      "%.2f %% and %.2f %% of one CPU",
      static_cast<double>(diagnosis.self_cpu_ns) / looks / 1000,
      static_cast<double>(diagnosis.stopped_ns) / looks / 1000,
      100 * static_cast<double>(diagnosis.self_cpu_ns) / wall_ns,
      100 * static_cast<double>(diagnosis.stopped_ns) / wall_ns);
  return check;
}

}  // namespace

std::vector<Check> ChecksOf(const record::Diagnosis& diagnosis,
                            const record::ProcessIdentity& process) {
  std::vector<Check> checks;
  for (const RungProbe& probe : diagnosis.rungs) {
    if (probe.rung != Rung::kMetricsOnly) checks.push_back(CheckRung(probe, diagnosis));
  }
  Check use = CheckUse(diagnosis, process);
  if (use.result == Check::kFailed) {
    // One cause, one advice.
    for (Check& check : checks) check.advice.clear();
  }
  checks.push_back(std::move(use));
  checks.push_back(CheckCost(diagnosis));
  return checks;
}

absl::StatusOr<std::vector<Check>> CheckProcess(int32_t pid) {
  const absl::StatusOr<record::ProcessIdentity> process =
      record::IdentifyProcess(*os::CreateProcFiles(), pid);
  if (!process.ok()) return process.status();
  const absl::StatusOr<Diagnosis> diagnosis = record::Diagnose(pid, os::RealClock());
  if (!diagnosis.ok()) return diagnosis.status();
  return ChecksOf(*diagnosis, *process);
}

std::vector<Check> CheckMachine() {
  os::ChildSpec spec;
  spec.program = "/bin/sh";
  spec.arguments = {"sh", "-c", "while :; do :; done"};
  const absl::StatusOr<os::ChildProcess> child = os::ChildProcess::Spawn(spec);
  absl::Status trouble = child.status();
  if (child.ok()) {
    absl::StatusOr<std::vector<Check>> checks = CheckProcess(child->pid());
    child->Signal(os::GroupSignal::kKill);
    if (checks.ok()) return *std::move(checks);
    trouble = checks.status();
  }
  return {{"a process to try on", Check::kFailed, std::string(trouble.message()), ""}};
}

}  // namespace lambent::cli
