// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/target/runtime_finder.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace lambent {
namespace {

using os::ReadResult;

std::string_view BaseName(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// Whether `pid` has `ancestor` above it, among the candidates (bounded: parents may be nonsense).
bool HasAncestorAmong(const std::vector<RuntimeCandidate>& candidates,
                      const RuntimeCandidate& candidate) {
  int32_t parent = candidate.parent;
  for (size_t step = 0; step < candidates.size(); ++step) {
    const auto above = std::find_if(candidates.begin(), candidates.end(),
                                    [&](const RuntimeCandidate& c) { return c.pid == parent; });
    if (above == candidates.end()) return false;
    if (!IsWrapper(above->exe)) return true;
    parent = above->parent;
  }
  return false;
}

}  // namespace

bool IsWrapper(std::string_view exe) {
  constexpr std::array<std::string_view, 9> kWrappers = {"sh",  "bash", "dash",    "ash", "busybox",
                                                         "env", "zsh",  "timeout", "nice"};
  return std::find(kWrappers.begin(), kWrappers.end(), BaseName(exe)) != kWrappers.end();
}

const RuntimeCandidate* ChooseRuntime(const std::vector<RuntimeCandidate>& candidates) {
  const RuntimeCandidate* best = nullptr;
  const auto rank = [&](const RuntimeCandidate& c) {
    return std::make_tuple(!c.has_our_api, IsWrapper(c.exe), HasAncestorAmong(candidates, c),
                           c.start_ticks, c.pid);
  };
  for (const RuntimeCandidate& candidate : candidates) {
    if (!candidate.has_function_variables) continue;
    if (best == nullptr || rank(candidate) < rank(*best)) best = &candidate;
  }
  return best;
}

RuntimeFinder::RuntimeFinder(os::ProcFiles& proc, Options options)
    : proc_(proc), options_(std::move(options)) {
  const auto self = proc_.OpenProcess(proc_.SelfPid());
  os::ProcessStatus status;
  if (self->ReadStatus(&status) == ReadResult::kOk) own_uid_ = status.uid;
  if (self->ReadExe(&own_exe_) != ReadResult::kOk) own_exe_.clear();
}

std::optional<RuntimeProcess> RuntimeFinder::Find() {
  if (proc_.ListProcesses(&pids_) != ReadResult::kOk) return std::nullopt;
  ++calls_;
  std::vector<RuntimeCandidate> candidates;
  for (const int32_t pid : pids_) {
    if (pid == 1 || pid == proc_.SelfPid()) continue;
    const auto process = proc_.OpenProcess(pid);
    RuntimeCandidate candidate;
    if (process->ReadExe(&candidate.exe) != ReadResult::kOk) continue;
    if (IsRejected(pid, candidate.exe)) continue;
    if (Describe(*process, &candidate)) {
      candidates.push_back(std::move(candidate));
    } else {
      Reject(pid, std::move(candidate.exe));
    }
  }
  absl::erase_if(rejected_, [this](const auto& entry) { return entry.second.seen != calls_; });
  const RuntimeCandidate* const chosen = ChooseRuntime(candidates);
  if (chosen == nullptr) return std::nullopt;
  return RuntimeProcess{chosen->pid, chosen->start_ticks, chosen->exe};
}

bool RuntimeFinder::IsRejected(int32_t pid, const std::string& exe) {
  const auto found = rejected_.find(pid);
  if (found == rejected_.end()) return false;
  Rejected& rejected = found->second;
  if (rejected.exe != exe) {
    rejected_.erase(found);
    return false;
  }
  rejected.seen = calls_;
  return calls_ < rejected.until;
}

void RuntimeFinder::Reject(int32_t pid, std::string exe) {
  Rejected& rejected = rejected_[pid];
  rejected.exe = std::move(exe);
  // Once at first: in the middle of an exec the file is the new one and the environment still
  // empty.
  rejected.believed = std::clamp(2 * rejected.believed, 1u, kMaxBelieved);
  rejected.until = calls_ + rejected.believed;
  rejected.seen = calls_;
}

bool RuntimeFinder::Describe(os::ProcessFiles& process, RuntimeCandidate* candidate) {
  os::ProcessStat stat;
  if (process.ReadStat(&stat) != ReadResult::kOk || stat.state == 'Z' || stat.state == 'X' ||
      stat.parent == proc_.SelfPid()) {
    return false;
  }
  os::ProcessStatus status;
  if (process.ReadStatus(&status) != ReadResult::kOk) return false;
  if (own_uid_.has_value() && status.uid != *own_uid_) return false;
  const std::string folder = options_.extensions_folder + "/";
  if (candidate->exe.compare(0, folder.size(), folder) == 0 || candidate->exe == own_exe_) {
    return false;
  }
  constexpr std::array<std::string_view, 3> kFunction = {
      "AWS_EXECUTION_ENV=", "_HANDLER=", "LAMBDA_TASK_ROOT="};
  if (process.HasVariable(kFunction, &candidate->has_function_variables) != ReadResult::kOk ||
      !candidate->has_function_variables) {
    return false;
  }
  if (!options_.runtime_api.empty()) {
    std::string whole = "AWS_LAMBDA_RUNTIME_API=" + options_.runtime_api;
    whole.push_back('\0');
    const std::string_view name = whole;
    if (process.HasVariable({&name, 1}, &candidate->has_our_api) != ReadResult::kOk) return false;
  }
  candidate->pid = process.pid();
  candidate->parent = stat.parent;
  candidate->start_ticks = stat.start_ticks;
  return true;
}

RuntimeFinder::Change RuntimeFinder::Check(const RuntimeProcess& process) {
  const auto files = proc_.OpenProcess(process.pid);
  os::ProcessStat stat;
  if (files->ReadStat(&stat) != ReadResult::kOk || stat.start_ticks != process.start_ticks ||
      stat.state == 'Z' || stat.state == 'X') {
    return Change::kGone;
  }
  std::string exe;
  if (files->ReadExe(&exe) != ReadResult::kOk) return Change::kGone;
  return exe == process.exe ? Change::kNone : Change::kExec;
}

}  // namespace lambent
