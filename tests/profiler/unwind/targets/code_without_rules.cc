// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Hand-written code with a frame pointer and no rules, in the file and generated, between functions
// that have rules.
#include <sys/mman.h>

#include <cstring>

#include "target.h"

#if defined(__x86_64__)
__asm__(
    ".text\n"
    ".globl CaseAssembly\n.type CaseAssembly,@function\n"
    "CaseAssembly:\n"
    "push %rbp\n"
    "mov %rsp, %rbp\n"
    "call *%rdi\n"
    "pop %rbp\n"
    "ret\n"
    ".size CaseAssembly, . - CaseAssembly\n");
constexpr unsigned char kCode[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
#elif defined(__aarch64__)
__asm__(
    ".text\n"
    ".globl CaseAssembly\n.type CaseAssembly,%function\n"
    "CaseAssembly:\n"
    "stp x29, x30, [sp, #-16]!\n"
    "mov x29, sp\n"
    "blr x0\n"
    "ldp x29, x30, [sp], #16\n"
    "ret\n"
    ".size CaseAssembly, . - CaseAssembly\n");
constexpr unsigned char kCode[] = {0xfd, 0x7b, 0xbf, 0xa9, 0xfd, 0x03, 0x00, 0x91, 0x00, 0x00,
                                   0x3f, 0xd6, 0xfd, 0x7b, 0xc1, 0xa8, 0xc0, 0x03, 0x5f, 0xd6};
#endif
extern "C" void CaseAssembly(void (*leaf)());

static void (*generated)(void (*leaf)());

NAMED void CaseBelowAssembly() {
  Work(100);
  STAY;
}
NAMED void CaseBelowGenerated() {
  CaseAssembly(&CaseBelowAssembly);
  STAY;
}
NAMED void CaseAboveGenerated() {
  generated(&CaseBelowGenerated);
  STAY;
}

int main() {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  std::memcpy(page, kCode, sizeof(kCode));
  mprotect(page, 4096, PROT_READ | PROT_EXEC);
  generated = reinterpret_cast<void (*)(void (*)())>(page);
  Ready();
  for (;;) CaseAboveGenerated();
}
