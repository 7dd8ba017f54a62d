// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/process_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "profiler/os/linux/kept_file.h"
#include "profiler/os/proc_parse.h"
#include "profiler/os/variable_search.h"

namespace lambent::os {
namespace {

constexpr size_t kMaxListed = 65536;
constexpr size_t kMaxMapsBytes = 8 << 20;
constexpr size_t kMaxTextBytes = 1 << 20;
constexpr size_t kMaxEnvironmentBytes = 4 << 20;  // beyond what exec accepts by default

// Reads `file` and parses it with `parse`.
template <size_t kSize, typename Value>
ReadResult ReadParsed(KeptFile& file, bool (*parse)(std::string_view, Value*), Value* value) {
  char buffer[kSize];
  std::string_view text;
  const ReadResult result = file.Read(buffer, kSize, &text);
  if (result != ReadResult::kOk) return result;
  // An ended thread's kept schedstat may read as empty.
  if (text.empty()) return ReadResult::kGone;
  return parse(text, value) ? ReadResult::kOk : ReadResult::kMalformed;
}

// When a process started, or up to 2 s before: clocks are set, and file systems have coarse ones.
absl::Time StartTime(const ProcessStat& stat) {
  timespec since_boot{};
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  const absl::Duration started =
      absl::Seconds(static_cast<double>(stat.start_ticks) / static_cast<double>(TicksPerSecond()));
  return absl::Now() - (absl::DurationFromTimespec(since_boot) - started) - absl::Seconds(2);
}

class LinuxThreadFiles final : public ThreadFiles {
 public:
  LinuxThreadFiles(int32_t tid, const std::string& folder)
      : tid_(tid),
        schedule_(folder + "/schedstat"),
        stat_(folder + "/stat"),
        call_(folder + "/syscall"),
        name_path_(folder + "/comm"),
        status_path_(folder + "/status") {}

  int32_t tid() const override { return tid_; }
  ReadResult ReadSchedule(ThreadSchedule* schedule) override {
    return ReadParsed<128>(schedule_, &ParseSchedule, schedule);
  }
  ReadResult ReadStat(ThreadStat* stat) override {
    return ReadParsed<1024>(stat_, &ParseThreadStat, stat);
  }
  ReadResult ReadCall(ThreadCall* call) override {
    return ReadParsed<256>(call_, &ParseCall, call);
  }
  ReadResult ReadSwitches(ThreadSwitches* switches) override {
    KeptFile file(status_path_);
    return ReadParsed<8192>(file, &ParseSwitches, switches);
  }
  ReadResult ReadName(std::string* name) override {
    const ReadResult result = ReadWhole(name_path_, 64, name);
    if (!name->empty() && name->back() == '\n') name->pop_back();
    return result;
  }

 private:
  const int32_t tid_;
  KeptFile schedule_;
  KeptFile stat_;
  KeptFile call_;
  const std::string name_path_;
  const std::string status_path_;
};

class LinuxProcessFiles final : public ProcessFiles {
 public:
  // `is_own_proc`: pids of this /proc are those that system calls of ours take.
  LinuxProcessFiles(int32_t pid, std::string folder, bool is_own_proc)
      : pid_(pid),
        is_own_proc_(is_own_proc),
        folder_(std::move(folder)),
        tasks_(folder_ + "/task"),
        stat_(folder_ + "/stat"),
        statm_(folder_ + "/statm") {}

  int32_t pid() const override { return pid_; }
  ReadResult ListThreads(std::vector<int32_t>* tids) override {
    const ReadResult result = tasks_.ListNumbers(tids, kMaxListed);
    return result == ReadResult::kOk && tids->empty() ? ReadResult::kGone : result;
  }
  ReadResult CountThreads(int64_t* count) override {
    const ReadResult result = tasks_.CountLinks(count);
    *count -= 2;  // "." and ".."
    return result == ReadResult::kOk && *count < 0 ? ReadResult::kRefused : result;
  }
  std::unique_ptr<ThreadFiles> OpenThread(int32_t tid) override {
    return std::make_unique<LinuxThreadFiles>(tid, absl::StrCat(folder_, "/task/", tid));
  }
  ReadResult ReadStat(ProcessStat* stat) override {
    return ReadParsed<1024>(stat_, &ParseProcessStat, stat);
  }
  ReadResult ReadResidentBytes(uint64_t* bytes) override {
    uint64_t pages = 0;
    const ReadResult result = ReadParsed<256>(statm_, &ParseResidentPages, &pages);
    *bytes = pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    return result;
  }
  ReadResult ReadCpuNs(int64_t* cpu_ns) override {
    if (!is_own_proc_) return ReadResult::kRefused;
    clockid_t id{};
    const int error = clock_getcpuclockid(pid_, &id);
    if (error != 0) return ResultOfErrno(error);
    timespec used{};
    // EINVAL: the process ended in between.
    if (clock_gettime(id, &used) != 0) return ReadResult::kGone;
    *cpu_ns = static_cast<int64_t>(used.tv_sec) * 1'000'000'000 + used.tv_nsec;
    return ReadResult::kOk;
  }
  ReadResult ReadStatus(ProcessStatus* status) override {
    return ReadOnce("/status", &ParseStatus, status);
  }
  ReadResult ReadIo(ProcessIo* io) override { return ReadOnce("/io", &ParseIo, io); }
  ReadResult ReadOpenFilesLimit(int64_t* limit) override {
    return ReadOnce("/limits", &ParseOpenFilesLimit, limit);
  }
  ReadResult CountOpenFiles(int64_t* count) override {
    *count = 0;
    DIR* const folder = opendir((folder_ + "/fd").c_str());
    if (folder == nullptr) return ResultOfErrno(errno);
    while (const dirent* entry = readdir(folder)) *count += entry->d_name[0] != '.' ? 1 : 0;
    closedir(folder);
    return ReadResult::kOk;
  }
  ReadResult ReadMaps(std::string* text) override {
    return ReadWhole(folder_ + "/maps", kMaxMapsBytes, text);
  }
  ReadResult ReadExe(std::string* path) override {
    const ReadResult result = ReadExeLink(path);
    if (result != ReadResult::kOk) return result;
    constexpr std::string_view kDeleted = " (deleted)";
    if (path->size() > kDeleted.size() &&
        std::string_view(*path).substr(path->size() - kDeleted.size()) == kDeleted) {
      path->resize(path->size() - kDeleted.size());
    }
    return ReadResult::kOk;
  }
  ReadResult HasVariable(absl::Span<const std::string_view> names, bool* found) override {
    VariableSearch search(names);
    const ReadResult result = ReadPieces(folder_ + "/environ", kMaxEnvironmentBytes,
                                         [&search](std::string_view piece) { search.Add(piece); });
    *found = search.found();
    return result;
  }
  absl::StatusOr<std::unique_ptr<FileBytes>> OpenFile(std::string_view path) const override {
    return OpenFileBytes(absl::StrCat(folder_, "/root", std::string(path)));
  }
  absl::StatusOr<std::unique_ptr<FileBytes>> OpenWritten(std::string_view path) override {
    if (!origin_.has_value()) {
      ProcessStat stat;
      ProcessStatus status;
      if (ReadStat(&stat) != ReadResult::kOk || ReadStatus(&status) != ReadResult::kOk) {
        return absl::NotFoundError("opening a file of a process: it has ended");
      }
      origin_ = FileOrigin{status.uid, std::max(StartTime(stat), exec_noted_)};
    }
    return OpenFileBytesOf(absl::StrCat(folder_, "/root", std::string(path)), *origin_);
  }
  void NoteExec() override {
    // Ahead of the clock that files are stamped with, by 10 ms at most: also what is written just
    // now is refused, and nothing from before is taken.
    exec_noted_ = absl::Now();
    origin_.reset();
  }
  absl::StatusOr<std::unique_ptr<FileBytes>> OpenMapped(uint64_t start,
                                                        uint64_t end) const override {
    auto mapped = OpenFileBytes(absl::StrFormat("%s/map_files/%x-%x", folder_, start, end));
    if (mapped.ok() || !IsProgram(start, end)) return mapped;
    return OpenFileBytes(folder_ + "/exe");  // this link needs no capability
  }

 private:
  // What the exe link says, " (deleted)" included, as maps do; empty where it cannot be read.
  ReadResult ReadExeLink(std::string* target) const {
    target->clear();
    std::array<char, PATH_MAX> buffer;
    const ssize_t length = readlink((folder_ + "/exe").c_str(), buffer.data(), buffer.size());
    if (length < 0) return ResultOfErrno(errno);
    target->assign(buffer.data(), static_cast<size_t>(length));
    return ReadResult::kOk;
  }
  // Whether the program's own file is mapped there, by what maps and the exe link call it.
  bool IsProgram(uint64_t start, uint64_t end) const {
    std::string maps;
    if (ReadWhole(folder_ + "/maps", kMaxMapsBytes, &maps) != ReadResult::kOk) return false;
    const std::string range = absl::StrFormat("%08x-%08x ", start, end);
    const size_t at = maps.find(range);
    if (at == std::string::npos || (at > 0 && maps[at - 1] != '\n')) return false;
    const std::string_view line = std::string_view(maps).substr(at, maps.find('\n', at) - at);
    std::string exe;
    return ReadExeLink(&exe) == ReadResult::kOk && line.find('/') != std::string_view::npos &&
           line.substr(line.find('/')) == exe;
  }

  template <typename Value>
  ReadResult ReadOnce(const char* name, bool (*parse)(std::string_view, Value*), Value* value) {
    KeptFile file(folder_ + name);
    return ReadParsed<8192>(file, parse, value);
  }

  const int32_t pid_;
  const bool is_own_proc_;
  const std::string folder_;
  KeptFolder tasks_;
  KeptFile stat_;
  KeptFile statm_;
  std::optional<FileOrigin> origin_;  // of what it writes
  absl::Time exec_noted_ = absl::InfinitePast();
};

class LinuxProcFiles final : public ProcFiles {
 public:
  explicit LinuxProcFiles(std::string_view root) : root_(root), processes_(root_) {}

  ReadResult ListProcesses(std::vector<int32_t>* pids) override {
    return processes_.ListNumbers(pids, kMaxListed);
  }
  std::unique_ptr<ProcessFiles> OpenProcess(int32_t pid) override {
    return std::make_unique<LinuxProcessFiles>(pid, absl::StrCat(root_, "/", pid),
                                               root_ == "/proc");
  }
  ReadResult ReadText(std::string_view name, std::string* text) override {
    return ReadWhole(absl::StrCat(root_, "/", std::string(name)), kMaxTextBytes, text);
  }
  int32_t SelfPid() const override { return getpid(); }

 private:
  const std::string root_;
  KeptFolder processes_;
};

}  // namespace

std::unique_ptr<ProcFiles> CreateProcFiles(std::string_view proc_root) {
  return std::make_unique<LinuxProcFiles>(proc_root);
}

int64_t TicksPerSecond() {
  const long ticks = sysconf(_SC_CLK_TCK);
  return ticks > 0 ? ticks : 100;
}

}  // namespace lambent::os
