// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Claims, each for one observation of one thread: unchanged 2 µs, blocked 20 µs, a consistent read
// of an interpreter 15 µs, a stop 60 µs, each beside a thread that runs; attaching takes less than
// 5 ms.
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "benchmark/benchmark.h"

#include "profiler/os/child_process.h"
#include "profiler/os/clock.h"
#include "profiler/stacks/ladder.h"

namespace lambent {
namespace {

// A child to look at, and the ladder that does, brought to where `rung` is what it takes.
class Subject {
 public:
  Subject(std::initializer_list<std::string> command, Rung rung) : rung_(rung) {
    os::ChildSpec spec;
    spec.program = *command.begin();
    spec.arguments = command;
    auto child = os::ChildProcess::Spawn(spec);
    if (!child.ok()) return;
    child_.emplace(*std::move(child));
    auto ladder = Ladder::Attach(child_->pid(), os::RealClock(), {});
    if (!ladder.ok()) return;
    ladder_ = *std::move(ladder);
    for (int tick = 0; tick < 1000 && !ready_; ++tick) {
      LetItRun();
      ready_ = Observe();
    }
  }

  // A thread that did not run since is found unchanged; so it gets to run between observations.
  static void LetItRun() {
    os::Clock& clock = os::RealClock();
    clock.SleepUntil(clock.MonotonicNs() + 2'000'000);
  }

  bool ready() const { return ready_; }
  int pid() const { return child_->pid(); }

  // True if the main thread's stack came by the rung meant.
  bool Observe() {
    bool hit = false;
    ladder_->Observe([&](const ThreadSample& sample) {
      if (sample.tid != ladder_->pid() || sample.stack == nullptr) return;
      hit = sample.rung == rung_;
      stopped_ns_ += sample.stopped_ns;
      depth_ = sample.stack->size();
    });
    return hit;
  }

  int64_t stopped_ns() const { return stopped_ns_; }
  size_t depth() const { return depth_; }

 private:
  const Rung rung_;
  std::optional<os::ChildProcess> child_;
  std::unique_ptr<Ladder> ladder_;
  bool ready_ = false;
  int64_t stopped_ns_ = 0;
  size_t depth_ = 0;
};

void Measure(benchmark::State& state, Subject& subject) {
  if (!subject.ready()) {
    state.SkipWithError("this rung does not work here, or its program is missing");
    return;
  }
  int64_t hits = 0;
  const int64_t stopped_before = subject.stopped_ns();
  for (auto _ : state) {
    Subject::LetItRun();
    const int64_t start = os::RealClock().MonotonicNs();
    hits += subject.Observe() ? 1 : 0;
    state.SetIterationTime(static_cast<double>(os::RealClock().MonotonicNs() - start) * 1e-9);
  }
  const auto ticks = static_cast<double>(state.iterations());
  state.counters["hit_share"] = static_cast<double>(hits) / ticks;
  state.counters["frames"] = static_cast<double>(subject.depth());
  state.counters["stopped_ns"] = static_cast<double>(subject.stopped_ns() - stopped_before) / ticks;
}

// Depth 15, as a handler has it.
constexpr char kPythonSpin[] =
    "def f(n):\n"
    "  if n: f(n - 1)\n"
    "  while not n: pass\n"
    "f(13)";

void BM_Unchanged(benchmark::State& state) {
  Subject subject({"/bin/sleep", "3600"}, Rung::kUnchanged);
  Measure(state, subject);
}
BENCHMARK(BM_Unchanged)->UseManualTime()->Iterations(500);

void BM_ConsistentReadPython(benchmark::State& state) {
  Subject subject({"/usr/bin/python3", "-c", kPythonSpin}, Rung::kConsistentRead);
  Measure(state, subject);
}
BENCHMARK(BM_ConsistentReadPython)->UseManualTime()->Iterations(500);

void BM_StopNative(benchmark::State& state) {
  Subject subject({"/bin/sh", "-c", "while :; do :; done"}, Rung::kStop);
  Measure(state, subject);
}
BENCHMARK(BM_StopNative)->UseManualTime()->Iterations(500);

// A thread that sleeps again and again: each time it is another sleep.
void BM_BlockedNative(benchmark::State& state) {
  Subject subject({"/bin/sh", "-c", "while :; do sleep 0.001; done"}, Rung::kBlocked);
  Measure(state, subject);
}
BENCHMARK(BM_BlockedNative)->UseManualTime()->Iterations(500);

void BM_BlockedPython(benchmark::State& state) {
  Subject subject({"/usr/bin/python3", "-c", "import time\nwhile 1: time.sleep(0.001)"},
                  Rung::kBlocked);
  Measure(state, subject);
}
BENCHMARK(BM_BlockedPython)->UseManualTime()->Iterations(500);

// A new ladder each time: its first observation finds a sleeping thread blocked. Attach is part.
void BM_AttachAndReadBlocked(benchmark::State& state) {
  Subject subject({"/bin/sleep", "3600"}, Rung::kUnchanged);
  if (!subject.ready()) {
    state.SkipWithError("threads can not be read here");
    return;
  }
  for (auto _ : state) {
    auto ladder = Ladder::Attach(subject.pid(), os::RealClock(), {});
    if (ladder.ok()) (*ladder)->Observe([](const ThreadSample&) {});
  }
}
BENCHMARK(BM_AttachAndReadBlocked);

}  // namespace
}  // namespace lambent
