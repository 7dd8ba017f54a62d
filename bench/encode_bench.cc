// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Claims: a sample costs at most 12 bytes on the wire, names included, and well under 2 µs to take
// in.
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"

#include "profiler/aggregate/profile_window.h"
#include "profiler/encode/batch_encoder.h"

namespace lambent {
namespace {

// A Python process as sampling.md's workload has it: 999 samples of one busy thread over ten
// seconds, some 520 distinct stacks, 740 trie nodes, 560 frames, depth about 25, beside two threads
// that wait.
class PythonLike final : public ProcessSampler {
 public:
  PythonLike() : random_(42) {
    for (int i = 0; i < 560; ++i) {
      names_.push_back(absl::StrCat("function_of_some_length_", i));
      files_.push_back(absl::StrCat("/var/lang/lib/python3.12/site-packages/package_", i / 24,
                                    "/module_", i / 8, ".py"));
    }
    Stack common;
    for (uint32_t i = 0; i < 18; ++i) common.insert(common.begin(), FrameOf(i));
    std::vector<Stack> inner = {common};
    for (uint32_t i = 0; i < 740 - 18; ++i) {
      Stack stack = inner[random_() % inner.size()];
      stack.insert(stack.begin(), FrameOf(18 + i % (560 - 18)));
      inner.push_back(stack);
    }
    stacks_ = std::move(inner);
    idle_ = {FrameOf(3), FrameOf(2), FrameOf(1)};
  }

  int32_t pid() const override { return 42; }

  bool Observe(absl::FunctionRef<void(const ThreadSample&)> sink) override {
    const int64_t wall = 10'101'010 + static_cast<int64_t>(random_() % 2'000'000) - 1'000'000;
    now_ += wall;
    ThreadSample sample;
    sample.pid = 42;
    sample.tid = 42;
    sample.time_ns = now_;
    sample.wall_ns = wall;
    sample.cpu_ns = wall - static_cast<int64_t>(random_() % 300'000);
    sample.run_queue_ns = wall - sample.cpu_ns;
    sample.state = ThreadState::kRunning;
    sample.rung = Rung::kConsistentRead;
    // Runs of equal stacks as real ones have: one in three samples repeats the last.
    if (random_() % 3 != 0) at_ = random_() % stacks_.size();
    sample.stack = &stacks_[at_];
    sink(sample);
    for (int tid = 43; tid < 45; ++tid) {
      sample.tid = tid;
      sample.cpu_ns = sample.run_queue_ns = 0;
      sample.state = ThreadState::kBlocked;
      sample.rung = Rung::kUnchanged;
      sample.stack = &idle_;
      sink(sample);
    }
    return true;
  }

  FrameDescription Describe(const Frame& frame) override {
    FrameDescription description;
    description.kind = frame.kind;
    description.name = names_[static_cast<size_t>(frame.name)];
    description.file = files_[static_cast<size_t>(frame.file)];
    description.line = frame.line;
    return description;
  }
  std::string_view ThreadName(StringId) const override { return "python3"; }

  int64_t now() const { return now_; }
  Stack Deep() const { return stacks_.back(); }

 private:
  Frame FrameOf(uint32_t function) const {
    Frame frame;
    frame.kind = FrameKind::kPython;
    frame.name = static_cast<StringId>(function);
    frame.file = static_cast<StringId>(function);
    frame.line = function * 7 % 900 + 1;
    return frame;
  }

  std::mt19937 random_;
  int64_t now_ = 1'000'000'000;
  size_t at_ = 0;
  std::vector<std::string> names_, files_;
  std::vector<Stack> stacks_;
  Stack idle_;
};

// The pipeline from samples to batches, without a thread and a process.
struct Pipeline {
  PhaseTimeline timeline{0};
  ProfileWindow window{timeline};
  Dictionary dictionary;
  Naming naming{window.stacks(), window.threads(), dictionary};
  BatchEncoder encoder{dictionary, naming};
  std::vector<MetricReading> readings;

  void Tick(ProcessSampler& process) {
    process.Observe([this](const ThreadSample& sample) { window.Observe(sample, sample.wall_ns); });
  }
  void ReadMetrics(int64_t now_ns) {
    for (const ProcessRole role : {ProcessRole::kRuntime, ProcessRole::kExtension}) {
      MetricReading reading;
      reading.role = role;
      reading.pid = 42;
      reading.time_ns = now_ns;
      reading.Set(Metric::kCpuUserUs, now_ns / 1100);
      reading.Set(Metric::kCpuSystemUs, now_ns / 50'000);
      reading.Set(Metric::kRunQueueWaitUs, now_ns / 90'000);
      reading.Set(Metric::kRssBytes, 50'000'000 + now_ns / 4096 / 1000 * 4096);
      readings.push_back(reading);
    }
  }
  std::vector<EncodedBatch> Cut(ProcessSampler& process) {
    window.Settle(std::numeric_limits<int64_t>::max());
    naming.Describe(process);
    BatchParts parts;
    parts.segments = window.segments();
    parts.readings = readings;
    std::vector<EncodedBatch> batches = encoder.Encode(parts);
    window.Clear();
    readings.clear();
    return batches;
  }
};

// Ten seconds from nothing: every name is new. One batch a second, metrics each 100 ms.
void BM_BytesOnTheWire(benchmark::State& state) {
  double busy = 0, all = 0, bytes = 0;
  for (auto _ : state) {
    PythonLike process;
    Pipeline pipeline;
    for (int tick = 1; tick <= 999; ++tick) {
      pipeline.Tick(process);
      busy += 1;
      all += 3;
      if (tick % 10 == 0) pipeline.ReadMetrics(process.now());
      if (tick % static_cast<int>(state.range(0)) != 0 && tick != 999) continue;
      for (const EncodedBatch& batch : pipeline.Cut(process)) {
        bytes += static_cast<double>(batch.content.size()) + 24;  // the Batch message around it
      }
    }
  }
  state.counters["bytes_per_sample"] = bytes / all;
  state.counters["bytes_per_busy_sample"] = bytes / busy;
}
BENCHMARK(BM_BytesOnTheWire)->Arg(99)->Arg(999)->Unit(benchmark::kMillisecond);

// Steady state: one sample of a known stack, to the window.
void BM_Observe(benchmark::State& state) {
  PythonLike process;
  Pipeline pipeline;
  for (int i = 0; i < 3000; ++i) pipeline.Tick(process);
  pipeline.Cut(process);
  int64_t now = process.now();
  const Stack stack = process.Deep();
  ThreadSample sample;
  sample.pid = sample.tid = 42;
  sample.stack = &stack;
  sample.rung = state.range(0) != 0 ? Rung::kUnchanged : Rung::kConsistentRead;
  for (auto _ : state) {
    sample.time_ns = now += 10'000'000;
    pipeline.window.Observe(sample, 10'000'000);
    pipeline.window.Settle(now - 150'000'000);
  }
  state.counters["depth"] = static_cast<double>(stack.size());
}
BENCHMARK(BM_Observe)->Arg(0)->Arg(1);

// One second of the workload to a batch, names known.
void BM_EncodeBatch(benchmark::State& state) {
  PythonLike process;
  Pipeline pipeline;
  for (int i = 0; i < 3000; ++i) pipeline.Tick(process);
  pipeline.Cut(process);
  double bytes = 0, samples = 0;
  for (auto _ : state) {
    state.PauseTiming();
    for (int i = 0; i < 99; ++i) pipeline.Tick(process);
    state.ResumeTiming();
    for (const EncodedBatch& batch : pipeline.Cut(process)) {
      bytes += static_cast<double>(batch.content.size());
      samples += static_cast<double>(batch.samples);
    }
  }
  state.counters["bytes_per_sample"] = bytes / samples;
}
BENCHMARK(BM_EncodeBatch)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace lambent
