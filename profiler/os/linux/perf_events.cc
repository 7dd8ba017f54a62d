// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/perf_events.h"

#include <asm/perf_regs.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "profiler/os/owned_fd.h"

namespace lambent::os {
namespace {

static_assert(kPerfSampleType == (PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_REGS_USER |
                                  PERF_SAMPLE_STACK_USER));
#if defined(__x86_64__)
static_assert(PERF_REG_X86_IP == 8 && PERF_REG_X86_R8 == 16 && PERF_REG_X86_R15 == 23);
#else
static_assert(PERF_REG_ARM64_SP == 31 && PERF_REG_ARM64_PC == 32);
#endif

// A reader that the kernel overtakes starts again; it gains on it in the end.
constexpr int kMaxTries = 4;

int OpenEvent(const perf_event_attr& attributes, int32_t tid) {
  return static_cast<int>(
      syscall(SYS_perf_event_open, &attributes, tid, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

perf_event_attr Attributes(int64_t period_ns, size_t stack_bytes) {
  perf_event_attr attributes{};
  attributes.size = sizeof(attributes);
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  attributes.sample_period = static_cast<uint64_t>(period_ns);
  attributes.sample_type = kPerfSampleType;
  attributes.sample_regs_user = kPerfRegisters;
  attributes.sample_stack_user = static_cast<uint32_t>(stack_bytes);
  attributes.exclude_hv = 1;
  attributes.write_backward = 1;  // with a read-only mapping: the newest records are kept
  attributes.use_clockid = 1;
  attributes.clockid = CLOCK_MONOTONIC;
  return attributes;
}

std::string ParanoidText() {
  std::ifstream file("/proc/sys/kernel/perf_event_paranoid");
  int level = 0;
  if (!(file >> level)) return "this kernel has no perf events";
  if (level > 2) return absl::StrCat("kernel.perf_event_paranoid is ", level, ", want 2 or less");
  return absl::StrCat("a seccomp filter or another user's process; kernel.perf_event_paranoid is ",
                      level);
}

absl::Status OpenError(int cause, int32_t tid) {
  const std::string what = absl::StrCat("perf_event_open for thread ", tid);
  switch (cause) {
    case ESRCH:
      return absl::NotFoundError(absl::StrCat(what, ": it has ended"));
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(
          absl::StrCat("perf_event_open is refused: ", ParanoidText()));
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
      return absl::ResourceExhaustedError(absl::ErrnoToStatus(cause, what).message());
    default:
      return absl::UnimplementedError(
          absl::ErrnoToStatus(cause, "perf_event_open does not work here").message());
  }
}

class LinuxPerfRing final : public PerfRing {
 public:
  LinuxPerfRing(OwnedFd fd, void* mapping, size_t page_bytes, size_t ring_bytes,
                size_t record_bytes)
      : fd_(std::move(fd)),
        page_(static_cast<perf_event_mmap_page*>(mapping)),
        mapped_bytes_(page_bytes + ring_bytes),
        ring_(static_cast<const char*>(mapping) + page_bytes, ring_bytes),
        record_(record_bytes) {}
  LinuxPerfRing(const LinuxPerfRing&) = delete;
  LinuxPerfRing& operator=(const LinuxPerfRing&) = delete;
  ~LinuxPerfRing() override { munmap(page_, mapped_bytes_); }

  bool TakeNewest(PerfSample* sample) override {
    for (int i = 0; i < kMaxTries; ++i) {
      // Acquire pairs with the kernel's barrier before it publishes the head.
      const uint64_t head = __atomic_load_n(&page_->data_head, __ATOMIC_ACQUIRE);
      if (head == taken_) return false;
      const size_t size = CopyNewestRecord(ring_, head, absl::MakeSpan(record_));
      __atomic_thread_fence(__ATOMIC_ACQUIRE);
      const uint64_t after = __atomic_load_n(&page_->data_head, __ATOMIC_RELAXED);
      // What was written since then lies below the copied record, and one more may be under way.
      if (head - after + size + record_.size() > ring_.size()) continue;
      taken_ = head;
      return size != 0 && ParsePerfSample({record_.data(), size}, sample);
    }
    return false;
  }

  void SetPeriod(int64_t period_ns) override {
    uint64_t period = static_cast<uint64_t>(period_ns);
    ioctl(fd_.get(), PERF_EVENT_IOC_PERIOD, &period);
  }

 private:
  const OwnedFd fd_;
  perf_event_mmap_page* const page_;
  const size_t mapped_bytes_;
  const absl::Span<const char> ring_;
  std::vector<char> record_;
  uint64_t taken_ = 0;
};

class LinuxPerfEvents final : public PerfEvents {
 public:
  absl::StatusOr<std::unique_ptr<PerfRing>> Open(int32_t tid, int64_t period_ns,
                                                 size_t stack_bytes) override {
    perf_event_attr attributes = Attributes(period_ns, stack_bytes);
    attributes.exclude_kernel = exclude_kernel_;
    OwnedFd fd(OpenEvent(attributes, tid));
    if (!fd.valid() && (errno == EACCES || errno == EPERM) && !exclude_kernel_) {
      attributes.exclude_kernel = 1;
      fd = OwnedFd(OpenEvent(attributes, tid));
      exclude_kernel_ = fd.valid();
    }
    if (!fd.valid()) return OpenError(errno, tid);
    const auto page_bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t record_bytes = PerfRecordBytes(stack_bytes);
    // One record to read while another is written.
    const size_t ring_bytes = std::bit_ceil(std::max(2 * record_bytes, page_bytes));
    void* const mapping =
        mmap(nullptr, page_bytes + ring_bytes, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (mapping == MAP_FAILED) {
      // EPERM here is about locked memory: perf_event_mlock_kb, RLIMIT_MEMLOCK.
      return OpenError(errno == EPERM ? ENOMEM : errno, tid);
    }
    return std::make_unique<LinuxPerfRing>(std::move(fd), mapping, page_bytes, ring_bytes,
                                           record_bytes);
  }

 private:
  bool exclude_kernel_ = false;
};

}  // namespace

std::unique_ptr<PerfEvents> CreatePerfEvents() { return std::make_unique<LinuxPerfEvents>(); }

}  // namespace lambent::os
