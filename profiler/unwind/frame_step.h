// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "profiler/unwind/frame_registers.h"
#include "profiler/unwind/frame_rule.h"
#include "profiler/unwind/machine.h"
#include "profiler/unwind/rule_finder.h"
#include "profiler/unwind/stack_memory.h"

namespace lambent {

// What became of a step to a frame's caller.
enum class StepEnd : uint8_t {
  kStepped,
  kRoot,        // there is no caller
  kBadFrame,    // the rules or the stack make no sense
  kNoRegister,  // a register is needed that is not known
  kUnreadable,  // memory is needed that cannot be read
};

// The steps below turn `registers` into the caller's and set `pc` to where it goes on. Unless they
// stepped, both are of no use. Async-signal-safe but for what `memory` does.

// REQUIRES: a rule of kind kStep.
inline StepEnd StepByRule(const FrameRule& rule, FrameRegisters* registers, StackMemory& memory,
                          uint64_t* pc) {
  if (!registers->Knows(rule.base)) return StepEnd::kNoRegister;
  const uint64_t base = registers->values[rule.base];
  uint64_t cfa = base + static_cast<uint64_t>(int64_t{rule.offset});
  if (rule.is_indirect != 0) {
    if (!memory.Read(cfa, &cfa)) return StepEnd::kUnreadable;
    cfa += static_cast<uint64_t>(int64_t{rule.add});
  }
  if (rule.return_in_link == 0) {
    const uint64_t at = cfa + static_cast<uint64_t>(int64_t{rule.return_offset});
    if (!memory.Read(at, pc)) return StepEnd::kUnreadable;
  } else {
    constexpr size_t kLink = kReturnOnStack ? size_t{os::Registers::kPc} : size_t{30};
    if (!registers->Knows(kLink)) return StepEnd::kNoRegister;
    *pc = registers->values[kLink];
  }
  registers->known &= kPreservedRegisters;
  for (size_t i = 0; i < rule.saved_count; ++i) {
    const FrameRule::Saved saved = rule.saved[i];
    const uint64_t from = saved.from_base != 0 ? base : cfa;
    uint64_t value = 0;
    if (memory.Read(from + static_cast<uint64_t>(int64_t{saved.slot} * 8), &value)) {
      registers->Set(saved.reg, value);
    } else {
      registers->Forget(saved.reg);
    }
  }
  registers->Set(os::Registers::kSp, cfa);
  return StepEnd::kStepped;
}

// By the rules as they were found, in any form. `at`: the pc of the frame.
StepEnd StepByRow(const FoundRules& found, uint64_t at, FrameRegisters* registers,
                  StackMemory& memory, uint64_t* pc);

// By the frame pointer: it points at the caller's, with the return address behind (x86-64 psABI
// 3.2.2, AAPCS64 6.4.6). `is_leaf`: the code at the frame's pc may use the register as it likes.
// kRoot where the chain ends as the ABIs say.
StepEnd StepByFramePointer(bool is_leaf, FrameRegisters* registers, StackMemory& memory,
                           uint64_t* pc);

}  // namespace lambent
