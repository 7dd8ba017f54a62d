// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/record/access.h"

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace lambent::record {

int YamaScope(os::ProcFiles& proc) {
  std::string text;
  int scope = 0;
  if (proc.ReadText("sys/kernel/yama/ptrace_scope", &text) != os::ReadResult::kOk) return 0;
  return absl::SimpleAtoi(absl::StripAsciiWhitespace(text), &scope) ? scope : 0;
}

absl::StatusOr<ProcessIdentity> IdentifyProcess(os::ProcFiles& proc, int32_t pid) {
  const std::unique_ptr<os::ProcessFiles> files = proc.OpenProcess(pid);
  os::ProcessStat stat;
  os::ProcessStatus status;
  if (files->ReadStat(&stat) != os::ReadResult::kOk ||
      files->ReadStatus(&status) != os::ReadResult::kOk) {
    return absl::NotFoundError(absl::StrCat("no process has the id ", pid));
  }
  if (stat.state == 'Z' || stat.state == 'X') {
    return absl::NotFoundError(absl::StrCat("process ", pid, " has ended already"));
  }
  if (pid == proc.SelfPid()) {
    return absl::InvalidArgumentError(absl::StrCat("process ", pid, " is this very lambent"));
  }
  if (status.leader != pid) {
    return absl::InvalidArgumentError(absl::StrCat(pid, " is a thread of process ", status.leader,
                                                   "; use --pid ", status.leader));
  }
  // Threads of the kernel descend from kthreadd, process 2.
  if (pid == 2 || stat.parent == 2) {
    return absl::InvalidArgumentError(absl::StrCat("process ", pid, " is a thread of the kernel"));
  }
  ProcessIdentity identity;
  identity.pid = pid;
  identity.uid = status.uid;
  files->OpenThread(pid)->ReadName(&identity.name);
  os::ProcessStatus own;
  if (proc.OpenProcess(proc.SelfPid())->ReadStatus(&own) == os::ReadResult::kOk) {
    identity.own_uid = own.uid;
  }
  identity.yama_scope = YamaScope(proc);
  return identity;
}

std::string AdviseAccess(const ProcessIdentity& process) {
  if (process.own_uid != 0 && process.uid != process.own_uid) {
    return absl::StrCat("it belongs to user ", process.uid, ", lambent runs as user ",
                        process.own_uid, ": run lambent as that user or as root (sudo)");
  }
  if (process.yama_scope == 1 && process.own_uid != 0) {
    return "kernel.yama.ptrace_scope is 1, so only own children may be looked at: start the "
           "program "
           "with lambent record -- COMMAND, run lambent as root, or set it to 0 (sudo sysctl "
           "kernel.yama.ptrace_scope=0)";
  }
  if (process.yama_scope >= 2) {
    return absl::StrCat("kernel.yama.ptrace_scope is ", process.yama_scope,
                        process.yama_scope == 2
                            ? ": run lambent as root, or set it to 1 or 0"
                            : ": nobody may look at another process until the next boot");
  }
  if (process.own_uid == 0) {
    return "even root may not here: in a container, give it CAP_SYS_PTRACE (docker run --cap-add "
           "SYS_PTRACE) and a seccomp profile that allows process_vm_readv";
  }
  return "a seccomp filter refuses it, or the process guards itself (it changed its user or called "
         "prctl PR_SET_DUMPABLE): run lambent as root";
}

}  // namespace lambent::record
