// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <new>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "profiler/os/clock.h"
#include "tests/support/program.h"

namespace lambent::bench {

// What is looked at: a copy of this process that runs `body` for ever, or until it is killed with
// the object. REQUIRES: this process has one thread.
class ForkedSubject {
 public:
  explicit ForkedSubject(const std::function<void()>& body) {
    pid_ = fork();
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    body();
    for (;;) pause();
  }
  ~ForkedSubject() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  ForkedSubject(const ForkedSubject&) = delete;
  ForkedSubject& operator=(const ForkedSubject&) = delete;

  int pid() const { return pid_; }  // -1: there is none

 private:
  int pid_ = -1;
};

// A T that this process and its forks share; T must be all zeros at first.
template <typename T>
class Shared {
 public:
  Shared()
      : memory_(
            mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
  }
  ~Shared() { munmap(memory_, sizeof(T)); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  T* operator->() const { return static_cast<T*>(memory_); }

 private:
  void* memory_;
};

// A program that has said "ready".
inline absl::StatusOr<support::Program> StartSubject(const std::vector<std::string>& command) {
  absl::StatusOr<support::Program> program = support::Program::Start(command);
  if (!program.ok()) return program.status();
  const auto ready = [&] { return program->out().find("ready") != std::string::npos; };
  if (!program->CollectUntil(ready, absl::Seconds(30))) {
    return absl::UnavailableError(
        absl::StrCat("start ", command[0], ": it never was ready: ", program->err()));
  }
  return program;
}

// Sleeps of no regular length: what is looked at does not keep step with them.
class Naps {
 public:
  Naps(int64_t shortest_ns, int64_t longest_ns) : length_ns_(shortest_ns, longest_ns) {}

  void Take() { clock_.SleepUntil(clock_.MonotonicNs() + length_ns_(random_)); }

 private:
  os::Clock& clock_ = os::RealClock();
  std::mt19937 random_{20};
  std::uniform_int_distribution<int64_t> length_ns_;
};

// The value in the middle; 0 of none.
inline double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace lambent::bench
