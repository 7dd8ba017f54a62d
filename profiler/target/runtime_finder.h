// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "profiler/os/process_files.h"

namespace lambent {

// A process that may be the function's runtime, as far as the choice needs it. A value.
struct RuntimeCandidate {
  int32_t pid = 0;
  int32_t parent = 0;
  uint64_t start_ticks = 0;
  std::string exe;
  bool has_function_variables = false;  // AWS_EXECUTION_ENV, _HANDLER or LAMBDA_TASK_ROOT
  bool has_our_api = false;             // AWS_LAMBDA_RUNTIME_API is the one we were given
};

// Which of `candidates` is the runtime; null: none. Those with our API come first; then a language
// runtime or bootstrap before a shell that is about to start it; then the topmost (a function may
// start processes that inherit its environment), then the oldest. Pure.
const RuntimeCandidate* ChooseRuntime(const std::vector<RuntimeCandidate>& candidates);

// Whether `exe` is a shell or another program known to call exec for what comes after it.
bool IsWrapper(std::string_view exe);

// The runtime process that was found. Another `exe` under the same pid means that it called exec:
// all that was known of its memory is wrong, attach again.
struct RuntimeProcess {
  int32_t pid = 0;
  uint64_t start_ticks = 0;
  std::string exe;
};

// Finds the function's runtime process among all, by the rules of an execution environment: it is
// not the init process, not us or a child of ours, not an extension, runs as our user, and its
// environment holds a function's variables. Confined to the sampler thread.
class RuntimeFinder {
 public:
  struct Options {
    std::string extensions_folder = "/opt/extensions";
    // Value of our AWS_LAMBDA_RUNTIME_API; empty: not compared.
    std::string runtime_api;
  };

  // `proc` must outlive the finder.
  RuntimeFinder(os::ProcFiles& proc, Options options);

  // Looks at every process once. None: it has not started yet, or is one of those that were found
  // not to be it: they are believed for 1, 2, 4, … up to kMaxBelieved calls as long as they run the
  // same file, because this is called each millisecond until the runtime is there and all that is
  // to be known of a process takes 40 µs, its file 3.
  std::optional<RuntimeProcess> Find();
  static constexpr uint32_t kMaxBelieved = 8;

  enum class Change { kNone, kExec, kGone };
  // Whether the process is still what was found; one readlink and one read.
  Change Check(const RuntimeProcess& process);

 private:
  // A process that was not the runtime, and what it ran then.
  struct Rejected {
    std::string exe;
    uint32_t believed = 0;  // calls it is believed for, doubled each time
    uint64_t until = 0;     // the call that asks again
    uint64_t seen = 0;      // the last call that listed it
  };
  // Whether the process runs what it was rejected with. `exe`: what it runs.
  bool IsRejected(int32_t pid, const std::string& exe);
  void Reject(int32_t pid, std::string exe);
  // `candidate->exe` is known. False: it is not one.
  bool Describe(os::ProcessFiles& process, RuntimeCandidate* candidate);

  os::ProcFiles& proc_;
  const Options options_;
  std::string own_exe_;
  std::optional<uint32_t> own_uid_;
  std::vector<int32_t> pids_;
  absl::flat_hash_map<int32_t, Rejected> rejected_;
  uint64_t calls_ = 0;
};

}  // namespace lambent
