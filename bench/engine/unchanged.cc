// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Claim: a thread that did not run since the last sample costs 1 µs (rung 0).
#include <ctime>
#include <initializer_list>
#include <memory>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"

#include "bench/engine/rows.h"
#include "bench/engine/subject.h"
#include "profiler/stacks/ladder.h"

namespace lambent::bench {
namespace {

constexpr int kMoreThreads = 128;

void SleepForEver(int more_threads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < more_threads; ++i) {
    threads.emplace_back([] {
      for (;;) pause();
    });
  }
  for (;;) pause();
}

// A process that sleeps, and how long its ticks take.
struct Sleeper {
  explicit Sleeper(int more_threads)
      : subject([more_threads] { SleepForEver(more_threads); }), threads(more_threads + 1) {}

  // True: every thread was found unchanged.
  bool Tick() {
    const os::Clock& clock = os::RealClock();
    int unchanged = 0;
    const int64_t start_ns = clock.ThreadCpuNs();
    ladder->Observe(
        [&](const ThreadSample& sample) { unchanged += sample.rung == Rung::kUnchanged ? 1 : 0; });
    tick_ns = static_cast<double>(clock.ThreadCpuNs() - start_ns);
    return unchanged == threads;
  }

  ForkedSubject subject;
  const int threads;
  std::unique_ptr<Ladder> ladder;
  double tick_ns = 0;
};

}  // namespace

absl::Status MeasureUnchanged(bool quick, std::vector<Row>* rows) {
  Sleeper one(0);
  Sleeper many(kMoreThreads);
  Naps naps(2'000'000, 2'000'000);
  for (Sleeper* sleeper : {&one, &many}) {
    auto ladder = Ladder::Attach(sleeper->subject.pid(), os::RealClock(), {});
    if (!ladder.ok()) return ladder.status();
    sleeper->ladder = *std::move(ladder);
    int tries = 0;
    while (!sleeper->Tick()) {
      if (++tries > 2000) return absl::InternalError("threads that sleep are not found unchanged");
      naps.Take();
    }
  }
  std::vector<double> each_us;
  std::vector<double> tick_us;
  for (int i = 0; i < (quick ? 20 : 1500); ++i) {
    naps.Take();
    if (!one.Tick() || !many.Tick()) continue;
    each_us.push_back((many.tick_ns - one.tick_ns) / kMoreThreads / 1000);
    tick_us.push_back(one.tick_ns / 1000);
  }
  if (each_us.empty()) return absl::InternalError("no tick found all threads unchanged");
  rows->push_back(
      {"unchanged.us", Median(each_us),
       absl::StrFormat("CPU time of a tick over %d sleeping threads less that over one, "
                       "for each thread, median of %d pairs 2 ms apart; a whole tick of "
                       "a process with one thread %.1f µs",
                       many.threads, each_us.size(), Median(tick_us))});
  return absl::OkStatus();
}

}  // namespace lambent::bench
