// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/perf_events.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

#include "profiler/os/clock.h"
#include "tests/support/emulation.h"

namespace lambent::os {
namespace {

constexpr size_t kRegisterBytes = 8 * Registers::kCount;

template <typename T>
void Append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// A record as the kernel writes it: perf_event_open(2), PERF_RECORD_SAMPLE.
std::string Record(uint64_t time_ns, const std::string& stack, uint64_t read_bytes) {
  std::string body;
  Append<uint32_t>(body, 41);
  Append<uint32_t>(body, 42);
  Append<uint64_t>(body, time_ns);
  Append<uint64_t>(body, 2);
  for (uint64_t i = 0; i < Registers::kCount; ++i) Append<uint64_t>(body, 1000 + i);
  Append<uint64_t>(body, stack.size());
  body += stack;
  if (!stack.empty()) Append<uint64_t>(body, read_bytes);
  std::string record;
  Append<uint32_t>(record, 9);
  Append<uint16_t>(record, 0);
  Append<uint16_t>(record, static_cast<uint16_t>(8 + body.size()));
  return record + body;
}

TEST(PerfSampleTest, ReadsWhatTheKernelWrites) {
  const std::string record = Record(77, "stack---bottom--", 8);
  EXPECT_EQ(record.size(), PerfRecordBytes(16));
  PerfSample sample;
  ASSERT_TRUE(ParsePerfSample(record, &sample));
  EXPECT_EQ(sample.tid, 42);
  EXPECT_EQ(sample.time_ns, 77);
  EXPECT_EQ(std::string(sample.stack.begin(), sample.stack.end()), "stack---");
#if defined(__x86_64__)
  // The kernel's order is ax bx cx dx …, DWARF's is ax dx cx bx …
  EXPECT_EQ(sample.registers.values[0], 1000u);
  EXPECT_EQ(sample.registers.values[1], 1003u);
  EXPECT_EQ(sample.registers.values[3], 1001u);
  EXPECT_EQ(sample.registers.sp(), 1007u);
  EXPECT_EQ(sample.registers.pc(), 1008u);
  EXPECT_EQ(sample.registers.values[15], 1016u);
#elif defined(__aarch64__)
  // Both begin with x0 to x30.
  EXPECT_EQ(sample.registers.values[30], 1030u);
  EXPECT_EQ(sample.registers.sp(), 1031u);
  EXPECT_EQ(sample.registers.pc(), 1032u);
#endif
}

TEST(PerfSampleTest, EveryCutIsRefused) {
  const std::string record = Record(77, "stack---", 8);
  PerfSample sample;
  for (size_t size = 0; size < record.size(); ++size) {
    EXPECT_FALSE(ParsePerfSample({record.data(), size}, &sample)) << size;
  }
}

TEST(PerfSampleTest, LyingLengthsAreRefusedOrBounded) {
  std::string record = Record(77, "stack---", 1 << 20);
  PerfSample sample;
  ASSERT_TRUE(ParsePerfSample(record, &sample));
  EXPECT_EQ(sample.stack.size(), 8u);
  const uint64_t huge = ~uint64_t{0};
  std::memcpy(&record[8 + 8 + 8 + 8 + kRegisterBytes], &huge, sizeof(huge));
  EXPECT_FALSE(ParsePerfSample(record, &sample));
}

TEST(PerfSampleTest, OtherRecordsAreNoSamples) {
  std::string record = Record(77, "", 0);
  record[0] = 2;  // PERF_RECORD_LOST
  PerfSample sample;
  EXPECT_FALSE(ParsePerfSample(record, &sample));
}

TEST(CopyNewestRecordTest, ARecordMayWrapAroundTheEnd) {
  const std::string record = Record(5, "0123456789abcdef", 16);
  std::string ring(1024, '\0');
  const uint64_t head = uint64_t{0} - 1024 - 100;  // 100 bytes before the end
  for (size_t i = 0; i < record.size(); ++i) ring[(head + i) & 1023] = record[i];
  std::vector<char> into(record.size());
  ASSERT_EQ(CopyNewestRecord(ring, head, absl::MakeSpan(into)), record.size());
  EXPECT_EQ(std::string(into.begin(), into.end()), record);
}

TEST(CopyNewestRecordTest, NonsenseIsNoRecord) {
  std::string ring(1024, '\xff');  // a record of 65,535 bytes
  std::vector<char> into(2048);
  EXPECT_EQ(CopyNewestRecord(ring, 8, absl::MakeSpan(into)), 0u);
  ring.assign(1024, '\0');  // a record of no bytes
  EXPECT_EQ(CopyNewestRecord(ring, 8, absl::MakeSpan(into)), 0u);
  EXPECT_EQ(CopyNewestRecord(ring, 0, absl::MakeSpan(into)), 0u);
}

// A thread that computes, with a mark on its stack that a sample has to hold.
class BusyThread {
 public:
  BusyThread()
      : thread_([this] {
          volatile uint64_t mark[8];
          for (auto& word : mark) word = kMark;
          tid_ = gettid();
          while (!stop_.load(std::memory_order_relaxed)) mark[0] = mark[1];
        }) {
    while (tid_.load() == 0) std::this_thread::yield();
  }
  ~BusyThread() {
    stop_ = true;
    thread_.join();
  }
  int32_t tid() const { return tid_; }

  static constexpr uint64_t kMark = 0x1a3be47a11fe2024;

 private:
  std::atomic<int32_t> tid_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

TEST(PerfEventsTest, ABusyThreadIsSampledWithItsStack) {
  const BusyThread busy;
  const auto events = CreatePerfEvents();
  const auto ring = events->Open(busy.tid(), 1'000'000, 8192);
  if (!ring.ok()) GTEST_SKIP() << "no perf events here: " << ring.status();
  const int64_t opened_ns = RealClock().MonotonicNs();
  PerfSample sample;
  while (!(*ring)->TakeNewest(&sample)) std::this_thread::yield();
  EXPECT_EQ(sample.tid, busy.tid());
  EXPECT_GE(sample.time_ns, opened_ns - 1'000'000'000);
  EXPECT_NE(sample.registers.pc(), 0u);
  ASSERT_GE(sample.stack.size(), 64u);
  int marks = 0;
  for (size_t at = 0; at + 8 <= sample.stack.size(); at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, sample.stack.data() + at, sizeof(word));
    if (word == BusyThread::kMark) ++marks;
  }
  EXPECT_GE(marks, 8);
}

TEST(PerfEventsTest, ASampleIsTakenOnce) {
  const auto events = CreatePerfEvents();
  std::unique_ptr<PerfRing> ring;
  PerfSample sample;
  {
    const BusyThread busy;
    auto opened = events->Open(busy.tid(), 1'000'000, 4096);
    if (!opened.ok()) GTEST_SKIP() << "no perf events here: " << opened.status();
    ring = *std::move(opened);
    while (!ring->TakeNewest(&sample)) std::this_thread::yield();
  }
  // The thread has ended: at most one more was written.
  ring->TakeNewest(&sample);
  EXPECT_FALSE(ring->TakeNewest(&sample));
}

TEST(PerfEventsTest, AThreadThatIsNotThereIsNotFound) {
  LAMBENT_SKIP_IF_EMULATED();
  const auto events = CreatePerfEvents();
  const auto ring = events->Open(INT32_MAX, 1'000'000, 4096);
  ASSERT_FALSE(ring.ok());
  EXPECT_TRUE(ring.status().code() == absl::StatusCode::kNotFound ||
              ring.status().code() == absl::StatusCode::kPermissionDenied)
      << ring.status();
}

TEST(PerfEventsTest, SaysOnceWhatTheKernelSays) {
  // A size of stack that is no multiple of eight is refused before anything else.
  const auto ring = CreatePerfEvents()->Open(getpid(), 1'000'000, 4);
  ASSERT_FALSE(ring.ok());
  EXPECT_EQ(ring.status().message().find(": :"), std::string::npos) << ring.status();
}

}  // namespace
}  // namespace lambent::os
