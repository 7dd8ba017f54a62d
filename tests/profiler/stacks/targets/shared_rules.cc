// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Two functions under the same unwind rules, of which only the first keeps its name when the
// program is stripped. It spins in the other.
#include <cstdio>

__asm__(
    ".text\n"
    ".globl SharedNamed\n"
    ".globl SharedNameless\n.hidden SharedNameless\n"
#if defined(__x86_64__)
    ".type SharedNamed,@function\n"
#else
    ".type SharedNamed,%function\n"
#endif
    ".cfi_startproc\n"
    "SharedNamed:\n"
    "nop\n"
    "ret\n"
    ".size SharedNamed, . - SharedNamed\n"
    "SharedNameless:\n"
    "1: nop\nnop\nnop\nnop\n"
#if defined(__x86_64__)
    "jmp 1b\n"
#else
    "b 1b\n"
#endif
    ".cfi_endproc\n");
extern "C" void SharedNamed();
extern "C" void SharedNameless();

int main() {
  SharedNamed();
  std::puts("ready");
  std::fflush(stdout);
  SharedNameless();
}
