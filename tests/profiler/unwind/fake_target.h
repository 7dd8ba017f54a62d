// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "profiler/target/module_table.h"
#include "profiler/unwind/raw_snapshot.h"
#include "profiler/unwind/unwind_with_fallback.h"
#include "profiler/unwind/unwind_with_rules.h"
#include "tests/fakes/fake_process_files.h"
#include "tests/fakes/fake_remote_memory.h"
#include "tests/profiler/unwind/cfi_image.h"

namespace lambent {

// A process of one program, one page of generated code and a stack, all made by a test. Confined
// to one thread.
class FakeTarget {
 public:
  static constexpr uint64_t kBias = 0x400000;
  static constexpr uint64_t kText = kBias + CfiImage::kText;
  static constexpr uint64_t kGenerated = 0x700000;
  static constexpr uint64_t kStack = 0x7ff000000000;
  static constexpr uint64_t kStackBytes = 0x4000;
  static constexpr uint64_t kSp = kStack + 0x1000;  // of snapshots

  explicit FakeTarget(std::string program) {
    process_.files["/program"] = std::move(program);
    process_.maps =
        "00400000-00404000 r-xp 00000000 08:01 7                  /program\n"
        "00700000-00701000 r-xp 00000000 00:00 0 \n"
        "7ff000000000-7ff000004000 rw-p 00000000 00:00 0          [stack]\n";
    memory_.MapZero(kStack, kStackBytes);
    memory_.MapZero(kGenerated, 0x1000);
    modules_.Refresh();
  }

  // The word `slot` words above the snapshot's stack pointer.
  void Push(int64_t slot, uint64_t value) {
    memory_.Put(kSp + static_cast<uint64_t>(slot * 8), value);
  }

  // Of a thread at `pc` with `registers` by their numbers; the rest is zero. `bytes` of its stack.
  UnwindEnd Unwind(uint64_t pc, const std::vector<std::pair<size_t, uint64_t>>& registers = {},
                   size_t bytes = 0x2000, bool standing = false) {
    os::Registers values;
    values.values[os::Registers::kPc] = pc;
    values.values[os::Registers::kSp] = kSp;
    for (const auto& [reg, value] : registers) values.values[reg] = value;
    snapshot_.SetRegisters(values, 0);
    return UnwindSnapshot(bytes, standing);
  }

  // Of a blocked thread: nothing else is known.
  UnwindEnd UnwindBlocked(uint64_t pc) {
    snapshot_.SetCallRegisters(pc, kSp, 0);
    return UnwindSnapshot(0x2000, true);
  }

  // The snapshot that was unwound last, by rules and, where these end, by libunwind.
  UnwindEnd UnwindFurther(bool standing = false) {
    if (fallback_ == nullptr) {
      fallback_ = CreateFallbackUnwinder(modules_, CreateRuleUnwinder(modules_, &memory_));
    }
    return fallback_->Unwind(snapshot_, standing ? &memory_ : nullptr, max_depth, &pcs_);
  }

  // Return addresses and the pc, as the code's own offsets where they lie in the program's code.
  const std::vector<uint64_t>& pcs() const { return pcs_; }

  fakes::FakeProcess& process() { return process_; }
  fakes::FakeRemoteMemory& memory() { return memory_; }
  ModuleTable& modules() { return modules_; }
  RuleUnwinder& unwinder() { return *unwinder_; }
  size_t max_depth = 1024;

 private:
  UnwindEnd UnwindSnapshot(size_t bytes, bool standing) {
    snapshot_.CopyStack(memory_, bytes, kStack + kStackBytes);
    return unwinder_->Unwind(snapshot_, standing ? &memory_ : nullptr, max_depth, &pcs_);
  }

  fakes::FakeProcess process_;
  fakes::FakeProcessFiles files_{process_, 1};
  fakes::FakeRemoteMemory memory_;
  ModuleTable modules_{files_, &memory_};
  std::unique_ptr<RuleUnwinder> unwinder_ = CreateRuleUnwinder(modules_, &memory_);
  std::unique_ptr<FallbackUnwinder> fallback_;
  RawSnapshot snapshot_{64 * 1024};
  std::vector<uint64_t> pcs_;
};

}  // namespace lambent
