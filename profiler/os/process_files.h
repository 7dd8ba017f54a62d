// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "profiler/os/file_bytes.h"
#include "profiler/os/proc_values.h"

namespace lambent::os {

// The files of one thread in /proc. Descriptors are opened at the first use and kept: a read is
// then one pread (schedstat 0.7 µs, syscall 1.0, stat 3.4), and a tid that is used again for
// another thread can not be taken for the old one. After the first use nothing allocates.
// Thread-compatible.
class ThreadFiles {
 public:
  virtual ~ThreadFiles() = default;
  virtual int32_t tid() const = 0;
  virtual ReadResult ReadSchedule(ThreadSchedule* schedule) = 0;
  virtual ReadResult ReadStat(ThreadStat* stat) = 0;
  virtual ReadResult ReadCall(ThreadCall* call) = 0;
  // Dearer, and its descriptor is not kept: for boundaries.
  virtual ReadResult ReadSwitches(ThreadSwitches* switches) = 0;
  // The thread's name (comm): at most 15 bytes, any bytes.
  virtual ReadResult ReadName(std::string* name) = 0;
};

// The files of one process in /proc. Thread-compatible.
class ProcessFiles {
 public:
  virtual ~ProcessFiles() = default;
  virtual int32_t pid() const = 0;

  // The ids of its threads, ascending as the kernel lists them. `tids` is overwritten.
  virtual ReadResult ListThreads(std::vector<int32_t>* tids) = 0;
  // How many threads it has, 0 when it has ended, by the link count of its task folder: one call
  // that formats nothing, where ListThreads takes three. Needs ListThreads once before. kRefused
  // where the count is not kept.
  virtual ReadResult CountThreads(int64_t* count) = 0;
  virtual std::unique_ptr<ThreadFiles> OpenThread(int32_t tid) = 0;

  // Cheap, descriptors are kept.
  virtual ReadResult ReadStat(ProcessStat* stat) = 0;
  virtual ReadResult ReadResidentBytes(uint64_t* bytes) = 0;  // statm
  // CPU time (user and system, ended threads too) by the process's CPU clock,
  // clock_getcpuclockid(3): exact where the ticks of ReadStat are 10 ms coarse, 0.24 µs. No
  // descriptor holds it to the process: a pid that is used again answers for the new one. Refused
  // for another /proc's pids.
  virtual ReadResult ReadCpuNs(int64_t* cpu_ns) = 0;

  // Dearer: for boundaries.
  virtual ReadResult ReadStatus(ProcessStatus* status) = 0;
  virtual ReadResult ReadIo(ProcessIo* io) = 0;
  virtual ReadResult CountOpenFiles(int64_t* count) = 0;
  // Soft limit of "Max open files"; -1: unlimited.
  virtual ReadResult ReadOpenFilesLimit(int64_t* limit) = 0;

  // Text of maps; bounded (a longer one is cut at the last whole line).
  virtual ReadResult ReadMaps(std::string* text) = 0;
  // What the exe link points at, " (deleted)" taken off. Changes when the process calls exec.
  virtual ReadResult ReadExe(std::string* path) = 0;
  // Whether a variable of its environment begins with one of `names` ("NAME=", or "NAME=value\0"
  // for exactly that value). The environment may hold secrets: nothing of it is kept.
  virtual ReadResult HasVariable(absl::Span<const std::string_view> names, bool* found) = 0;

  // A file as the process sees it (through /proc/PID/root), for parsing.
  virtual absl::StatusOr<std::unique_ptr<FileBytes>> OpenFile(std::string_view path) const = 0;
  // A file the process may have written itself, by a path as it sees it: a regular file, no
  // symbolic link, of its user or root, and changed since the process started, so that it is not
  // left over from another with the same pid. Errors: NotFound, else FailedPrecondition and what is
  // wrong with it.
  virtual absl::StatusOr<std::unique_ptr<FileBytes>> OpenWritten(std::string_view path) = 0;
  // Another program runs in the process: OpenWritten takes what is changed from now on, by the user
  // it has now. What the new program wrote before it was noticed is refused until it writes again.
  virtual void NoteExec() = 0;
  // The file mapped at [start, end), however it is called now, or deleted (map_files, which needs
  // CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE on some kernels).
  virtual absl::StatusOr<std::unique_ptr<FileBytes>> OpenMapped(uint64_t start,
                                                                uint64_t end) const = 0;
};

// A /proc file system.
class ProcFiles {
 public:
  virtual ~ProcFiles() = default;
  // The ids of all processes, ascending. `pids` is overwritten.
  virtual ReadResult ListProcesses(std::vector<int32_t>* pids) = 0;
  // Never fails: a process that is not there answers kGone to every question.
  virtual std::unique_ptr<ProcessFiles> OpenProcess(int32_t pid) = 0;
  // Text of a file not of one process, such as "net/dev"; bounded.
  virtual ReadResult ReadText(std::string_view name, std::string* text) = 0;
  virtual int32_t SelfPid() const = 0;
};

// The kernel's, mounted at `proc_root`; tests point it at a tree of plain files.
std::unique_ptr<ProcFiles> CreateProcFiles(std::string_view proc_root = "/proc");

// Clock ticks (of *_ticks above) in a second: sysconf(_SC_CLK_TCK).
int64_t TicksPerSecond();

}  // namespace lambent::os
