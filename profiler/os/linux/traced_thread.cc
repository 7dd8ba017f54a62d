// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/linux/traced_thread.h"

#include <elf.h>
#include <errno.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "profiler/os/linux/kept_file.h"
#include "profiler/os/proc_parse.h"

namespace lambent::os {

News Look(int32_t tid, int no_waiting, int* signal_to_deliver) {
  siginfo_t event{};
  if (waitid(P_PID, static_cast<id_t>(tid), &event,
             WSTOPPED | WEXITED | WNOWAIT | __WALL | __WNOTHREAD | no_waiting) != 0) {
    return errno == EINTR ? News::kNone : News::kNotOurs;
  }
  if (event.si_pid == 0) return News::kNone;
  if (event.si_code != CLD_TRAPPED && event.si_code != CLD_STOPPED) return News::kEnded;
  // A signal-delivery stop has no event; a stop of our own making (PTRACE_EVENT_STOP, also reported
  // for a group stop) has, and no signal to pass on.
  *signal_to_deliver = (event.si_status >> 8) == 0 ? event.si_status & 0x7f : 0;
  return News::kStopped;
}

void CollectEnd(int32_t tid) {
  std::string text;
  ProcessStatus status;
  if (ReadWhole("/proc/" + std::to_string(tid) + "/status", 8192, &text) == ReadResult::kOk &&
      ParseStatus(text, &status) && status.leader == tid && status.parent == getpid()) {
    return;
  }
  waitpid(tid, nullptr, __WALL | WNOHANG);
}

bool HasEnded(int32_t tid) {
  std::string text;
  ThreadStat stat;
  if (ReadWhole("/proc/" + std::to_string(tid) + "/stat", 4096, &text) != ReadResult::kOk) {
    return true;
  }
  return ParseThreadStat(text, &stat) && (stat.state == 'Z' || stat.state == 'X');
}

bool ReadRegisters(int32_t tid, Registers* registers) {
#if defined(__x86_64__)
  user_regs_struct kernel{};
  iovec area{&kernel, sizeof(kernel)};
  if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &area) != 0) return false;
  registers->values = {kernel.rax, kernel.rdx, kernel.rcx, kernel.rbx, kernel.rsi, kernel.rdi,
                       kernel.rbp, kernel.rsp, kernel.r8,  kernel.r9,  kernel.r10, kernel.r11,
                       kernel.r12, kernel.r13, kernel.r14, kernel.r15, kernel.rip};
#else
  user_regs_struct kernel{};
  iovec area{&kernel, sizeof(kernel)};
  if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &area) != 0) return false;
  std::copy(std::begin(kernel.regs), std::end(kernel.regs), registers->values.begin());
  registers->values[Registers::kSp] = kernel.sp;
  registers->values[Registers::kPc] = kernel.pc;
#endif
  return true;
}

}  // namespace lambent::os
