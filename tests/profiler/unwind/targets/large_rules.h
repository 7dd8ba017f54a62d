// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unwind.h>

#include <cstdlib>

#include "target.h"

// CaseLargeRules(leaf) calls `leaf`, out of a frame that only its rules tell of: these are plain,
// but the CIE says 100 times that r12 is as it was, 200 bytes of it. The compiler's runtime and
// libunwind read it all; our own reading keeps less of a CIE.
extern "C" void CaseLargeRules(void (*leaf)());

#if defined(__x86_64__)
__asm__(
    ".text\n"
    ".globl CaseLargeRules\n.type CaseLargeRules,@function\n"
    "CaseLargeRules:\n"
    "sub $24, %rsp\n"
    "call *%rdi\n"
    "add $24, %rsp\n"
    "ret\n"
    ".size CaseLargeRules, . - CaseLargeRules\n"
    ".pushsection .eh_frame,\"a\",@progbits\n"
    "0: .long 2f - 1f\n"
    "1: .long 0\n"
    ".byte 1\n.asciz \"zR\"\n.uleb128 1\n.sleb128 -8\n.byte 16\n.uleb128 1\n.byte 0x1b\n"
    ".byte 0x0c, 7, 8, 0x90, 1\n"  // CFA = rsp + 8, the return address below it
    ".rept 100\n.byte 0x08, 12\n.endr\n"
    ".balign 8, 0\n"
    "2: .long 4f - 3f\n"
    "3: .long 3b - 0b\n"
    ".long CaseLargeRules - .\n.long 11\n.uleb128 0\n"
    ".byte 0x44, 0x0e, 32, 0x46, 0x0e, 8\n"  // from 4 on CFA = rsp + 32, from 10 on rsp + 8
    ".balign 8, 0\n"
    "4:\n"
    ".popsection\n");
#else
NAMED void CaseLargeRules(void (*leaf)()) {
  leaf();
  STAY;
}
#endif

// Ends the program unless the compiler's runtime finds at least `callers` of the function that
// asks.
inline void RequireCallers(int callers) {
  int found = 0;
  _Unwind_Backtrace(
      [](_Unwind_Context*, void* count) {
        ++*static_cast<int*>(count);
        return _URC_NO_REASON;
      },
      &found);
  if (found <= callers) std::abort();
}
