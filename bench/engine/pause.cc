// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Claim: a thread that is stopped for a sample (rung 4), 16 KB of its stack copied, is held for at
// most 35 µs when the sampler runs on another CPU, 14 µs when it runs on the thread's own.
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/str_format.h"

#include "bench/engine/cpus.h"
#include "bench/engine/rows.h"
#include "bench/engine/subject.h"
#include "profiler/os/remote_memory.h"
#include "profiler/os/thread_control.h"
#include "profiler/unwind/raw_snapshot.h"

namespace lambent::bench {
namespace {

// Shorter ones are the loop itself, and the timer's interrupts.
constexpr int64_t kGapNs = 2'500;

struct Gap {
  int64_t begin_ns;
  int64_t end_ns;
};

// What the thread itself sees of its pauses: gaps in its clock.
struct GapLog {
  std::atomic<uint32_t> count;
  Gap gaps[1 << 18];
};

// Looks at the clock for ever, on `cpu`, with more than 16 KB of stack in use.
void WatchClock(int cpu, GapLog* log) {
  BindToCpu(cpu);
  volatile char used[20 * 1024] = {};
  const os::Clock& clock = os::RealClock();
  int64_t last_ns = clock.MonotonicNs();
  for (;;) {
    const int64_t now_ns = clock.MonotonicNs();
    if (now_ns - last_ns > kGapNs) {
      const uint32_t count = log->count.load(std::memory_order_relaxed);
      if (count == std::size(log->gaps)) return;
      log->gaps[count] = {last_ns, now_ns};
      log->count.store(count + 1, std::memory_order_release);  // to FeltBetween()
    }
    last_ns = now_ns;
    used[0] = used[1];
  }
}

struct Cycle {
  int64_t begin_ns;
  int64_t end_ns;
};

// Pauses the thread had within each cycle, µs.
std::vector<double> FeltIn(const std::vector<Cycle>& cycles, const GapLog& log) {
  std::vector<double> felt_us;
  const uint32_t count = log.count.load(std::memory_order_acquire);  // of WatchClock()
  uint32_t next = 0;
  for (const Cycle& cycle : cycles) {
    while (next < count && log.gaps[next].end_ns < cycle.begin_ns) ++next;
    int64_t felt_ns = 0;
    for (; next < count && log.gaps[next].begin_ns < cycle.end_ns; ++next) {
      felt_ns += log.gaps[next].end_ns - log.gaps[next].begin_ns;
    }
    if (felt_ns != 0) felt_us.push_back(static_cast<double>(felt_ns) / 1000);
  }
  return felt_us;
}

absl::Status MeasureFrom(int sampler_cpu, int cpu, int stops, std::string_view name,
                         std::vector<Row>* rows) {
  Shared<GapLog> log;
  ForkedSubject subject([&] { WatchClock(cpu, log.operator->()); });
  if (!BindToCpu(sampler_cpu)) return absl::UnavailableError("choose the sampler's CPU");
  const std::unique_ptr<os::ThreadControl> control = os::CreateThreadControl();
  const std::unique_ptr<os::RemoteMemory> memory = os::CreateVmReadMemory(subject.pid());
  // As the ladder waits.
  const os::StopPatience patience{.awake_ns = sampler_cpu == cpu ? 0 : 60'000,
                                  .asleep_ns = 5'000'000};
  RawSnapshot snapshot;
  const os::Clock& clock = os::RealClock();
  std::vector<Cycle> cycles;
  std::vector<Cycle> mere_looks;  // at the clock, for what waking up there costs by itself
  std::vector<double> cycle_us;
  Naps naps(1'000'000, 2'000'000);
  for (int i = 0; i < stops; ++i) {
    naps.Take();
    mere_looks.push_back({clock.MonotonicNs(), clock.MonotonicNs()});
    naps.Take();
    const int64_t begin_ns = clock.MonotonicNs();
    os::Registers registers;
    const os::StopResult stop = control->Stop(subject.pid(), patience, &registers);
    if (stop == os::StopResult::kRefused) return absl::PermissionDeniedError("ptrace is refused");
    if (stop != os::StopResult::kStopped) continue;
    snapshot.SetRegisters(registers, begin_ns);
    const size_t copied = snapshot.CopyStack(*memory, RawSnapshot::kDefaultStackBytes, UINT64_MAX);
    control->Resume();
    const int64_t end_ns = clock.MonotonicNs();
    if (copied != RawSnapshot::kDefaultStackBytes) continue;
    cycles.push_back({begin_ns, end_ns});
    cycle_us.push_back(static_cast<double>(end_ns - begin_ns) / 1000);
  }
  naps.Take();
  if (cycles.empty()) return absl::InternalError("the thread never was stopped");
  std::string how = absl::StrFormat("from seize to detach, median of %d stops", cycles.size());
  absl::StrAppendFormat(&how,
                        "; the thread's own clock has a gap of %.1f µs, the sampler's wake-up "
                        "with it",
                        Median(FeltIn(cycles, *log.operator->())));
  if (sampler_cpu == cpu) {
    absl::StrAppendFormat(&how, ", and of %.1f µs when the sampler wakes up and does nothing",
                          Median(FeltIn(mere_looks, *log.operator->())));
  }
  rows->push_back({std::string(name), Median(cycle_us), how});
  return absl::OkStatus();
}

}  // namespace

absl::Status MeasurePause(bool quick, std::vector<Row>* rows) {
  const std::vector<int> cpus = AllowedCpus();
  const int stops = quick ? 30 : 1500;
  if (cpus.empty()) return absl::UnavailableError("there is no CPU to choose");
  absl::Status status = MeasureFrom(cpus[0], cpus[0], stops, "pause.one_cpu_us", rows);
  if (!status.ok()) return status;
  if (cpus.size() < 2) {
    rows->push_back({"pause.across_us", std::nullopt, "there is one CPU only"});
    return absl::OkStatus();
  }
  return MeasureFrom(cpus[0], cpus[1], stops, "pause.across_us", rows);
}

}  // namespace lambent::bench
