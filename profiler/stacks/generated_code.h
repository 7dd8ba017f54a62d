// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "profiler/base/string_table.h"
#include "profiler/os/process_files.h"
#include "profiler/stacks/stack.h"
#include "profiler/symbols/perf_map_file.h"
#include "profiler/target/module_table.h"

namespace lambent {

// Names frames in code made at run time (JIT code), by the process's perf map. At once, not when
// frames are described: the memory may hold another function by then. A named frame stands for its
// whole function, so that stacks fold. Confined to the sampler thread.
class GeneratedCode {
 public:
  // All must outlive this.
  GeneratedCode(os::ProcessFiles& process, const ModuleTable& modules, StringTable& strings)
      : map_(process, strings), modules_(modules), strings_(strings) {}

  void BeginTick(int64_t now_ns) {
    now_ns_ = now_ns;
    is_fresh_ = false;
  }

  // Turns the stack's frames in generated code, as far as they are known, into native frames with a
  // name and without a module. Costs nothing for a stack without such frames.
  void Name(Stack* stack);

  // The process called exec.
  void Forget() { map_.Forget(); }

 private:
  // The address in the process of a frame that may be of generated code: in no file, or in one that
  // is no ELF file with a build id (a memfd).
  std::optional<uint64_t> AddressOf(const Frame& frame) const;

  PerfMapFile map_;
  const ModuleTable& modules_;
  const StringTable& strings_;
  int64_t now_ns_ = 0;
  bool is_fresh_ = false;  // read in this tick
};

}  // namespace lambent
