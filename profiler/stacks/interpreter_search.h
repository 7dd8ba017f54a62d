// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "profiler/base/string_table.h"
#include "profiler/os/remote_memory.h"
#include "profiler/stacks/interpreter_stacks.h"
#include "profiler/target/module_table.h"

namespace lambent {

// Looks for an interpreter in the process until there is one: a runtime loads and initialises it
// some time after it starts. Often at first, seldom later, and only when something new was loaded.
// Confined to the sampler thread.
class InterpreterSearch {
 public:
  // All must outlive this. `lines`: frames are told apart by the line they execute.
  InterpreterSearch(int32_t pid, ModuleTable& modules, os::RemoteMemory& memory,
                    StringTable& strings, bool lines);

  // Once per tick.
  void Tick(int64_t now_ns);

  // Starts over: the process runs another program.
  void Reset(int64_t now_ns);

  // Null while there is none; a reference to the pointer stays valid.
  InterpreterStacks* const& stacks() const { return stacks_; }
  // The interpreter in words; empty: none.
  const std::string& found() const { return found_; }
  // Why there is none, as far as known.
  const std::string& missing() const { return missing_; }

 private:
  void Try();

  const int32_t pid_;
  ModuleTable& modules_;
  os::RemoteMemory& memory_;
  StringTable& strings_;
  const bool lines_;
  std::unique_ptr<InterpreterStacks> owned_;
  InterpreterStacks* stacks_ = nullptr;
  std::string found_;
  std::string missing_;
  int64_t since_ns_ = 0;
  int64_t next_ns_ = 0;
  size_t modules_tried_ = 0;
  bool initialising_ = false;
};

}  // namespace lambent
