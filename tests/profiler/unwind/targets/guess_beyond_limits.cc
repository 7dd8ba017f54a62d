// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A function whose rules are larger than our own reading takes, called by code without rules that
// keeps something else in the frame pointer's register: what looks like the frame of a call that
// was never made.
#include "large_rules.h"

NAMED void CaseGuessLeaf() {
  Ready();
  for (;;) Work(1000);
}

#if defined(__x86_64__)
__asm__(
    ".text\n"
    ".globl CaseNeverCalled\n.type CaseNeverCalled,@function\n"
    "CaseNeverCalled:\n"
    ".cfi_startproc\n"
    "sub $8, %rsp\n"
    ".cfi_adjust_cfa_offset 8\n"
    "call CaseGuessLeaf\n"
    "5: add $8, %rsp\n"
    ".cfi_adjust_cfa_offset -8\n"
    "ret\n"
    ".cfi_endproc\n"
    ".size CaseNeverCalled, . - CaseNeverCalled\n"
    ".globl CaseWithoutRules\n.type CaseWithoutRules,@function\n"
    "CaseWithoutRules:\n"
    "push %rbp\n"
    "sub $48, %rsp\n"
    "movq $0, 8(%rsp)\n"
    "lea 5b(%rip), %rax\n"
    "mov %rax, 16(%rsp)\n"
    "lea 8(%rsp), %rbp\n"
    "call CaseLargeRules\n"
    "add $48, %rsp\n"
    "pop %rbp\n"
    "ret\n"
    ".size CaseWithoutRules, . - CaseWithoutRules\n");
extern "C" void CaseWithoutRules(void (*leaf)());
#else
NAMED void CaseWithoutRules(void (*leaf)()) {
  CaseLargeRules(leaf);
  STAY;
}
#endif

NAMED void CaseGuessOuter() {
  CaseWithoutRules(&CaseGuessLeaf);
  STAY;
}

int main() { CaseGuessOuter(); }
