// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

#include "profiler/unwind/frame_registers.h"
#include "profiler/unwind/stack_memory.h"

namespace lambent {

// Code that comes without rules, known by its bytes. `code` holds the instruction asked about at
// kBareCodeBefore, and bytes around it.

inline constexpr size_t kBareCodeBefore = 8;
inline constexpr size_t kBareCodeBytes = 32;

// Whether a pc there, or a return address one byte on, is in the call of rt_sigreturn(2) that a
// signal handler returns to.
bool IsSigreturn(absl::Span<const uint8_t> code);

// Registers of what the signal interrupted, out of the frame the kernel left at the stack pointer.
// False: not readable. Kernel ABI: struct rt_sigframe (arch/x86/include/asm/sigframe.h,
// arch/arm64/kernel/signal.c).
bool LeaveSignalFrame(FrameRegisters* registers, StackMemory& memory, uint64_t* pc);

// What the next instruction tells of the frame it is interrupted in.
enum class BareLeaf : uint8_t {
  kUnknown,
  kNoFrame,      // a first or last instruction, or a linkage stub: the call has just been made
  kFramePushed,  // the frame pointer is saved and not yet set
};
BareLeaf LookAtLeaf(absl::Span<const uint8_t> code);

}  // namespace lambent
