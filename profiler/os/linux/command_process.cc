// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/command_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "profiler/os/owned_fd.h"

namespace lambent::os {
namespace {

// Runs between fork and execve: only async-signal-safe calls, nothing allocated.
[[noreturn]] void BecomeCommand(const char* program, char* const* argv, int error_pipe) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execv(program, argv);
  const int cause = errno;
  [[maybe_unused]] const ssize_t written = write(error_pipe, &cause, sizeof(cause));
  _exit(127);
}

}  // namespace

absl::StatusOr<CommandProcess> CommandProcess::Start(const std::string& program,
                                                     const std::vector<std::string>& arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "create a pipe");
  const OwnedFd read_end(ends[0]);
  OwnedFd write_end(ends[1]);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  const pid_t pid = fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, absl::StrCat("start ", program));
  if (pid == 0) BecomeCommand(program.c_str(), argv.data(), write_end.get());
  write_end.Close();
  int cause = 0;
  ssize_t got = 0;
  do {
    got = read(read_end.get(), &cause, sizeof(cause));
  } while (got < 0 && errno == EINTR);
  if (got == sizeof(cause)) {
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return absl::ErrnoToStatus(cause, absl::StrCat("start ", program));
  }
  return CommandProcess(pid);
}

std::optional<CommandEnd> CommandProcess::Reap() {
  std::optional<CommandEnd> end;
  for (;;) {
    // Looks before it takes: a child that another thread of ours stopped by ptrace is reported here
    // too, whatever is asked for, and that report is the other thread's.
    siginfo_t seen{};
    if (waitid(P_ALL, 0, &seen, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == EINTR) continue;
    const bool ended =
        seen.si_pid != 0 &&
        (seen.si_code == CLD_EXITED || seen.si_code == CLD_KILLED || seen.si_code == CLD_DUMPED);
    if (!ended) return end;
    while (waitid(P_PID, static_cast<id_t>(seen.si_pid), &seen, WEXITED) != 0 && errno == EINTR) {
    }
    if (seen.si_pid != pid_) continue;
    running_ = false;
    end = CommandEnd{seen.si_code != CLD_EXITED, seen.si_status};
  }
}

void CommandProcess::Signal(int signal) const {
  if (running_) kill(pid_, signal);
}

void AdoptOrphans() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

}  // namespace lambent::os
