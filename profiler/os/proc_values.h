// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace lambent::os {

// How one look at a file of /proc ended. An enum, not a Status: these run on the capture path.
enum class ReadResult : uint8_t {
  kOk,
  kGone,       // the thread or process has ended (ENOENT, ESRCH), or the file does not exist
  kRefused,    // not permitted here, or out of descriptors
  kMalformed,  // the kernel said something we do not understand
};

// Of /proc/PID/task/TID/stat, proc(5).
struct ThreadStat {
  char state =
      '?';  // R running or runnable, S asleep, D asleep and not interruptible, T stopped, …
  int processor = -1;  // the CPU it last ran on
  int64_t user_ticks = 0;
  int64_t system_ticks = 0;
  uint64_t start_ticks = 0;  // since boot; with the tid it names a thread for ever
};

// Of /proc/PID/task/TID/schedstat, Documentation/scheduler/sched-stats.rst. All zero when the
// kernel was built without CONFIG_SCHED_INFO.
struct ThreadSchedule {
  uint64_t cpu_ns = 0;      // time on a CPU
  uint64_t wait_ns = 0;     // time runnable but waiting for a CPU
  uint64_t timeslices = 0;  // times it was put on a CPU

  friend bool operator==(const ThreadSchedule&, const ThreadSchedule&) = default;
};

// Of /proc/PID/task/TID/syscall, proc(5).
struct ThreadCall {
  enum class Kind : uint8_t {
    kRunning,  // on a CPU or preempted: there are no registers to see
    kInCall,   // blocked in system call `number`
    kBlocked,  // blocked, not in a system call (a page fault)
  };
  Kind kind = Kind::kRunning;
  int64_t number = -1;
  uint64_t argument = 0;  // the call's first
  uint64_t sp = 0;
  uint64_t pc = 0;
};

// Of /proc/PID/stat, proc(5).
struct ProcessStat {
  char state = '?';
  int32_t parent = 0;
  uint64_t minor_faults = 0;
  uint64_t major_faults = 0;
  int64_t user_ticks = 0;  // of all threads, ended ones too
  int64_t system_ticks = 0;
  int32_t threads = 0;
  uint64_t start_ticks = 0;
};

// Of /proc/PID/status, proc(5).
struct ProcessStatus {
  int32_t leader = 0;           // Tgid: the process a thread belongs to
  int32_t parent = 0;           // PPid
  int32_t namespace_pid = 0;    // NSpid: its pid as it knows it itself; 0: not told
  uint32_t uid = 0;             // effective
  uint64_t rss_peak_bytes = 0;  // VmHWM
};

// Context switches, of /proc/PID/task/TID/status, proc(5).
struct ThreadSwitches {
  uint64_t voluntary = 0;
  uint64_t involuntary = 0;
};

// Of /proc/PID/io, proc(5).
struct ProcessIo {
  uint64_t read_bytes = 0;   // rchar: by read(2) and friends, from the page cache or not
  uint64_t write_bytes = 0;  // wchar
};

}  // namespace lambent::os
