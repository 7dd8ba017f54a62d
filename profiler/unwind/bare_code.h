// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/types/span.h"

#include "profiler/unwind/frame_registers.h"
#include "profiler/unwind/stack_memory.h"

namespace lambent {

// Code that comes without rules, known by its bytes. `code` holds the instruction asked about at
// kBareCodeBefore, and bytes around it.

inline constexpr size_t kBareCodeBefore = 24;
inline constexpr size_t kBareCodeBytes = 48;

// Whether a pc there, or a return address one byte on, is in the call of rt_sigreturn(2) that a
// signal handler returns to.
bool IsSigreturn(absl::Span<const uint8_t> code);

// Registers of what the signal interrupted, out of the frame the kernel left at the stack pointer.
// False: not readable. Kernel ABI: struct rt_sigframe (arch/x86/include/asm/sigframe.h,
// arch/arm64/kernel/signal.c).
bool LeaveSignalFrame(FrameRegisters* registers, StackMemory& memory, uint64_t* pc);

// How many bytes the function that is interrupted before this instruction has pushed since it was
// called, where the frame pointer, and on aarch64 the link register, are as they were then: in a
// prologue, behind an epilogue, and in stubs of the procedure linkage table, for which linkers
// write no rules (but GNU's on x86-64). None: not known.
std::optional<uint64_t> PushedSinceCall(absl::Span<const uint8_t> code);

}  // namespace lambent
