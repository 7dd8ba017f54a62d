// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Rules and code made by hand, of aarch64: return addresses in the link register, signed ones, and
// the kernel's signal frame.
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/unwind/unwind_with_rules.h"
#include "tests/profiler/unwind/cfi_bytes.h"
#include "tests/profiler/unwind/cfi_image.h"
#include "tests/profiler/unwind/fake_target.h"

namespace lambent {
namespace {

#if defined(__aarch64__)

using testing::ElementsAre;

constexpr size_t kFp = os::Registers::kFp;
constexpr size_t kLink = 30;
constexpr uint64_t kText = FakeTarget::kText;
constexpr uint64_t kGenerated = FakeTarget::kGenerated;
constexpr uint64_t kSp = FakeTarget::kSp;
constexpr uint64_t kSignature = uint64_t{0x2a5d} << 48;

// Functions of 0x100 bytes: the one looked at, its caller with a frame of 32 bytes, the root; and
// code without rules.
constexpr uint64_t kLeaf = 0x100;
constexpr uint64_t kCaller = 0x200;
constexpr uint64_t kRoot = 0x300;
constexpr uint64_t kBare = 0x580;

constexpr uint64_t kPc = kText + kLeaf + 0x10;
constexpr uint64_t kInCaller = kText + kCaller + 0x40;
constexpr uint64_t kInRoot = kText + kRoot + 0x40;

std::string Words(std::initializer_list<uint32_t> instructions) {
  std::string bytes;
  for (const uint32_t instruction : instructions) {
    bytes.append(reinterpret_cast<const char*>(&instruction), sizeof(instruction));
  }
  return bytes;
}

// The pair x29, x30 at the bottom of a frame of `size` bytes.
CfiBytes Frame(uint8_t size) {
  const auto words = static_cast<uint8_t>(size / 8);
  return CfiBytes()
      .Bytes({0x0e, size, 0x80 | 29, words, 0x80 | 30})
      .Byte(static_cast<uint8_t>(words - 1));
}

CfiImage Image(const CfiBytes& leaf, bool signal = false) {
  CfiImage image;
  image.ReturnsInLinkRegister();
  image.Function(kLeaf, 0x100, leaf.str(), signal);
  image.Function(kCaller, 0x100, Frame(32).str());
  image.Function(kRoot, 0x100, CfiBytes().Bytes({0x07, 30}).str());
  for (const uint64_t at : {kLeaf, kCaller, kRoot}) image.Code(at + 0x40 - 4, Words({0x94000001}));
  return image;
}
std::string Table(const CfiBytes& leaf) { return Image(leaf).Build(CfiImage::Form::kTable); }

// The caller's frame, from `slot` on.
void PushCaller(FakeTarget& target, int64_t slot) { target.Push(slot + 1, kInRoot); }

auto WholeStack() { return ElementsAre(kPc, kInCaller - 1, kInRoot - 1); }

TEST(RuleUnwinderArm64Test, LeafReturnsToTheLinkRegister) {
  FakeTarget target(Table(CfiBytes()));
  PushCaller(target, 0);
  EXPECT_EQ(target.Unwind(kPc, {{kLink, kInCaller}}), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), WholeStack());
}

TEST(RuleUnwinderArm64Test, LeafMayMoveTheStackPointer) {
  FakeTarget target(Table(CfiBytes().Bytes({0x0e, 64})));
  PushCaller(target, 8);
  EXPECT_EQ(target.Unwind(kPc, {{kLink, kInCaller}}), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), WholeStack());
}

TEST(RuleUnwinderArm64Test, FindsTheLinkRegisterOnTheStack) {
  FakeTarget target(Table(Frame(48)));
  target.Push(1, kInCaller);
  PushCaller(target, 6);
  EXPECT_EQ(target.Unwind(kPc, {{kLink, kInRoot}}), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), WholeStack());
}

TEST(RuleUnwinderArm64Test, FollowsAnExpressionsLinkRegister) {
  // x30 at *(x29 + 8), with the CFA a constant's way from x29: a form that is evaluated.
  const CfiBytes rules = CfiBytes()
                             .Bytes({0x0c, 29, 16, 0x16, 30})
                             .Block(CfiBytes().Bytes({0x8d, 8, 0x06}));  // breg29 + 8, deref
  FakeTarget target(Table(rules));
  target.Push(11, kInCaller);
  PushCaller(target, 12);
  EXPECT_EQ(target.Unwind(kPc, {{kFp, kSp + 80}}), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), WholeStack());
}

TEST(RuleUnwinderArm64Test, TakesSignaturesOff) {
  // DW_CFA_AARCH64_negate_ra_state, in a register and on the stack.
  FakeTarget in_register(Table(CfiBytes().Bytes({0x2d})));
  PushCaller(in_register, 0);
  EXPECT_EQ(in_register.Unwind(kPc, {{kLink, kInCaller | kSignature}}), UnwindEnd::kComplete);
  EXPECT_THAT(in_register.pcs(), WholeStack());
  FakeTarget on_stack(Table(CfiBytes().Bytes({0x2d}).Text(Frame(48).str())));
  on_stack.Push(1, kInCaller | kSignature);
  on_stack.Push(7, kInRoot | kSignature);
  EXPECT_EQ(on_stack.Unwind(kPc), UnwindEnd::kComplete);
  EXPECT_THAT(on_stack.pcs(), WholeStack());
}

TEST(RuleUnwinderArm64Test, ACallersLinkRegisterIsLost) {
  CfiImage image;
  image.ReturnsInLinkRegister();
  image.Function(kLeaf, 0x100, "");
  image.Function(kCaller, 0x100, CfiBytes().Bytes({0x0e, 16}).str());  // saves nothing
  FakeTarget target(image.Build(CfiImage::Form::kTable));
  EXPECT_EQ(target.Unwind(kPc, {{kLink, kInCaller}}), UnwindEnd::kNoRegister);
  EXPECT_THAT(target.pcs(), ElementsAre(kPc, kInCaller - 1));
}

TEST(RuleUnwinderArm64Test, ABlockedThreadsLinkRegisterIsUnknown) {
  FakeTarget target(Table(CfiBytes()));
  EXPECT_EQ(target.UnwindBlocked(kPc), UnwindEnd::kNoRegister);
  EXPECT_THAT(target.pcs(), ElementsAre(kPc));
}

TEST(RuleUnwinderArm64Test, FollowsFramePointersThroughGeneratedCode) {
  FakeTarget target(Table(CfiBytes()));
  target.Push(10, kSp + 20 * 8);
  target.Push(11, (kGenerated + 0x80) | kSignature);
  target.Push(20, 0);
  target.Push(21, kInCaller);
  PushCaller(target, 22);
  EXPECT_EQ(target.Unwind(kGenerated + 0x40, {{kFp, kSp + 80}}), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(),
              ElementsAre(kGenerated + 0x40, kGenerated + 0x7f, kInCaller - 1, kInRoot - 1));
}

// Go's, which strips its rules off: each function's frame pointer points just below its frame.
TEST(RuleUnwinderArm64Test, FollowsFramePointersBelowTheStackPointer) {
  FakeTarget target(Table(CfiBytes()));
  // The snapshot begins at a page, below which nothing is read: two words up.
  target.Push(1, kSp + 5 * 8);
  target.Push(2, kGenerated + 0x80);
  target.Push(5, kSp + 9 * 8);
  target.Push(6, kGenerated + 0xc0);
  target.Push(9, 0);
  target.Push(10, kInCaller);
  PushCaller(target, 11);
  EXPECT_EQ(target.Unwind(kGenerated + 0x40, {{kFp, kSp + 8}, {os::Registers::kSp, kSp + 16}}),
            UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), ElementsAre(kGenerated + 0x40, kGenerated + 0x7f, kGenerated + 0xbf,
                                        kInCaller - 1, kInRoot - 1));
}

TEST(RuleUnwinderArm64Test, LeavesNoCallerOutWhereGeneratedCodeBegins) {
  FakeTarget target(Table(CfiBytes()));
  target.memory().Put(kGenerated + 0x40, uint32_t{0xa9be7bfd});  // stp x29, x30, [sp, #-32]!
  target.memory().Put(kGenerated + 0x44, uint32_t{0x910003fd});  // mov x29, sp
  const std::vector<std::pair<size_t, uint64_t>> registers = {{kFp, kSp + 800}, {kLink, kInCaller}};
  PushCaller(target, 0);
  EXPECT_EQ(target.Unwind(kGenerated + 0x40, registers), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), ElementsAre(kGenerated + 0x40, kInCaller - 1, kInRoot - 1));
  PushCaller(target, 4);
  target.Push(1, 0);
  EXPECT_EQ(target.Unwind(kGenerated + 0x44, registers), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), ElementsAre(kGenerated + 0x44, kInCaller - 1, kInRoot - 1));
}

// Linkers write no rules for them.
TEST(RuleUnwinderArm64Test, LeavesNoCallerOutInAStubOfTheLinkageTable) {
  CfiImage image = Image(CfiBytes());
  // stp x16, x30, [sp, #-16]!; adrp x16; ldr x17; add x16; br x17; nop × 3; adrp; ldr; add; br
  image.Code(kBare,
             Words({0xa9bf7bf0, 0xf00000f0, 0xf947fe11, 0x913fe210, 0xd61f0220, 0xd503201f,
                    0xd503201f, 0xd503201f, 0x90000110, 0xf9400211, 0x91000210, 0xd61f0220}));
  FakeTarget target(image.Build(CfiImage::Form::kTable));
  const std::vector<std::pair<size_t, uint64_t>> registers = {{kFp, kSp + 800}, {kLink, kInCaller}};
  for (const uint64_t at : {0u, 32u, 36u, 40u, 44u}) {
    PushCaller(target, 0);
    const uint64_t pc = kText + kBare + at;
    EXPECT_EQ(target.Unwind(pc, registers), UnwindEnd::kComplete) << at;
    EXPECT_THAT(target.pcs(), ElementsAre(pc, kInCaller - 1, kInRoot - 1)) << at;
  }
  target.Push(1, 0);
  for (const uint64_t at : {4u, 8u, 12u, 16u}) {  // after its push
    PushCaller(target, 2);
    const uint64_t pc = kText + kBare + at;
    EXPECT_EQ(target.Unwind(pc, registers), UnwindEnd::kComplete) << at;
    EXPECT_THAT(target.pcs(), ElementsAre(pc, kInCaller - 1, kInRoot - 1)) << at;
  }
}

// What the kernel leaves on the stack at `slot` for a thread interrupted in kLeaf, which has no
// frame: struct rt_sigframe, arch/arm64/kernel/signal.c.
void PushSignalFrame(FakeTarget& target, int64_t slot, uint64_t interrupted_sp) {
  const int64_t registers = slot + (128 + 176 + 8) / 8;
  target.Push(registers + 29, kSp + 800);
  target.Push(registers + 30, kInCaller);
  target.Push(registers + 31, interrupted_sp);
  target.Push(registers + 32, kText + kLeaf);
}

TEST(RuleUnwinderArm64Test, LeavesATrampolineWithoutRulesByTheKernelsFrame) {
  for (const uint64_t trampoline : {kGenerated, kGenerated + 0x100}) {
    FakeTarget target(Table(CfiBytes()));
    target.memory().Put(trampoline, uint32_t{0xd2801168});      // mov x8, #139
    target.memory().Put(trampoline + 4, uint32_t{0xd4000001});  // svc #0
    PushSignalFrame(target, 0, kSp + 0x1800);
    PushCaller(target, 0x300);
    EXPECT_EQ(target.Unwind(kText + kLeaf + 0x20, {{kLink, trampoline}}), UnwindEnd::kComplete);
    ASSERT_EQ(target.pcs().size(), 5u);
    EXPECT_EQ(target.pcs()[2], kText + kLeaf) << "the interrupted instruction itself";
    EXPECT_EQ(target.pcs()[3], kInCaller - 1) << "by the link register of then";
    EXPECT_EQ(target.pcs()[4], kInRoot - 1);
  }
}

// As in the vdso of kernels before 5.8: CFA = x29, which lead past a function without a frame.
TEST(RuleUnwinderArm64Test, PrefersTheKernelsFrameToRulesOfItsTrampoline) {
  const CfiBytes rules =
      CfiBytes().Bytes({0x0c, 29, 0, 0x11, 29}).Sleb(0).Bytes({0x11, 30}).Sleb(-1);
  CfiImage image = Image(CfiBytes());
  image.Function(0x400, 0x40, rules.str(), /*signal=*/true);
  image.Code(0x400 + 4, Words({0xd2801168, 0xd4000001}));
  FakeTarget target(image.Build(CfiImage::Form::kTable));
  PushSignalFrame(target, 0, kSp + 0x1800);
  PushCaller(target, 0x300);
  EXPECT_EQ(target.Unwind(kPc, {{kLink, kText + 0x404}, {kFp, kSp + 0x1200}}),
            UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(),
              ElementsAre(kPc, kText + 0x403, kText + kLeaf, kInCaller - 1, kInRoot - 1));
}

TEST(RuleUnwinderArm64Test, TakesNoFramePointerWhoseReturnAddressFollowsNoCall) {
  FakeTarget target(Table(CfiBytes()));
  target.Push(11, kInCaller + 4);
  EXPECT_EQ(target.Unwind(kGenerated + 0x40, {{kFp, kSp + 80}}), UnwindEnd::kNoRules);
  EXPECT_EQ(target.pcs().size(), 1u);
}

#endif

}  // namespace
}  // namespace lambent
