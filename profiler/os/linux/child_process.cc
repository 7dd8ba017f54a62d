// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace lambent::os {
namespace {

struct Pipe {
  OwnedFd read;
  OwnedFd write;
};

absl::StatusOr<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "create pipe for child");
  return Pipe{OwnedFd(fds[0]), OwnedFd(fds[1])};
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& s : strings) pointers.push_back(const_cast<char*>(s.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

int64_t OwnRssBytes() {
  int64_t total = 0;
  int64_t resident = 0;
  std::ifstream statm("/proc/self/statm");
  statm >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

// Runs between fork and execve: only async-signal-safe calls, nothing allocated.
[[noreturn]] void BecomeChild(const char* program, char* const* argv, char* const* envp,
                              const char* directory, int out, int err, int error_pipe, int parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // the parent died before the line above took effect
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  const int null = open("/dev/null", O_RDONLY);
  if (null >= 0) dup2(null, 0);
  if (null > 2) close(null);
  bool ready = dup2(out, 1) >= 0 && dup2(err, 2) >= 0;
  if (ready && directory[0] != '\0') ready = chdir(directory) == 0;
  if (ready) execve(program, argv, envp);
  const int cause = errno;
  [[maybe_unused]] const ssize_t written = write(error_pipe, &cause, sizeof(cause));
  _exit(127);
}

}  // namespace

absl::StatusOr<ChildProcess> ChildProcess::Spawn(const ChildSpec& spec) {
  absl::StatusOr<Pipe> out = MakePipe();
  if (!out.ok()) return out.status();
  absl::StatusOr<Pipe> err = MakePipe();
  if (!err.ok()) return err.status();
  absl::StatusOr<Pipe> failure = MakePipe();
  if (!failure.ok()) return failure.status();
  const std::vector<char*> argv = Pointers(spec.arguments);
  const std::vector<char*> envp = Pointers(spec.environment);
  const int parent = getpid();

  ChildProcess child;
  child.spawn_rss_bytes_ = OwnRssBytes();
  const pid_t pid = fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, absl::StrCat("fork for ", spec.program));
  if (pid == 0) {
    BecomeChild(spec.program.c_str(), argv.data(), envp.data(), spec.working_directory.c_str(),
                out->write.get(), err->write.get(), failure->write.get(), parent);
  }
  child.pid_ = pid;
  child.running_ = true;
  failure->write.Close();
  int cause = 0;
  ssize_t got = 0;
  do {
    got = read(failure->read.get(), &cause, sizeof(cause));
  } while (got < 0 && errno == EINTR);
  if (got == sizeof(cause)) {
    return absl::ErrnoToStatus(cause, absl::StrCat("execute ", spec.program));  // child is reaped
  }
  fcntl(out->read.get(), F_SETFL, O_NONBLOCK);
  fcntl(err->read.get(), F_SETFL, O_NONBLOCK);
  child.stdout_ = std::move(out->read);
  child.stderr_ = std::move(err->read);
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      running_(std::exchange(other.running_, false)),
      spawn_rss_bytes_(other.spawn_rss_bytes_),
      stdout_(std::move(other.stdout_)),
      stderr_(std::move(other.stderr_)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this != &other) {
    KillAndWait();
    pid_ = std::exchange(other.pid_, -1);
    running_ = std::exchange(other.running_, false);
    spawn_rss_bytes_ = other.spawn_rss_bytes_;
    stdout_ = std::move(other.stdout_);
    stderr_ = std::move(other.stderr_);
  }
  return *this;
}

ChildProcess::~ChildProcess() { KillAndWait(); }

void ChildProcess::KillAndWait() {
  if (!running_) return;
  kill(-pid_, SIGKILL);
  kill(pid_, SIGKILL);  // it may not have reached setpgid
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  running_ = false;
}

void ChildProcess::Signal(GroupSignal signal) const {
  if (!running_) return;
  switch (signal) {
    case GroupSignal::kTerminate:
      kill(-pid_, SIGTERM);
      return;
    case GroupSignal::kKill:
      kill(-pid_, SIGKILL);
      return;
    case GroupSignal::kStop:
      kill(-pid_, SIGSTOP);
      return;
    case GroupSignal::kContinue:
      kill(-pid_, SIGCONT);
      return;
  }
}

std::optional<ChildExit> ChildProcess::Reap() {
  if (!running_) return std::nullopt;
  siginfo_t seen{};
  if (waitid(P_PID, static_cast<id_t>(pid_), &seen, WEXITED | WNOHANG | WNOWAIT) != 0 ||
      seen.si_pid == 0) {
    return std::nullopt;
  }
  // A thread of ours that traces it makes its stops known here too, asked for or not.
  if (seen.si_code != CLD_EXITED && seen.si_code != CLD_KILLED && seen.si_code != CLD_DUMPED) {
    return std::nullopt;
  }
  kill(-pid_, SIGKILL);
  int status = 0;
  rusage usage{};
  while (wait4(pid_, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  running_ = false;
  ChildExit exit;
  exit.by_signal = WIFSIGNALED(status);
  exit.code = exit.by_signal ? WTERMSIG(status) : WEXITSTATUS(status);
  exit.max_rss_bytes = static_cast<int64_t>(usage.ru_maxrss) * 1024;
  return exit;
}

}  // namespace lambent::os
