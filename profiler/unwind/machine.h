// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "profiler/os/thread_control.h"

namespace lambent {

// What unwinding has to know of a machine beyond os::Registers; how its calls and its signal
// trampolines look is in call_site.h and trampoline.h.

constexpr uint64_t RegisterBit(size_t reg) { return uint64_t{1} << reg; }

#if defined(__x86_64__)
// Bytes below the stack pointer that may be in use: red zone, psABI 3.2.2.
inline constexpr uint64_t kRedZone = 128;
// How far below its function's stack pointer a frame pointer may point.
inline constexpr uint64_t kFramePointerBelow = 0;
// The call instruction pushes the return address.
inline constexpr bool kReturnOnStack = true;
inline constexpr size_t kLinkRegister = os::Registers::kPc;  // there is none
#elif defined(__aarch64__)
// AAPCS64 leaves none; Go keeps a caller's frame pointer there (cmd/compile/abi-internal.md,
// "arm64").
inline constexpr uint64_t kRedZone = 16;
inline constexpr uint64_t kFramePointerBelow = 8;
inline constexpr bool kReturnOnStack = false;
inline constexpr size_t kLinkRegister = 30;
#endif

// A code address as it may lie in memory or in a register: signed by pointer authentication on
// aarch64 (Arm ARM D8.10: the bits from the top of the address space up, but for the tag byte's
// bit 55), where user space has 48 bits; with those bits taken off. `signs`: the machine can sign.
constexpr uint64_t StripAuthentication(uint64_t address, bool signs) {
  return signs ? address & ((uint64_t{1} << 48) - 1) : address;
}

inline constexpr bool kSignsReturns = !kReturnOnStack;

// Registers that a call itself overwrites: nothing is known of the caller's. All others are taken
// to be as they were unless the callee's rules tell otherwise, also those that an ABI lets a callee
// overwrite: hand-written code such as OpenSSL's keeps its frame in rax across calls of its own.
inline constexpr uint64_t kLostInCalls = RegisterBit(kLinkRegister);

}  // namespace lambent
