// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "profiler/os/owned_fd.h"

namespace lambent::os {

// What to start. `program` is a path; see program_path.h for a name.
struct ChildSpec {
  std::string program;
  std::vector<std::string> arguments;    // argv, the first is argv[0]
  std::vector<std::string> environment;  // "NAME=value", complete
  std::string working_directory;         // empty: ours
};

// How a child ended. waitpid(2).
struct ChildExit {
  bool by_signal = false;
  int code = 0;  // exit status, or the signal's number
  // ru_maxrss. Never below what *our* process had resident at the start of the child, since the
  // kernel counts the address space from before execve(2): compare with ChildProcess::spawn_rss.
  int64_t max_rss_bytes = 0;
};

enum class GroupSignal { kTerminate, kKill, kStop, kContinue };

// A child in a process group of its own, with its standard output and error in pipes that do not
// block and standard input from /dev/null. It dies with the thread that started it
// (PR_SET_PDEATHSIG), and its whole group is killed and reaped with this object. Thread-compatible.
class ChildProcess {
 public:
  // Returns after the program was executed; NotFound, PermissionDenied or Internal with the cause
  // when it could not be.
  static absl::StatusOr<ChildProcess> Spawn(const ChildSpec& spec);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  // Also the id of its process group. Kept after the child has ended.
  int pid() const { return pid_; }
  bool running() const { return running_; }
  int stdout_fd() const { return stdout_.get(); }
  int stderr_fd() const { return stderr_.get(); }
  int64_t spawn_rss_bytes() const { return spawn_rss_bytes_; }

  // Sends to every process of the group; nothing once the child was reaped.
  void Signal(GroupSignal signal) const;

  // The child's end, once: nullopt while it runs and after it was reported. What is left of its
  // group is killed first, while the zombie still reserves the group's number.
  std::optional<ChildExit> Reap();

  void CloseStdout() { stdout_.Close(); }
  void CloseStderr() { stderr_.Close(); }

 private:
  ChildProcess() = default;
  void KillAndWait();

  int pid_ = -1;
  bool running_ = false;
  int64_t spawn_rss_bytes_ = 0;
  OwnedFd stdout_;
  OwnedFd stderr_;
};

}  // namespace lambent::os
