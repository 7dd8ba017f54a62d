// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

#include "profiler/unwind/frame_registers.h"
#include "profiler/unwind/stack_memory.h"

namespace lambent {

// Code that often comes without rules, known by its bytes.

inline constexpr size_t kTrampolineBytes = 16;

// Whether `code` begins with the call of rt_sigreturn(2) that a signal handler returns to.
bool IsSigreturn(absl::Span<const uint8_t> code);

// Registers of what the signal interrupted, out of the frame the kernel left at the stack pointer.
// False: not readable. Kernel ABI: struct rt_sigframe (arch/x86/include/asm/sigframe.h,
// arch/arm64/kernel/signal.c).
bool LeaveSignalFrame(FrameRegisters* registers, StackMemory& memory, uint64_t* pc);

// Whether `code` is a stub of a procedure linkage table, where a function has been called and
// nothing pushed. Linkers other than GNU's write no rules for them. x86-64 psABI 5.2.
bool IsLinkageStub(absl::Span<const uint8_t> code);

}  // namespace lambent
