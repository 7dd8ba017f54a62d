// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/process_group.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "profiler/os/loopback_socket.h"

namespace lambent::local {
namespace {

// Per call, so that a function that prints without end cannot hold up the loop.
constexpr size_t kReadBytes = size_t{1} << 20;

int64_t HighWaterBytes(int pid) {
  std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
  std::string word;
  while (status >> word) {
    if (word != "VmHWM:") continue;
    int64_t kilobytes = 0;
    status >> kilobytes;
    return kilobytes * 1024;
  }
  return 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessGroup>> ProcessGroup::Start(EventLoop& loop,
                                                                  const os::ChildSpec& spec,
                                                                  LineSink sink) {
  absl::StatusOr<os::ChildProcess> child = os::ChildProcess::Spawn(spec);
  if (!child.ok()) return child.status();
  return std::unique_ptr<ProcessGroup>(new ProcessGroup(loop, *std::move(child), std::move(sink)));
}

ProcessGroup::ProcessGroup(EventLoop& loop, os::ChildProcess child, LineSink sink)
    : loop_(loop), child_(std::move(child)), sink_(std::move(sink)) {
  loop_.Watch(child_.stdout_fd(), /*read=*/true, /*write=*/false,
              [this] { Read(child_.stdout_fd(), &out_lines_, /*is_stdout=*/true); });
  loop_.Watch(child_.stderr_fd(), /*read=*/true, /*write=*/false,
              [this] { Read(child_.stderr_fd(), &err_lines_, /*is_stdout=*/false); });
}

ProcessGroup::~ProcessGroup() {
  for (int fd : {child_.stdout_fd(), child_.stderr_fd()}) {
    if (fd >= 0) loop_.Forget(fd);
  }
}

void ProcessGroup::Read(int fd, LineSplitter* lines, bool is_stdout) {
  if (fd < 0) return;
  std::string bytes;
  const os::IoState state = os::ReadAvailable(fd, kReadBytes, &bytes);
  lines->Feed(bytes, sink_);
  if (state != os::IoState::kEnd) return;
  lines->Finish(sink_);
  loop_.Forget(fd);
  if (is_stdout) {
    child_.CloseStdout();
  } else {
    child_.CloseStderr();
  }
}

void ProcessGroup::DrainOutput() {
  Read(child_.stdout_fd(), &out_lines_, /*is_stdout=*/true);
  Read(child_.stderr_fd(), &err_lines_, /*is_stdout=*/false);
}

std::optional<os::ChildExit> ProcessGroup::Reap() {
  std::optional<os::ChildExit> exit = child_.Reap();
  if (!exit.has_value()) return exit;
  DrainOutput();
  out_lines_.Finish(sink_);
  err_lines_.Finish(sink_);
  // Up to our own size at its start, the kernel's figure is about us, not the child.
  if (exit->max_rss_bytes > child_.spawn_rss_bytes()) {
    peak_bytes_ = std::max(peak_bytes_, exit->max_rss_bytes);
  }
  return exit;
}

int64_t ProcessGroup::PeakMemoryBytes() {
  if (child_.running()) peak_bytes_ = std::max(peak_bytes_, HighWaterBytes(child_.pid()));
  return peak_bytes_;
}

}  // namespace lambent::local
