// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace lambent::os {

// How a command ended. waitpid(2).
struct CommandEnd {
  bool by_signal = false;
  int code = 0;  // exit status, or the signal's number
};

// A command run in the foreground, as a shell would: our standard streams, folder, variables and
// process group, so that what is typed at the terminal reaches it directly, Ctrl-C too. It is never
// killed by us and outlives this object. Confined to the thread that started it.
class CommandProcess {
 public:
  // `arguments` is argv; `program` a path (see program_path.h for a name). Returns once the program
  // was executed. Errors: NotFound, PermissionDenied or another with the cause when it could not
  // be.
  static absl::StatusOr<CommandProcess> Start(const std::string& program,
                                              const std::vector<std::string>& arguments);

  int pid() const { return pid_; }

  // Its end, once: nullopt while it runs and after it was reported. Also reaps what AdoptOrphans()
  // brought us.
  std::optional<CommandEnd> Reap();

  // Passes a signal (signal(7)) on to it; nothing once its end was reported.
  void Signal(int signal) const;

 private:
  explicit CommandProcess(int pid) : pid_(pid) {}

  int pid_;
  bool running_ = true;
};

// From now on, processes whose parent ends become our children if they descend from one: they stay
// in reach. prctl(2), PR_SET_CHILD_SUBREAPER. Best effort.
void AdoptOrphans();

}  // namespace lambent::os
