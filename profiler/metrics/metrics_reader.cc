// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/metrics/metrics_reader.h"

#include <utility>

#include "profiler/metrics/cpu_split.h"
#include "profiler/metrics/network_totals.h"
#include "profiler/os/filesystem_usage.h"

namespace lambent {
namespace {

using os::ReadResult;

int64_t Signed(uint64_t value) { return static_cast<int64_t>(value); }

int64_t TicksToUs(int64_t ticks) {
  static const int64_t us_per_tick = 1'000'000 / os::TicksPerSecond();
  return ticks * us_per_tick;
}

}  // namespace

class MetricsReader::Process {
 public:
  explicit Process(std::unique_ptr<os::ProcessFiles> files)
      : files_(std::move(files)), threads_(*files_) {}

  int32_t pid() const { return files_->pid(); }

  // False when the process is not there: nothing was read.
  bool Read(MetricsScope scope, MetricReading* reading) {
    os::ProcessStat stat;
    if (files_->ReadStat(&stat) != ReadResult::kOk) return false;
    // A pid that is used again is another process, whose counters start anew.
    if (start_ticks_ != 0 && stat.start_ticks != start_ticks_) return false;
    start_ticks_ = stat.start_ticks;
    ReadCpu(stat, reading);
    reading->Set(Metric::kMinorFaults, Signed(stat.minor_faults));
    reading->Set(Metric::kMajorFaults, Signed(stat.major_faults));
    reading->Set(Metric::kThreads, stat.threads);
    uint64_t resident = 0;
    if (files_->ReadResidentBytes(&resident) == ReadResult::kOk) {
      reading->Set(Metric::kRssBytes, Signed(resident));
    }
    const bool boundary = scope == MetricsScope::kBoundary;
    if (threads_.Update(boundary) == ReadResult::kOk) {
      reading->Set(Metric::kRunQueueWaitUs, Signed(threads_.run_queue_wait_ns() / 1000));
      if (boundary) {
        reading->Set(Metric::kVoluntarySwitches, Signed(threads_.voluntary_switches()));
        reading->Set(Metric::kInvoluntarySwitches, Signed(threads_.involuntary_switches()));
      }
    }
    if (boundary) ReadMore(reading);
    return true;
  }

 private:
  // By the process's CPU clock, else by ticks. Whichever answered first is kept to: they differ by
  // some ms, so that a change would make a step, or a fall.
  void ReadCpu(const os::ProcessStat& stat, MetricReading* reading) {
    if (cpu_clock_ != CpuClock::kRefused) {
      int64_t cpu_ns = 0;
      if (files_->ReadCpuNs(&cpu_ns) == ReadResult::kOk) {
        cpu_clock_ = CpuClock::kUsed;
        cpu_.Update(cpu_ns / 1000, stat.user_ticks, stat.system_ticks);
      } else if (cpu_clock_ == CpuClock::kUntried) {
        cpu_clock_ = CpuClock::kRefused;
      }
    }
    const bool exact = cpu_clock_ == CpuClock::kUsed;
    reading->Set(Metric::kCpuUserUs, exact ? cpu_.user_us() : TicksToUs(stat.user_ticks));
    reading->Set(Metric::kCpuSystemUs, exact ? cpu_.system_us() : TicksToUs(stat.system_ticks));
  }
  void ReadMore(MetricReading* reading) {
    os::ProcessStatus status;
    if (files_->ReadStatus(&status) == ReadResult::kOk && status.rss_peak_bytes > 0) {
      reading->Set(Metric::kRssPeakBytes, Signed(status.rss_peak_bytes));
    }
    os::ProcessIo io;
    if (files_->ReadIo(&io) == ReadResult::kOk) {
      reading->Set(Metric::kReadBytes, Signed(io.read_bytes));
      reading->Set(Metric::kWriteBytes, Signed(io.write_bytes));
    }
    int64_t count = 0;
    if (files_->CountOpenFiles(&count) == ReadResult::kOk) reading->Set(Metric::kOpenFiles, count);
    if (files_->ReadOpenFilesLimit(&count) == ReadResult::kOk && count >= 0) {
      reading->Set(Metric::kOpenFilesLimit, count);
    }
  }

  const std::unique_ptr<os::ProcessFiles> files_;
  ThreadTotals threads_;
  enum class CpuClock : uint8_t { kUntried, kUsed, kRefused };
  CpuClock cpu_clock_ = CpuClock::kUntried;
  CpuSplit cpu_;
  uint64_t start_ticks_ = 0;
};

MetricsReader::MetricsReader(os::Clock& clock, os::ProcFiles& proc, Options options)
    : clock_(clock), proc_(proc), options_(std::move(options)) {}

MetricsReader::~MetricsReader() = default;

void MetricsReader::Read(MetricsScope scope, int32_t runtime_pid,
                         absl::FunctionRef<void(const MetricReading&)> sink) {
  if (runtime_pid != 0) {
    ReadProcess(ProcessRole::kRuntime, scope, &runtime_, runtime_pid, sink);
  }
  if (scope == MetricsScope::kCadence) return;
  ReadProcess(ProcessRole::kExtension, scope, &self_, proc_.SelfPid(), sink);
  ReadEnvironment(sink);
}

void MetricsReader::ReadProcess(ProcessRole role, MetricsScope scope,
                                std::unique_ptr<Process>* process, int32_t pid,
                                absl::FunctionRef<void(const MetricReading&)> sink) {
  if (*process == nullptr || (*process)->pid() != pid) {
    *process = std::make_unique<Process>(proc_.OpenProcess(pid));
  }
  MetricReading reading;
  reading.role = role;
  reading.pid = pid;
  reading.time_ns = clock_.MonotonicNs();
  if ((*process)->Read(scope, &reading)) {
    sink(reading);
  } else {
    process->reset();  // its kept descriptors lead nowhere; the next reading starts anew
  }
}

void MetricsReader::ReadEnvironment(absl::FunctionRef<void(const MetricReading&)> sink) {
  MetricReading reading;
  reading.role = ProcessRole::kEnvironment;
  reading.time_ns = clock_.MonotonicNs();
  NetworkTotals network;
  if (proc_.ReadText("net/dev", &text_) == ReadResult::kOk && ParseNetworkTotals(text_, &network)) {
    reading.Set(Metric::kNetworkReceivedBytes, network.received_bytes);
    reading.Set(Metric::kNetworkSentBytes, network.sent_bytes);
  }
  if (const auto tmp = os::ReadFilesystemUsage(options_.tmp_folder); tmp.ok()) {
    reading.Set(Metric::kTmpUsedBytes, tmp->used_bytes);
    reading.Set(Metric::kTmpLimitBytes, tmp->size_bytes);
  }
  if (options_.memory_limit_bytes > 0) {
    reading.Set(Metric::kMemoryLimitBytes, options_.memory_limit_bytes);
  }
  if (reading.present != 0) sink(reading);
}

}  // namespace lambent
