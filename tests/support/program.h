// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "profiler/os/child_process.h"

namespace lambent::support {

// Variables a program is started with, over PATH, HOME and TMPDIR of this process.
using Variables = std::map<std::string, std::string>;

// How a program ended and what it said.
struct Finished {
  bool ended = false;  // false: its time was up and it was killed
  bool by_signal = false;
  int code = -1;
  std::string out;
  std::string err;

  bool ok() const { return ended && !by_signal && code == 0; }
  std::string Describe() const;
};

// A real program beside the test, in a process group of its own, its output collected. The whole
// group is killed with the object. Confined to one thread.
class Program {
 public:
  // `arguments` begins with the program's path or name in PATH.
  static absl::StatusOr<Program> Start(const std::vector<std::string>& arguments,
                                       const Variables& variables = {},
                                       const std::string& working_directory = "");

  int pid() const { return child_.pid(); }
  const std::string& out() const { return finished_.out; }
  const std::string& err() const { return finished_.err; }
  void Signal(os::GroupSignal signal) { child_.Signal(signal); }

  // Collects output until done() or the program has ended; false if neither within `limit`.
  bool CollectUntil(const std::function<bool()>& done, absl::Duration limit);

  // Waits for the end; kills the group when `limit` has passed. May be called again.
  Finished Wait(absl::Duration limit);

  // Sends the signal, then Wait().
  Finished Stop(os::GroupSignal signal = os::GroupSignal::kTerminate,
                absl::Duration limit = absl::Seconds(20));

 private:
  explicit Program(os::ChildProcess child) : child_(std::move(child)) {}
  void Drain(absl::Duration wait);

  os::ChildProcess child_;
  Finished finished_;
};

// Start and Wait in one; a program that cannot be started is an unfinished one that says why.
Finished RunProgram(const std::vector<std::string>& arguments, const Variables& variables = {},
                    absl::Duration limit = absl::Seconds(60));

// Content of a file, or empty.
std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& content);

}  // namespace lambent::support
