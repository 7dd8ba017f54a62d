// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

#include "profiler/base/string_table.h"
#include "profiler/stacks/process_sampler.h"
#include "profiler/stacks/stack.h"
#include "profiler/symbols/symbol_index.h"
#include "profiler/target/module_table.h"

namespace lambent {

// Describes frames: names out of the strings the readers filled, and out of modules' symbol tables.
// Off the capture path. Confined to the sampler thread.
class FrameNames {
 public:
  // Both must outlive this.
  FrameNames(const ModuleTable& modules, const StringTable& strings)
      : modules_(modules), strings_(strings) {}

  // Notes the native frames of a new stack, so that the first Describe() of one of them finds all
  // their names in one pass over the module's symbols.
  void Expect(const Stack& stack);

  FrameDescription Describe(const Frame& frame);

 private:
  // Of one module.
  struct Symbols {
    std::unique_ptr<SymbolIndex> index;  // null: the file could not be read
    bool opened = false;
    absl::flat_hash_set<uint64_t> seen;
    std::vector<uint64_t> expected;
  };

  FunctionSymbol FindSymbol(const Frame& frame);

  const ModuleTable& modules_;
  const StringTable& strings_;
  absl::flat_hash_map<uint32_t, std::unique_ptr<Symbols>> symbols_;  // by module id
};

}  // namespace lambent
