// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/agent_door.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "profiler/base/agent_memory.h"
#include "profiler/os/linux/kept_file.h"
#include "profiler/os/owned_fd.h"

namespace lambent::os {
namespace {

constexpr size_t kMaxDescriptors = 65536;
static_assert(kAgentSignal == SIGURG);

class LinuxSharedFile final : public SharedFile {
 public:
  explicit LinuxSharedFile(OwnedFd fd) : fd_(std::move(fd)) {}

  size_t ReadAt(uint64_t offset, void* into, size_t size) override {
    const ssize_t got = pread(fd_.get(), into, size, static_cast<off_t>(offset));
    return got < 0 ? 0 : static_cast<size_t>(got);
  }
  bool WriteAt(uint64_t offset, const void* from, size_t size) override {
    struct stat status {};
    if (fstat(fd_.get(), &status) != 0 || static_cast<uint64_t>(status.st_size) < offset + size) {
      return false;
    }
    return pwrite(fd_.get(), from, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
  }

 private:
  const OwnedFd fd_;
};

// Whether the link of a descriptor leads to the agent's memory: "/memfd:NAME (deleted)", or
// "/tmp/NAME.PID (deleted)", in a container "/somewhere/tmp/…".
bool IsAgentLink(std::string_view link) {
  static const std::string& memfd =
      *new std::string(absl::StrCat("/memfd:", kAgentFileName, " (deleted)"));
  static const std::string& file = *new std::string(absl::StrCat("/", kAgentFileName, "."));
  constexpr std::string_view kDeleted = " (deleted)";
  if (link == memfd) return true;
  return link.size() > kDeleted.size() && link.substr(link.size() - kDeleted.size()) == kDeleted &&
         link.rfind(file) != std::string_view::npos && link.rfind(file) == link.rfind('/');
}

class LinuxAgentDoor final : public AgentDoor {
 public:
  explicit LinuxAgentDoor(std::string proc_root) : proc_root_(std::move(proc_root)) {}

  absl::StatusOr<std::unique_ptr<SharedFile>> Open(int32_t pid) override {
    const std::string folder = absl::StrCat(proc_root_, "/", pid, "/fd");
    const std::string what = absl::StrCat("looking for the agent in process ", pid);
    switch (KeptFolder(folder).ListNumbers(&descriptors_, kMaxDescriptors)) {
      case ReadResult::kOk:
        break;
      case ReadResult::kRefused:
        return absl::PermissionDeniedError(absl::StrCat(what, ": its files may not be looked at"));
      default:
        return absl::NotFoundError(absl::StrCat(what, ": the process has ended"));
    }
    std::array<char, PATH_MAX> link;
    for (const int32_t descriptor : descriptors_) {
      const std::string path = absl::StrCat(folder, "/", descriptor);
      const ssize_t length = readlink(path.c_str(), link.data(), link.size());
      if (length > 0 && IsAgentLink({link.data(), static_cast<size_t>(length)})) {
        return OpenFound(path);
      }
    }
    return absl::NotFoundError("no agent in the process");
  }

  bool Request(int32_t pid, int32_t tid, uint64_t value) override {
    siginfo_t info{};
    info.si_signo = SIGURG;
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_ptr = reinterpret_cast<void*>(value);
    return syscall(SYS_rt_tgsigqueueinfo, pid, tid, SIGURG, &info) == 0;
  }

  uint32_t CountFilters(int32_t pid, int32_t tid) override {
    constexpr std::string_view kName = "\nSeccomp_filters:\t";
    std::string text;
    ReadWhole(absl::StrCat(proc_root_, "/", pid, "/task/", tid, "/status"), 8192, &text);
    const size_t at = text.find(kName);
    uint32_t count = 0;
    if (at != std::string::npos) {
      std::from_chars(text.data() + at + kName.size(), text.data() + text.size(), count);
    }
    return count;
  }

 private:
  static absl::StatusOr<std::unique_ptr<SharedFile>> OpenFound(const std::string& path) {
    // O_NONBLOCK: a name proves nothing, and opening a pipe must not wait for its other end.
    OwnedFd fd(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
    if (!fd.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("opening ", path));
    struct stat status {};
    if (fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
      return absl::FailedPreconditionError(absl::StrCat("opening ", path, ": no regular file"));
    }
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      return absl::AlreadyExistsError("another profiler reads the agent's memory");
    }
    return std::make_unique<LinuxSharedFile>(std::move(fd));
  }

  const std::string proc_root_;
  std::vector<int32_t> descriptors_;
};

}  // namespace

std::unique_ptr<AgentDoor> CreateAgentDoor(const std::string& proc_root) {
  return std::make_unique<LinuxAgentDoor>(proc_root);
}

}  // namespace lambent::os
