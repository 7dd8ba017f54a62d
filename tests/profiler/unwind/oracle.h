// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "profiler/os/process_files.h"
#include "profiler/os/remote_memory.h"
#include "profiler/os/thread_control.h"
#include "profiler/symbols/symbol_index.h"
#include "profiler/target/module_table.h"
#include "profiler/unwind/raw_snapshot.h"
#include "profiler/unwind/unwind_with_rules.h"

namespace lambent {

// Stops a thread of another process at moments of the caller's choice and unwinds the same snapshot
// twice, by our rules and by libunwind; adds up how far they agree. Confined to one thread.
class Oracle {
 public:
  static constexpr size_t kDepth = 1024;

  // `names_from`: a file that has the names the program's own lacks, at the same addresses.
  explicit Oracle(int pid, std::string names_from = "");

  // Threads of the process, ascending.
  void ListThreads(std::vector<int32_t>* tids) { files_->ListThreads(tids); }

  // One moment. False: the thread could not be stopped or copied just then.
  bool Sample(int tid);

  bool refused() const { return refused_; }  // ptrace is not permitted here
  uint64_t stacks() const { return stacks_; }
  uint64_t complete() const { return complete_; }  // of our stacks, those with their root
  // Stacks where libunwind gave up and we went on, or found the root and left out some of the
  // callers. They are not compared: it reads no rules without a sorted table, and takes the frame
  // pointer for granted where code without rules begins.
  uint64_t beyond_oracle() const { return beyond_; }
  uint64_t frames() const { return frames_; }  // of the longer stack of each other pair
  // Frames of it that both have, counted from the leaf.
  uint64_t equal_frames() const { return equal_frames_; }

  bool last_complete() const { return last_complete_; }  // whether the last stack has its root
  // Names of the last stack, leaf first; "?" for generated code.
  std::vector<std::string> Names();
  // How the stacks ended, and the first differences, for a failure's message.
  std::string Report() const;

  const RuleUnwinder& rules() const { return *rules_; }

 private:
  void Compare(UnwindEnd end, UnwindEnd oracle_end);
  std::string Describe(UnwindEnd end, const std::vector<uint64_t>& pcs);
  std::string NameOf(uint64_t pc);

  std::unique_ptr<os::ProcFiles> proc_;
  std::unique_ptr<os::ProcessFiles> files_;
  std::unique_ptr<os::RemoteMemory> memory_;
  std::unique_ptr<os::ThreadControl> control_;
  ModuleTable modules_;
  const std::string names_from_;
  std::unique_ptr<RuleUnwinder> rules_;
  std::unique_ptr<Unwinder> libunwind_;
  RawSnapshot snapshot_{64 * 1024};
  std::vector<uint64_t> pcs_;
  std::vector<uint64_t> oracle_pcs_;
  std::map<ModuleId, std::unique_ptr<SymbolIndex>> symbols_;

  bool refused_ = false;
  bool last_complete_ = false;
  uint64_t stacks_ = 0;
  uint64_t complete_ = 0;
  uint64_t beyond_ = 0;
  uint64_t frames_ = 0;
  uint64_t equal_frames_ = 0;
  std::map<std::string, int> ends_;
  std::vector<std::string> differences_;
};

}  // namespace lambent
