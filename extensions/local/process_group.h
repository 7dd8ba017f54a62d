// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

#include "extensions/local/event_loop.h"
#include "extensions/local/line_splitter.h"
#include "profiler/os/child_process.h"

namespace lambent::local {

// The runtime or one extension: a child in its own process group, whose output comes as lines.
// Killed and reaped with this object. Confined to the loop's thread.
class ProcessGroup {
 public:
  using LineSink = LineSplitter::Sink;

  // `loop` must outlive it.
  static absl::StatusOr<std::unique_ptr<ProcessGroup>> Start(EventLoop& loop,
                                                             const os::ChildSpec& spec,
                                                             LineSink sink);
  ~ProcessGroup();

  bool running() const { return child_.running(); }
  int pid() const { return child_.pid(); }
  void Signal(os::GroupSignal signal) const { child_.Signal(signal); }

  // Passes on what was printed so far. Before an API call of the process is handled, so that its
  // lines come before what it did next.
  void DrainOutput();

  // The end of the process, once; its output was drained.
  std::optional<os::ChildExit> Reap();

  // The largest resident size so far: VmHWM of /proc/PID/status while it runs, and what wait4 said
  // after. 0 if neither is known.
  int64_t PeakMemoryBytes();

 private:
  ProcessGroup(EventLoop& loop, os::ChildProcess child, LineSink sink);
  void Read(int fd, LineSplitter* lines, bool is_stdout);

  EventLoop& loop_;
  os::ChildProcess child_;
  LineSink sink_;
  LineSplitter out_lines_;
  LineSplitter err_lines_;
  int64_t peak_bytes_ = 0;
};

}  // namespace lambent::local
