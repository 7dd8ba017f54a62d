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

// The `nth` instruction from the one asked about; 0, which is none, where there are no bytes.
uint32_t InstructionAt(absl::Span<const uint8_t> code, int nth) {
  const auto begin = static_cast<size_t>(static_cast<int>(kBareCodeBefore) + 4 * nth);
  uint32_t instruction = 0;
  if (code.size() >= begin + sizeof(instruction)) {
    std::memcpy(&instruction, code.data() + begin, sizeof(instruction));
  }
  return instruction;
}

// Arm ARM C6.2. The pair is x29 and x30: the frame pointer and the return address.
constexpr bool PushesPair(uint32_t i) { return (i & 0xffc07fff) == 0xa9807bfd; }  // stp …[sp, #N]!
constexpr bool StoresPair(uint32_t i) { return (i & 0xffc07fff) == 0xa9007bfd; }  // stp …[sp, #N]
constexpr bool PopsPair(uint32_t i) { return (i & 0xffc07fff) == 0xa8c07bfd; }    // ldp …[sp], #N
constexpr bool LoadsPair(uint32_t i) { return (i & 0xffc07fff) == 0xa9407bfd; }   // ldp …[sp, #N]
// mov x29, sp, which is add x29, sp, #0; add x29, sp, #N
constexpr bool SetsFramePointer(uint32_t i) { return (i & 0xffc003ff) == 0x910003fd; }
constexpr uint32_t kPushForResolver = 0xa9bf7bf0;  // stp x16, x30, [sp, #-16]!
// Go's functions: a look at the stack's end, a push of x30 alone, x29 just below the stack pointer.
constexpr uint32_t kGoLoadsLimit = 0xf9400b90;     // ldr x16, [x28, #16]
constexpr uint32_t kGoComparesLimit = 0xeb3063ff;  // cmp sp, x16
constexpr bool GoPushesLink(uint32_t i) {
  return (i & 0xffe00fff) == 0xf8000ffe;
}  // str x30, [sp, #N]!
constexpr uint32_t kGoStoresPointer = 0xf81f83fd;  // stur x29, [sp, #-8]
constexpr uint32_t kGoSetsPointer = 0xd10023fd;    // sub x29, sp, #8

constexpr bool IsBeginOrEnd(uint32_t i) {
  const bool returns = i == 0xd65f03c0 || (i & 0xfffffbff) == 0xd65f0bff;  // ret; retaa, retab
  const bool signs = (i & 0xffffffbf) == 0xd503233f;                       // paciasp, pacibsp
  const bool checks = (i & 0xffffffbf) == 0xd50323bf;                      // autiasp, autibsp
  const bool lands = (i & 0xffffff7f) == 0xd503245f;                       // bti c, bti jc
  return PushesPair(i) || returns || signs || checks || lands || i == kPushForResolver ||
         GoPushesLink(i) || i == kGoLoadsLimit || i == kGoComparesLimit;
}

// What stubs of the linkage table and those for far branches are made of.
constexpr bool BeginsStub(uint32_t i) { return (i & 0x9f00001f) == 0x90000010; }  // adrp x16, N
constexpr bool IsStub(uint32_t i) {
  return BeginsStub(i) || (i & 0xffc003ff) == 0xf9400211 ||  // ldr x17, [x16, #N]
         (i & 0xff8003ff) == 0x91000210 ||                   // add x16, x16, #N
         i == 0xd503219f ||                                  // autia1716
         i == 0xd61f0220 || i == 0xd61f0200;                 // br x17, br x16
}
// The first stub of a linkage table has pushed two words, for the dynamic linker.
std::optional<uint64_t> PushedInStub(absl::Span<const uint8_t> code) {
  constexpr int kBefore = kBareCodeBefore / 4;
  for (int nth = 0; nth > -kBefore && IsStub(InstructionAt(code, nth)); --nth) {
    if (!BeginsStub(InstructionAt(code, nth))) continue;
    return InstructionAt(code, nth - 1) == kPushForResolver ? 16 : 0;
  }
  return std::nullopt;
}

// The group that holds all branches (Arm ARM C4.1).
constexpr bool MayBranch(uint32_t i) { return (i & 0x1c000000) == 0x14000000; }
constexpr uint64_t PairBytes(uint32_t push) { return (0x80 - (push >> 15 & 0x7f)) * 8; }
std::optional<uint64_t> PushedByGo(uint32_t push) {
  if (!GoPushesLink(push)) return std::nullopt;
  return 0x200 - (push >> 12 & 0x1ff);
}
constexpr uint64_t Immediate(uint32_t i) { return i >> 10 & 0xfff; }
// sub sp, sp, #N
constexpr std::optional<uint64_t> TakenOffStack(uint32_t i) {
  if ((i & 0xffc003ff) != 0xd10003ff) return std::nullopt;
  return Immediate(i);
}
// add sp, sp, #N
constexpr std::optional<uint64_t> GivenBack(uint32_t i) {
  if ((i & 0xffc003ff) != 0x910003ff) return std::nullopt;
  return Immediate(i);
}

// Compilers put other instructions between those that make and leave a frame: what is pushed, or
// has been popped, with no branch between there and here.
std::optional<uint64_t> PushedInStraightCode(absl::Span<const uint8_t> code) {
  constexpr int kBefore = kBareCodeBefore / 4;
  constexpr int kAfter = kBareCodeBytes / 4 - kBefore;
  bool sets_pointer = false;
  for (int nth = 0; nth < kAfter && !sets_pointer; ++nth) {
    const uint32_t i = InstructionAt(code, nth);
    if (PushesPair(i)) return 0;
    if (MayBranch(i) || TakenOffStack(i).has_value()) break;
    sets_pointer = SetsFramePointer(i);
  }
  for (int nth = -1; nth >= -kBefore; --nth) {
    const uint32_t i = InstructionAt(code, nth);
    if (PopsPair(i)) return 0;
    if (PushesPair(i) && sets_pointer) return PairBytes(i);
    if (MayBranch(i) || SetsFramePointer(i) || TakenOffStack(i).has_value()) break;
  }
  return std::nullopt;
}
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

std::optional<uint64_t> PushedSinceCall(absl::Span<const uint8_t> code) {
  if (Stands(code, 0, {0xc3}) || Stands(code, 0, {0xf3, 0xc3})) return 0;  // ret
  const int begin = Stands(code, 0, {0xf3, 0x0f, 0x1e, 0xfa}) ? 4 : 0;     // endbr64
  // push %rbp; sub $8,%rsp, as _init and _fini begin; or a stub, psABI 5.2: jmp *N(%rip), with and
  // without bnd.
  if (Stands(code, begin, {0x55}) || Stands(code, begin, {0x48, 0x83, 0xec, 0x08}) ||
      Stands(code, begin, {0xff, 0x25}) || Stands(code, begin, {0xf2, 0xff, 0x25})) {
    return 0;
  }
  // push %rbp | mov %rsp,%rbp, in both its encodings
  if (Stands(code, -1, {0x55, 0x48, 0x89, 0xe5}) || Stands(code, -1, {0x55, 0x48, 0x8b, 0xec})) {
    return 8;
  }
  return std::nullopt;
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

std::optional<uint64_t> PushedSinceCall(absl::Span<const uint8_t> code) {
  const uint32_t next = InstructionAt(code, 0);
  const uint32_t before = InstructionAt(code, -1);
  if (next == 0) return std::nullopt;
  if (IsBeginOrEnd(next)) return 0;
  if (IsStub(next)) return PushedInStub(code);
  if (StoresPair(next)) return TakenOffStack(before);
  if (SetsFramePointer(next) && StoresPair(before)) return TakenOffStack(InstructionAt(code, -2));
  if (LoadsPair(before)) return GivenBack(next);
  if (before == kGoComparesLimit) return 0;
  if (next == kGoStoresPointer) return PushedByGo(before);
  if (next == kGoSetsPointer) return PushedByGo(InstructionAt(code, -2));
  return PushedInStraightCode(code);
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
