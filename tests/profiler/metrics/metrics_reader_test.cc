// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/metrics/metrics_reader.h"

#include <map>

#include "gtest/gtest.h"

#include "profiler/metrics/cpu_split.h"
#include "profiler/metrics/network_totals.h"
#include "profiler/os/process_files.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_process_files.h"

namespace lambent {
namespace {

class MetricsReaderTest : public testing::Test {
 protected:
  void SetUp() override {
    fakes::FakeProcess& runtime = proc_.processes[20];
    runtime.stat = {.state = 'S', .threads = 2, .start_ticks = 7};
    runtime.stat.user_ticks = os::TicksPerSecond();
    runtime.resident_bytes = 4096;
    runtime.status.rss_peak_bytes = 8192;
    runtime.io = {.read_bytes = 5, .write_bytes = 6};
    runtime.open_files = 4;
    runtime.threads[20].schedule.wait_ns = 3'000'000;
    runtime.threads[21].schedule.wait_ns = 2'000'000;
    runtime.threads[21].switches = {.voluntary = 9, .involuntary = 1};
    proc_.processes[proc_.self_pid].stat = {.state = 'R', .threads = 1, .start_ticks = 8};
  }
  std::map<ProcessRole, MetricReading> Read(MetricsScope scope, int32_t pid = 20) {
    std::map<ProcessRole, MetricReading> readings;
    reader_.Read(scope, pid, [&](const MetricReading& r) { readings[r.role] = r; });
    return readings;
  }
  fakes::FakeClock clock_;
  fakes::FakeProcFiles proc_;
  MetricsReader reader_{clock_, proc_, {.memory_limit_bytes = 128 << 20}};
};

TEST_F(MetricsReaderTest, CadenceReadsWhatMovesFastOfTheRuntime) {
  const auto readings = Read(MetricsScope::kCadence);
  ASSERT_EQ(readings.size(), 1u);
  const MetricReading& runtime = readings.at(ProcessRole::kRuntime);
  EXPECT_EQ(runtime.pid, 20);
  EXPECT_EQ(runtime.time_ns, clock_.MonotonicNs());
  EXPECT_EQ(runtime.of(Metric::kCpuUserUs), 1'000'000);
  EXPECT_EQ(runtime.of(Metric::kRssBytes), 4096);
  EXPECT_EQ(runtime.of(Metric::kRunQueueWaitUs), 5000);
  EXPECT_FALSE(runtime.has(Metric::kOpenFiles));
}

TEST_F(MetricsReaderTest, BoundaryReadsAllThereIs) {
  const auto readings = Read(MetricsScope::kBoundary);
  const MetricReading& runtime = readings.at(ProcessRole::kRuntime);
  EXPECT_EQ(runtime.of(Metric::kRssPeakBytes), 8192);
  EXPECT_EQ(runtime.of(Metric::kWriteBytes), 6);
  EXPECT_EQ(runtime.of(Metric::kOpenFiles), 4);
  EXPECT_EQ(runtime.of(Metric::kOpenFilesLimit), 1024);
  EXPECT_EQ(runtime.of(Metric::kVoluntarySwitches), 9);
  EXPECT_EQ(runtime.of(Metric::kThreads), 2);
  EXPECT_EQ(readings.at(ProcessRole::kExtension).pid, proc_.self_pid);
  const MetricReading& environment = readings.at(ProcessRole::kEnvironment);
  EXPECT_EQ(environment.of(Metric::kMemoryLimitBytes), 128 << 20);
  EXPECT_GT(environment.of(Metric::kTmpLimitBytes), 0);
  EXPECT_FALSE(environment.has(Metric::kNetworkSentBytes));  // net/dev is missing
}

TEST_F(MetricsReaderTest, CpuTimeIsExactWhereTheCpuClockAnswers) {
  fakes::FakeProcess& runtime = proc_.processes[20];
  runtime.stat.user_ticks = 3;
  runtime.stat.system_ticks = 1;
  runtime.cpu_ns = 44'000'000;
  const MetricReading first = Read(MetricsScope::kCadence).at(ProcessRole::kRuntime);
  EXPECT_EQ(first.of(Metric::kCpuUserUs), 33'000);
  EXPECT_EQ(first.of(Metric::kCpuSystemUs), 11'000);
  runtime.cpu_ns = 44'300'000;  // no tick went by
  const MetricReading second = Read(MetricsScope::kCadence).at(ProcessRole::kRuntime);
  EXPECT_EQ(second.of(Metric::kCpuUserUs) + second.of(Metric::kCpuSystemUs), 44'300);
  runtime.cpu_ns.reset();  // refused later: the last exact reading stands
  EXPECT_EQ(Read(MetricsScope::kCadence).at(ProcessRole::kRuntime).of(Metric::kCpuUserUs),
            second.of(Metric::kCpuUserUs));
}

TEST(CpuSplitTest, NeitherPartFallsWhenTheRatioShifts) {
  CpuSplit split;
  split.Update(10'000, 0, 1);
  EXPECT_EQ(split.system_us(), 10'000);
  split.Update(12'000, 1, 1);  // half each would be 6000
  EXPECT_EQ(split.system_us(), 10'000);
  EXPECT_EQ(split.user_us(), 2000);
  split.Update(13'000, 9, 1);
  split.Update(13'100, 1, 99);  // system would be 12969, and user fall
  EXPECT_EQ(split.user_us(), 3000);
  EXPECT_EQ(split.system_us(), 10'100);
  split.Update(5000, 5, 5);
  EXPECT_EQ(split.user_us() + split.system_us(), 13'100);
}

TEST(CpuSplitTest, TimeBeforeTheFirstTickIsUser) {
  CpuSplit split;
  split.Update(900, 0, 0);
  EXPECT_EQ(split.user_us(), 900);
}

TEST_F(MetricsReaderTest, RunQueueWaitNeverFallsWhenThreadsEnd) {
  Read(MetricsScope::kCadence);
  proc_.processes[20].threads.erase(21);
  proc_.processes[20].threads[20].schedule.wait_ns = 4'000'000;
  EXPECT_EQ(Read(MetricsScope::kCadence).at(ProcessRole::kRuntime).of(Metric::kRunQueueWaitUs),
            6000);
  // The same id for a new thread, whose own counter starts anew.
  proc_.processes[20].threads[21].schedule.wait_ns = 1'000'000;
  EXPECT_EQ(Read(MetricsScope::kCadence).at(ProcessRole::kRuntime).of(Metric::kRunQueueWaitUs),
            7000);
}

TEST_F(MetricsReaderTest, UnknownAndEndedRuntimesAreLeftOut) {
  EXPECT_EQ(Read(MetricsScope::kCadence, 0).count(ProcessRole::kRuntime), 0u);
  Read(MetricsScope::kCadence);
  proc_.processes[20].result = os::ReadResult::kGone;
  EXPECT_EQ(Read(MetricsScope::kCadence).count(ProcessRole::kRuntime), 0u);
}

TEST_F(MetricsReaderTest, PidOfAnotherProcessStartsItsCountersAnew) {
  Read(MetricsScope::kCadence);
  proc_.processes[20].stat.start_ticks = 99;
  proc_.processes[20].threads.erase(21);
  proc_.processes[20].threads[20].schedule.wait_ns = 1'000'000;
  EXPECT_EQ(Read(MetricsScope::kCadence).count(ProcessRole::kRuntime), 0u);
  EXPECT_EQ(Read(MetricsScope::kCadence).at(ProcessRole::kRuntime).of(Metric::kRunQueueWaitUs),
            1000);
}

TEST(MetricsReaderOwnTest, RealProcessIsRead) {
  const auto proc = os::CreateProcFiles();
  MetricsReader reader(os::RealClock(), *proc, {});
  int processes = 0;
  reader.Read(MetricsScope::kBoundary, proc->SelfPid(), [&](const MetricReading& reading) {
    if (reading.role == ProcessRole::kEnvironment) return;
    ++processes;
    EXPECT_GT(reading.of(Metric::kRssBytes), 100'000);
    EXPECT_GE(reading.of(Metric::kRssPeakBytes), reading.of(Metric::kRssBytes) / 2);
    EXPECT_GE(reading.of(Metric::kOpenFiles), 3);
    EXPECT_GT(reading.of(Metric::kCpuUserUs) + reading.of(Metric::kCpuSystemUs), 0);
  });
  EXPECT_EQ(processes, 2);
}

TEST(ParseNetworkTotalsTest, LoopbackIsLeftOut) {
  NetworkTotals totals;
  ASSERT_TRUE(
      ParseNetworkTotals("Inter-| Receive | Transmit\n face |bytes packets\n"
                         "    lo: 900 1 0 0 0 0 0 0 900 1 0 0 0 0 0 0\n"
                         "  eth0:10 1 0 0 0 0 0 0 20 1 0 0 0 0 0 0\n"
                         "vint_runtime: 1 1 0 0 0 0 0 0 2 1 0 0 0 0 0 0\n",
                         &totals));
  EXPECT_EQ(totals.received_bytes, 11);
  EXPECT_EQ(totals.sent_bytes, 22);
}

TEST(ParseNetworkTotalsTest, MalformedTextIsRefused) {
  NetworkTotals totals;
  EXPECT_FALSE(ParseNetworkTotals("a\nb\neth0 10\n", &totals));
  EXPECT_FALSE(ParseNetworkTotals("a\nb\neth0: 10 1\n", &totals));
  EXPECT_FALSE(ParseNetworkTotals("a\nb\neth0: x 1 0 0 0 0 0 0 20 1\n", &totals));
}

}  // namespace
}  // namespace lambent
