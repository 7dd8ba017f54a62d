// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/bare_code.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>

namespace lambent {
namespace {

// Whether `bytes` stand at kBareCodeBefore + `offset`.
bool Stands(absl::Span<const uint8_t> code, int offset, std::initializer_list<uint8_t> bytes) {
  const auto begin = static_cast<size_t>(static_cast<int>(kBareCodeBefore) + offset);
  return code.size() >= begin + bytes.size() &&
         std::equal(bytes.begin(), bytes.end(), code.begin() + begin);
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
  for (const int start : {0, 1, -7}) {  // -7: at its second instruction
    // mov $15,%rax; syscall
    if (Stands(code, start, {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05})) return true;
  }
  return false;
}

BareLeaf LookAtLeaf(absl::Span<const uint8_t> code) {
  if (Stands(code, 0, {0xc3}) || Stands(code, 0, {0xf3, 0xc3})) return BareLeaf::kNoFrame;  // ret
  const int begin = Stands(code, 0, {0xf3, 0x0f, 0x1e, 0xfa}) ? 4 : 0;  // endbr64
  // push %rbp; sub $8,%rsp, as _init and _fini begin; or a stub of the procedure linkage table,
  // psABI 5.2: jmp *N(%rip), with and without bnd. Linkers other than GNU's write no rules for
  // them.
  if (Stands(code, begin, {0x55}) || Stands(code, begin, {0x48, 0x83, 0xec, 0x08}) ||
      Stands(code, begin, {0xff, 0x25}) || Stands(code, begin, {0xf2, 0xff, 0x25})) {
    return BareLeaf::kNoFrame;
  }
  // push %rbp | mov %rsp,%rbp, in both its encodings
  if (Stands(code, -1, {0x55, 0x48, 0x89, 0xe5}) || Stands(code, -1, {0x55, 0x48, 0x8b, 0xec})) {
    return BareLeaf::kFramePushed;
  }
  return BareLeaf::kUnknown;
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
  for (const int start : {0, 1, -4}) {
    // mov x8, #139; svc #0
    if (Stands(code, start, {0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4})) return true;
  }
  return false;
}

BareLeaf LookAtLeaf(absl::Span<const uint8_t> code) {
  uint32_t next = 0;
  if (code.size() < kBareCodeBefore + sizeof(next)) return BareLeaf::kUnknown;
  std::memcpy(&next, code.data() + kBareCodeBefore, sizeof(next));
  const bool pushes = (next & 0xffc07fff) == 0xa9807bfd;  // stp x29, x30, [sp, #N]!
  const bool returns = (next & 0xfffffbff) == 0xd65f03c0 || next == 0xd65f0bff;  // ret, retaa/ab
  const bool signs = next == 0xd503233f;                                         // paciasp
  return pushes || returns || signs ? BareLeaf::kNoFrame : BareLeaf::kUnknown;
}

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
