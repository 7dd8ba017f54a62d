// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/remote_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace lambent::os {
namespace {

RemoteMemory::Failure FailureOfErrno(int error) {
  switch (error) {
    case ESRCH:
      return RemoteMemory::Failure::kGone;
    case EPERM:
    case EACCES:
    case ENOSYS:
    case EMFILE:
      return RemoteMemory::Failure::kRefused;
    default:  // EFAULT, EIO: no page there; EINVAL: an impossible address
      return RemoteMemory::Failure::kUnmapped;
  }
}

class VmReadMemory final : public RemoteMemory {
 public:
  explicit VmReadMemory(int32_t pid) : pid_(pid) {}

  size_t Read(uint64_t address, void* into, size_t size) override {
    const RemoteRange range{address, into, size};
    return ReadV({&range, 1});
  }

  size_t ReadV(absl::Span<const RemoteRange> ranges) override {
    iovec local[kMaxRanges];
    iovec remote[kMaxRanges];
    const size_t count = std::min(ranges.size(), kMaxRanges);
    size_t wanted = 0;
    for (size_t i = 0; i < count; ++i) {
      local[i] = {ranges[i].into, ranges[i].size};
      remote[i] = {reinterpret_cast<void*>(ranges[i].address), ranges[i].size};
      wanted += ranges[i].size;
    }
    const ssize_t got = process_vm_readv(pid_, local, count, remote, count, 0);
    if (got < 0) {
      failure_ = FailureOfErrno(errno);
      return 0;
    }
    failure_ = static_cast<size_t>(got) == wanted ? Failure::kNone : Failure::kUnmapped;
    return static_cast<size_t>(got);
  }

  Failure last_failure() const override { return failure_; }

 private:
  const int32_t pid_;
  Failure failure_ = Failure::kNone;
};

class ProcMemory final : public RemoteMemory {
 public:
  ProcMemory(int32_t pid, const std::string& proc_root)
      : fd_(open(absl::StrCat(proc_root, "/", pid, "/mem").c_str(), O_RDONLY | O_CLOEXEC)),
        open_failure_(fd_ >= 0 ? Failure::kNone
                               : (errno == ENOENT ? Failure::kGone : FailureOfErrno(errno))) {}
  ~ProcMemory() override {
    if (fd_ >= 0) close(fd_);
  }

  size_t Read(uint64_t address, void* into, size_t size) override {
    failure_ = open_failure_;
    if (fd_ < 0) return 0;
    size_t done = 0;
    while (done < size) {
      const ssize_t got = pread(fd_, static_cast<char*>(into) + done, size - done,
                                static_cast<off_t>(address + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) failure_ = FailureOfErrno(errno);
      if (got == 0)
        failure_ = Failure::kGone;  // the address space the descriptor is bound to ended
      if (got <= 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  Failure last_failure() const override { return failure_; }

 private:
  const int fd_;
  const Failure open_failure_;
  Failure failure_ = Failure::kNone;
};

// "ok", or why 8 bytes at `address` could not be read.
std::string Try(RemoteMemory& memory, uint64_t address) {
  uint64_t value = 0;
  errno = 0;
  if (ReadRemote(memory, address, &value)) return "ok";
  const int error = errno;
  return error != 0 ? absl::StrCat("refused: ", strerror(error)) : "no readable memory";
}

}  // namespace

size_t RemoteMemory::ReadV(absl::Span<const RemoteRange> ranges) {
  size_t total = 0;
  for (const RemoteRange& range : ranges.subspan(0, kMaxRanges)) {
    const size_t got = Read(range.address, range.into, range.size);
    total += got;
    if (got < range.size) break;
  }
  return total;
}

std::unique_ptr<RemoteMemory> CreateVmReadMemory(int32_t pid) {
  return std::make_unique<VmReadMemory>(pid);
}

std::unique_ptr<RemoteMemory> CreateProcMemory(int32_t pid, const std::string& proc_root) {
  return std::make_unique<ProcMemory>(pid, proc_root);
}

RemoteMemoryProbe ProbeRemoteMemory(int32_t pid, uint64_t address) {
  RemoteMemoryProbe probe;
  probe.memory = CreateVmReadMemory(pid);
  probe.vm_read = Try(*probe.memory, address);
  probe.proc_mem = "not tried";
  if (probe.vm_read == "ok") return probe;
  errno = 0;
  probe.memory = CreateProcMemory(pid);
  probe.proc_mem = Try(*probe.memory, address);
  if (probe.proc_mem != "ok") probe.memory.reset();
  return probe;
}

}  // namespace lambent::os
