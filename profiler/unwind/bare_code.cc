// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/trampoline.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>

namespace lambent {
namespace {

bool BeginsWith(absl::Span<const uint8_t> code, std::initializer_list<uint8_t> bytes) {
  return code.size() >= bytes.size() && std::equal(bytes.begin(), bytes.end(), code.begin());
}

#if defined(__x86_64__)
// From the stack pointer in the trampoline, which is where the ucontext begins, to its registers.
constexpr uint64_t kRegistersAt = 40;
// DWARF numbers in the order of struct sigcontext.
constexpr uint8_t kOrder[] = {8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7, 16};
#elif defined(__aarch64__)
// siginfo (128), ucontext up to its mcontext (176), fault_address.
constexpr uint64_t kRegistersAt = 128 + 176 + 8;
#endif

}  // namespace

#if defined(__x86_64__)

bool IsSigreturn(absl::Span<const uint8_t> code) {
  // mov $15,%rax; syscall
  return BeginsWith(code, {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05}) ||
         BeginsWith(code, {0xb8, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05});
}

bool IsLinkageStub(absl::Span<const uint8_t> code) {
  if (BeginsWith(code, {0xf3, 0x0f, 0x1e, 0xfa})) code.remove_prefix(4);  // endbr64
  // jmp *N(%rip), with and without bnd
  return BeginsWith(code, {0xff, 0x25}) || BeginsWith(code, {0xf2, 0xff, 0x25});
}

bool LeaveSignalFrame(FrameRegisters* registers, StackMemory& memory, uint64_t* pc) {
  FrameRegisters interrupted;
  uint64_t address = registers->sp() + kRegistersAt;
  for (const uint8_t reg : kOrder) {
    uint64_t value = 0;
    if (!memory.Read(address, &value)) return false;
    interrupted.Set(reg, value);
    address += sizeof(value);
  }
  *pc = interrupted.values[os::Registers::kPc];
  *registers = interrupted;
  return true;
}

#elif defined(__aarch64__)

bool IsSigreturn(absl::Span<const uint8_t> code) {
  // mov x8, #139; svc #0
  return BeginsWith(code, {0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4});
}

// A stub there has a branch's x16, x17 and nothing else changed: the link register still holds, but
// nothing tells a stub's bytes from other code.
bool IsLinkageStub(absl::Span<const uint8_t>) { return false; }

bool LeaveSignalFrame(FrameRegisters* registers, StackMemory& memory, uint64_t* pc) {
  FrameRegisters interrupted;
  uint64_t address = registers->sp() + kRegistersAt;
  for (size_t reg = 0; reg < os::Registers::kCount; ++reg) {  // x0 … x30, sp, pc
    uint64_t value = 0;
    if (!memory.Read(address, &value)) return false;
    interrupted.Set(reg, value);
    address += sizeof(value);
  }
  *pc = interrupted.values[os::Registers::kPc];
  *registers = interrupted;
  return true;
}

#endif

}  // namespace lambent
