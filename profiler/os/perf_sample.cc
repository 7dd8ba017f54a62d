// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/perf_sample.h"

#include <algorithm>
#include <cstring>

namespace lambent::os {
namespace {

// struct perf_event_header, perf_event_open(2).
struct Header {
  uint32_t type;
  uint16_t misc;
  uint16_t size;
};
constexpr uint32_t kSampleRecord = 9;  // PERF_RECORD_SAMPLE
constexpr uint64_t kAbi64 = 2;         // PERF_SAMPLE_REGS_ABI_64

// Takes values off the front of a record.
class Cursor {
 public:
  explicit Cursor(absl::Span<const char> bytes) : left_(bytes) {}

  template <typename T>
  bool Take(T* value) {
    if (left_.size() < sizeof(T)) return false;
    std::memcpy(value, left_.data(), sizeof(T));
    left_.remove_prefix(sizeof(T));
    return true;
  }
  bool TakeBytes(uint64_t size, absl::Span<const char>* bytes) {
    if (size > left_.size()) return false;
    *bytes = left_.first(static_cast<size_t>(size));
    left_.remove_prefix(static_cast<size_t>(size));
    return true;
  }

 private:
  absl::Span<const char> left_;
};

// Where the i-th of the kernel's registers goes: DWARF numbers (thread_control.h).
constexpr size_t DwarfNumber(size_t i) {
#if defined(__x86_64__)
  // The kernel's order: ax bx cx dx si di bp sp ip, then r8 to r15.
  constexpr size_t kOrder[] = {0, 3, 2, 1, 4, 5, 6, 7, 16, 8, 9, 10, 11, 12, 13, 14, 15};
  return kOrder[i];
#else
  return i;
#endif
}

}  // namespace

bool ParsePerfSample(absl::Span<const char> record, PerfSample* sample) {
  Cursor cursor(record);
  Header header{};
  if (!cursor.Take(&header) || header.type != kSampleRecord || header.size != record.size()) {
    return false;
  }
  uint32_t pid = 0;
  uint32_t tid = 0;
  uint64_t time_ns = 0;
  uint64_t abi = 0;
  if (!cursor.Take(&pid) || !cursor.Take(&tid) || !cursor.Take(&time_ns) || !cursor.Take(&abi)) {
    return false;
  }
  if (abi != kAbi64) return false;
  for (size_t i = 0; i < Registers::kCount; ++i) {
    if (!cursor.Take(&sample->registers.values[DwarfNumber(i)])) return false;
  }
  uint64_t stack_bytes = 0;
  absl::Span<const char> stack;
  uint64_t read_bytes = 0;
  if (!cursor.Take(&stack_bytes) || !cursor.TakeBytes(stack_bytes, &stack)) return false;
  // The kernel reserves stack_bytes and says behind them how many it could read.
  if (stack_bytes != 0 && !cursor.Take(&read_bytes)) return false;
  sample->tid = static_cast<int32_t>(tid);
  sample->time_ns = static_cast<int64_t>(time_ns);
  sample->stack = stack.first(static_cast<size_t>(std::min<uint64_t>(read_bytes, stack.size())));
  return true;
}

size_t CopyNewestRecord(absl::Span<const char> ring, uint64_t head, absl::Span<char> into) {
  const auto copy = [&](size_t size) {
    const size_t start = static_cast<size_t>(head & (ring.size() - 1));
    const size_t first = std::min(size, ring.size() - start);
    std::memcpy(into.data(), ring.data() + start, first);
    std::memcpy(into.data() + first, ring.data(), size - first);
  };
  if (head == 0 || ring.size() < sizeof(Header) || into.size() < sizeof(Header)) return 0;
  copy(sizeof(Header));
  Header header{};
  std::memcpy(&header, into.data(), sizeof(header));
  if (header.size < sizeof(Header) || header.size > into.size() || header.size > ring.size()) {
    return 0;
  }
  copy(header.size);
  return header.size;
}

}  // namespace lambent::os
