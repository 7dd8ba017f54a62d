// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"

#include "profiler/base/string_table.h"
#include "profiler/os/file_bytes.h"
#include "profiler/os/process_files.h"
#include "profiler/stacks/generated_code.h"
#include "profiler/stacks/ladder_parts.h"
#include "profiler/stacks/process_sampler.h"
#include "profiler/stacks/stack.h"
#include "profiler/symbols/mini_debug_info.h"
#include "profiler/symbols/module_files.h"
#include "profiler/symbols/symbol_index.h"
#include "profiler/target/module_table.h"
#include "profiler/unwind/function_starts.h"

namespace lambent {

// Describes frames: names out of the strings the readers filled, and out of modules' symbol tables.
// Off the capture path, but for Expect. Confined to the sampler thread.
class FrameNames {
 public:
  // All must outlive this. What names no reader has filled in are added to `strings`.
  FrameNames(os::ProcessFiles& process, const ModuleTable& modules, StringTable& strings,
             const LadderOptions& options)
      : process_(process),
        modules_(modules),
        strings_(strings),
        code_addresses_(options.code_addresses),
        files_(options.module_files),
        mini_debug_info_{options.mini_debug_info_bytes},
        functions_(modules, [this](const Module& module) { return OpenFile(module); }),
        generated_(process, modules, strings) {}

  void BeginTick(int64_t now_ns) { generated_.BeginTick(now_ns); }

  // Takes a new stack: names its frames in generated code (GeneratedCode), and notes its native
  // ones, so that the first Describe() of one of them finds all their names in one pass over the
  // module's symbols.
  void Expect(Stack* stack);

  FrameDescription Describe(const Frame& frame);

  // The process called exec.
  void ForgetGeneratedCode() { generated_.Forget(); }

 private:
  // Of one module.
  struct Symbols {
    std::unique_ptr<SymbolIndex> index;  // null: the file could not be read
    bool opened = false;
    absl::flat_hash_set<uint64_t> seen;
    std::vector<uint64_t> expected;
  };

  FunctionSymbol FindSymbol(const Frame& frame);
  std::unique_ptr<SymbolIndex> OpenSymbols(const Module& module);
  // The file the module was mapped from, and no other that has its path by now.
  absl::StatusOr<std::unique_ptr<os::FileBytes>> OpenFile(const Module& module) const;

  const os::ProcessFiles& process_;
  const ModuleTable& modules_;
  StringTable& strings_;
  const bool code_addresses_;
  ModuleFiles* const files_;
  MiniDebugInfoBudget mini_debug_info_;  // of all modules together
  FunctionStarts functions_;
  GeneratedCode generated_;
  absl::flat_hash_map<uint32_t, std::unique_ptr<Symbols>> symbols_;  // by module id
};

}  // namespace lambent
