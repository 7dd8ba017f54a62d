// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "profiler/target/module_table.h"
#include "profiler/unwind/code_cache.h"
#include "profiler/unwind/rule_finder.h"

namespace lambent {

// Where functions begin, for code that no symbol names: unwind rules are not stripped, and most
// have one entry a function. A part that the compiler split off has its own, and so has the linkage
// table, which counts as one function. Reads of a module's file the entries it is asked for; keeps
// 64 KB of pages and the keys of the sorted tables. Confined to the sampler thread, off the capture
// path.
class FunctionStarts {
 public:
  // `open` opens a module's file, or an error where that is not to be had. `modules` must outlive
  // this.
  FunctionStarts(const ModuleTable& modules, CodeCache::OpenFile open)
      : code_(modules, kPages, std::move(open)), finder_(code_) {}

  // Of the function with code at `address`, both as the module's file numbers them; none: no rules
  // say, or the file cannot be read.
  std::optional<uint64_t> Find(const Module& module, uint64_t address) {
    CodeCache::Loaded* const loaded = code_.FindModule(module);
    if (loaded == nullptr) return std::nullopt;
    return finder_.FindFunction(*loaded, address);
  }

  size_t memory_bytes() const { return code_.memory_bytes() + finder_.memory_bytes(); }

 private:
  static constexpr size_t kPages = 32;

  CodeCache code_;
  RuleFinder finder_;
};

}  // namespace lambent
