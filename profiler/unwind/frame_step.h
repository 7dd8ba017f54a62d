// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "profiler/unwind/frame_registers.h"
#include "profiler/unwind/frame_rule.h"
#include "profiler/unwind/rule_finder.h"
#include "profiler/unwind/stack_memory.h"

namespace lambent {

// What became of a step to a frame's caller.
enum class StepEnd : uint8_t {
  kStepped,
  kRoot,        // there is no caller
  kBadRules,    // the rules make no sense to us
  kBadFrame,    // the stack makes none
  kNoRegister,  // a register is needed that is not known
  kUnreadable,  // memory is needed that cannot be read
};

// The steps below turn `registers` into the caller's and set `pc` to where it goes on. Unless they
// stepped, both are of no use. Async-signal-safe but for what `memory` does.

// REQUIRES: a rule of kind kStep.
StepEnd StepByRule(const FrameRule& rule, FrameRegisters* registers, StackMemory& memory,
                   uint64_t* pc);

// By the rules as they were found, in any form. `at`: the pc of the frame.
StepEnd StepByRow(const FoundRules& found, uint64_t at, FrameRegisters* registers,
                  StackMemory& memory, uint64_t* pc);

// By the frame pointer: it points at the caller's, with the return address behind (x86-64 psABI
// 3.2.2, AAPCS64 6.4.6). `is_leaf`: the code at the frame's pc may use the register as it likes.
// kRoot where the chain ends as the ABIs say.
StepEnd StepByFramePointer(bool is_leaf, FrameRegisters* registers, StackMemory& memory,
                           uint64_t* pc);

}  // namespace lambent
