// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "profiler/base/string_table.h"
#include "profiler/os/file_bytes.h"
#include "profiler/os/process_files.h"
#include "profiler/symbols/perf_map.h"

namespace lambent {

// The perf map of one process, read as it grows. Only a file that the process may have written
// itself is believed (os::ProcessFiles::OpenWritten): anybody may put a file into /tmp, and an
// earlier process may have had the pid. A file that was replaced or cut is read from its start; one
// that another program of this process began and this one appends to, from where it was last seen
// to end. Confined to the sampler thread.
class PerfMapFile {
 public:
  // Read at one Refresh at most, some 0.1 ms; the rest follows.
  static constexpr size_t kMaxReadBytes = 32 * 1024;
  // Read of one file at most.
  static constexpr uint64_t kMaxFileBytes = 64 << 20;
  // A file that is not there is looked for this often.
  static constexpr int64_t kLookAgainNs = 1'000'000'000;

  struct Function {
    StringId name{};
    uint64_t start = 0;
  };

  // Both must outlive it. Names go into `strings`.
  PerfMapFile(os::ProcessFiles& process, StringTable& strings)
      : process_(process), strings_(strings) {}

  // Reads what was appended: 5 µs when nothing was.
  void Refresh(int64_t now_ns);

  // The function that covers an address of the process, as of the last Refresh. Its name is read
  // out of the file once.
  std::optional<Function> Find(uint64_t address);

  // Another program runs in the process, and what the one before wrote is not about it.
  void Forget();

 private:
  // What a program left in the file at its end, to know it again by.
  struct Leftover {
    os::FileIdentity identity;
    uint64_t size = 0;
    std::string end;  // the last bytes of it
  };

  bool ReadPid();
  Leftover ReadLeftover() const;
  // Where in the file this program's lines begin.
  uint64_t Beginning() const;
  bool ReadName(PerfMap::Function* function);
  void Clear();

  os::ProcessFiles& process_;
  StringTable& strings_;
  std::string path_;                     // empty: its pid is not known yet
  std::unique_ptr<os::FileBytes> file_;  // as of the last Refresh; null: there is none
  os::FileIdentity identity_;
  Leftover leftover_;  // of the program before
  PerfMap map_;
  std::string buffer_;
  int64_t look_again_ns_ = 0;
};

}  // namespace lambent
