// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>

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

// REQUIRES: a rule of kind kStep. Inlined: this is where unwinding spends its time.
[[gnu::always_inline]] inline StepEnd StepByRule(const FrameRule& rule, FrameRegisters* registers,
                                                 StackMemory& memory, uint64_t* pc) {
  const auto read = [&memory](uint64_t address, uint64_t* word) {
    if (const char* const copied = memory.FindCopied(address)) [[likely]] {
      std::memcpy(word, copied, sizeof(*word));
      return true;
    }
    uint64_t beyond = 0;  // its address is taken, `word` can stay in a register
    if (!memory.ReadBeyond(address, &beyond)) return false;
    *word = beyond;
    return true;
  };
  const auto plus = [](uint64_t address, int64_t offset) {
    return address + static_cast<uint64_t>(offset);
  };
  if (!registers->Knows(rule.base)) return StepEnd::kNoRegister;
  const uint64_t base = registers->values[rule.base];
  uint64_t cfa = plus(base, rule.offset);
  if (rule.is_indirect != 0) {
    if (!read(cfa, &cfa)) return StepEnd::kUnreadable;
    cfa = plus(cfa, rule.add);
  }
  if (rule.return_in_link == 0) {
    if (!read(plus(cfa, rule.return_offset), pc)) return StepEnd::kUnreadable;
  } else {
    if (!registers->Knows(kLinkRegister)) return StepEnd::kNoRegister;
    *pc = registers->values[kLinkRegister];
  }
  uint64_t known = (registers->known & ~kLostInCalls) | rule.saved_mask;
  for (size_t i = 0; i < rule.saved_count; ++i) {
    const FrameRule::Saved saved = rule.saved[i];
    uint64_t value = 0;
    if (!read(plus(saved.from_base != 0 ? base : cfa, int64_t{saved.slot} * 8), &value)) {
      known &= ~RegisterBit(saved.reg);
    }
    registers->values[saved.reg] = value;
  }
  registers->known = known | RegisterBit(os::Registers::kSp);
  registers->values[os::Registers::kSp] = cfa;
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
