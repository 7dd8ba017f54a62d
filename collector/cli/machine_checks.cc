// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/machine_checks.h"

#include <cstdint>
#include <fstream>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "profiler/os/child_process.h"
#include "profiler/os/remote_memory.h"
#include "profiler/os/thread_control.h"

namespace lambent::cli {
namespace {

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string YamaText() {
  const std::string scope = FirstLine("/proc/sys/kernel/yama/ptrace_scope");
  return scope.empty() ? std::string() : absl::StrCat("; kernel.yama.ptrace_scope is ", scope);
}

// An address the child surely has: the start of its first mapping.
uint64_t FirstMapping(int pid) {
  const std::string line = FirstLine(absl::StrCat("/proc/", pid, "/maps"));
  uint64_t address = 0;
  return absl::SimpleHexAtoi(line.substr(0, line.find('-')), &address) ? address : 0;
}

Check CheckMemory(int pid) {
  const os::RemoteMemoryProbe probe = os::ProbeRemoteMemory(pid, FirstMapping(pid));
  if (probe.memory == nullptr) {
    return {"reading memory (rungs 1 to 4)", Check::kFailed,
            absl::StrCat("process_vm_readv: ", probe.vm_read, "; /proc/PID/mem: ", probe.proc_mem,
                         YamaText()),
            "no stacks here, metrics only: run as the same user as the function, without a seccomp "
            "filter on process_vm_readv"};
  }
  return {"reading memory (rungs 1 to 4)", Check::kFine,
          absl::StrCat("process_vm_readv: ", probe.vm_read, "; /proc/PID/mem: ", probe.proc_mem),
          ""};
}

Check CheckStop(int pid) {
  std::unique_ptr<os::ThreadControl> control = os::CreateThreadControl();
  os::Registers registers;
  const os::StopResult result = control->Stop(pid, &registers);
  if (result == os::StopResult::kStopped) {
    control->Resume();
    return {"stopping threads (rung 4)", Check::kFine,
            "ptrace works: native stacks of busy threads", ""};
  }
  return {
      "stopping threads (rung 4)", Check::kWorse,
      absl::StrCat("ptrace ", result == os::StopResult::kRefused ? "is refused" : "did not work",
                   YamaText()),
      "busy native code shows without stacks; in a container add CAP_SYS_PTRACE, or set "
      "kernel.yama.ptrace_scope to 0 or 1"};
}

Check CheckBlocked(int pid) {
  const std::string call = FirstLine(absl::StrCat("/proc/", pid, "/syscall"));
  if (!call.empty()) {
    return {"blocked threads (rung 1)", Check::kFine, "/proc/PID/task/TID/syscall is readable", ""};
  }
  return {"blocked threads (rung 1)", Check::kWorse,
          absl::StrCat("/proc/PID/task/TID/syscall is not readable", YamaText()),
          "waiting native threads show without stacks; frames of an interpreter need no registers"};
}

Check CheckPerf() {
  const std::string level = FirstLine("/proc/sys/kernel/perf_event_paranoid");
  int value = 4;
  if (!absl::SimpleAtoi(level, &value)) {
    return {"perf events (rung 5)", Check::kWorse, "this kernel has none; not needed", ""};
  }
  return {"perf events (rung 5)", value <= 2 ? Check::kFine : Check::kWorse,
          absl::StrCat("kernel.perf_event_paranoid is ", value,
                       value <= 2 ? ", enough for own processes" : "; not needed"),
          ""};
}

}  // namespace

std::vector<Check> CheckMachine() {
  std::vector<Check> checks;
  os::ChildSpec spec;
  spec.program = "/bin/sleep";
  spec.arguments = {"sleep", "20"};
  absl::StatusOr<os::ChildProcess> child = os::ChildProcess::Spawn(spec);
  if (!child.ok()) {
    checks.push_back(
        {"a process to try on", Check::kFailed,
         absl::StrCat("cannot start /bin/sleep: ", std::string(child.status().message())), ""});
  } else {
    checks.push_back(CheckMemory(child->pid()));
    checks.push_back(CheckBlocked(child->pid()));
    checks.push_back(CheckStop(child->pid()));
    child->Signal(os::GroupSignal::kKill);
  }
  checks.push_back(CheckPerf());
  return checks;
}

}  // namespace lambent::cli
