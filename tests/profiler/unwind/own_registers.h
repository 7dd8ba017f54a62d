// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ucontext.h>

#include <algorithm>

#include "profiler/os/thread_control.h"

namespace lambent {

// What getcontext(3) has stored, which has to be called in the function that is asked about.
inline os::Registers RegistersOf(const ucontext_t& context) {
  os::Registers registers;
#if defined(__x86_64__)
  const auto& r = context.uc_mcontext.gregs;
  const int order[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                       REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                       REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  for (size_t i = 0; i < os::Registers::kCount; ++i) {
    registers.values[i] = static_cast<uint64_t>(r[order[i]]);
  }
#elif defined(__aarch64__)
  std::copy_n(context.uc_mcontext.regs, 31, registers.values.begin());
  registers.values[os::Registers::kSp] = context.uc_mcontext.sp;
  registers.values[os::Registers::kPc] = context.uc_mcontext.pc;
#endif
  return registers;
}

}  // namespace lambent
