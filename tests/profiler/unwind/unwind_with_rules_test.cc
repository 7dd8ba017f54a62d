// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Rules made by hand, of x86-64: what each form leads to, and what happens when it cannot.
#include "profiler/unwind/unwind_with_rules.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/unwind/rule_finder.h"
#include "tests/profiler/unwind/cfi_bytes.h"
#include "tests/profiler/unwind/cfi_image.h"
#include "tests/profiler/unwind/fake_target.h"

namespace lambent {
namespace {

#if defined(__x86_64__)

using testing::ElementsAre;

constexpr size_t kRax = 0;
constexpr size_t kRdi = 5;
constexpr size_t kRbp = os::Registers::kFp;
constexpr uint64_t kText = FakeTarget::kText;
constexpr uint64_t kSp = FakeTarget::kSp;

// Functions of 0x100 bytes: the one looked at, its caller with a frame of 24 bytes, the root.
constexpr uint64_t kLeaf = 0x100;
constexpr uint64_t kCaller = 0x200;
constexpr uint64_t kRoot = 0x300;

CfiImage Image(const CfiBytes& leaf, bool signal = false) {
  CfiImage image;
  image.Function(kLeaf, 0x100, leaf.str(), signal);
  image.Function(kCaller, 0x100, CfiBytes().Bytes({0x0e, 24}).str());
  image.Function(kRoot, 0x100, CfiBytes().Bytes({0x07, 16}).str());
  // Calls in front of every return address used below.
  for (const uint64_t at : {kLeaf, kCaller, kRoot}) image.Code(at + 0x40 - 5, "\xe8....");
  return image;
}

std::string Table(const CfiBytes& leaf) { return Image(leaf).Build(CfiImage::Form::kTable); }

constexpr uint64_t kPc = kText + kLeaf + 0x10;
constexpr uint64_t kInCaller = kText + kCaller + 0x40;
constexpr uint64_t kInRoot = kText + kRoot + 0x40;

// The caller's frame, from `slot` on: its locals, then where it returns to.
void PushCaller(FakeTarget& target, int64_t slot) { target.Push(slot + 2, kInRoot); }

auto WholeStack() { return ElementsAre(kPc, kInCaller - 1, kInRoot - 1); }

TEST(RuleUnwinderTest, FollowsTheStackPointer) {
  FakeTarget target(Table(CfiBytes().Bytes({0x0e, 32})));
  target.Push(3, kInCaller);
  PushCaller(target, 4);
  EXPECT_EQ(target.Unwind(kPc), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), WholeStack());
}

TEST(RuleUnwinderTest, FollowsAnyRegister) {
  FakeTarget target(Table(CfiBytes().Bytes({0x0c, kRax, 16})));
  target.Push(11, kInCaller);
  PushCaller(target, 12);
  EXPECT_EQ(target.Unwind(kPc, {{kRax, kSp + 80}}), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), WholeStack());
}

TEST(RuleUnwinderTest, FollowsAFramePointerThatTheCalleeSaved) {
  CfiImage image;
  image.Function(kLeaf, 0x100, CfiBytes().Bytes({0x0e, 24, 0x86, 2}).str());  // rbp at CFA - 16
  image.Function(kCaller, 0x100, CfiBytes().Bytes({0x0c, 6, 16}).str());      // CFA = rbp + 16
  image.Function(kRoot, 0x100, CfiBytes().Bytes({0x07, 16}).str());
  FakeTarget target(image.Build(CfiImage::Form::kTable));
  target.Push(1, kSp + 40 * 8);
  target.Push(2, kInCaller);
  target.Push(41, kInRoot);
  EXPECT_EQ(target.Unwind(kPc), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), WholeStack());
}

TEST(RuleUnwinderTest, FollowsARealignedStack) {
  // CFA = *(rbp - 8); rbp saved where rbp points.
  const CfiBytes rules = CfiBytes()
                             .Byte(0x0f)
                             .Block(CfiBytes().Bytes({0x76}).Sleb(-8).Byte(0x06))
                             .Bytes({0x10, 6})
                             .Block(CfiBytes().Bytes({0x76, 0}));
  FakeTarget target(Table(rules));
  target.Push(9, kSp + 20 * 8);  // at rbp - 8
  target.Push(19, kInCaller);
  PushCaller(target, 20);
  EXPECT_EQ(target.Unwind(kPc, {{kRbp, kSp + 80}}), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), WholeStack());
}

TEST(RuleUnwinderTest, EvaluatesALinkageStubsExpression) {
  // As GNU's linker writes it: rsp + 8 + ((rip & 15) >= 11) * 8.
  const CfiBytes rules = CfiBytes().Byte(0x0f).Block(CfiBytes()
                                                         .Bytes({0x77, 8, 0x80, 0})
                                                         .Bytes({0x3f, 0x1a, 0x3b, 0x2a})
                                                         .Bytes({0x33, 0x24, 0x22}));
  FakeTarget target(Table(rules));
  target.Push(0, kInCaller);
  PushCaller(target, 1);
  EXPECT_EQ(target.Unwind(kText + kLeaf + 0x16), UnwindEnd::kComplete);
  EXPECT_EQ(target.pcs().size(), 3u);
  target.Push(0, 1);
  target.Push(1, kInCaller);
  PushCaller(target, 2);
  EXPECT_EQ(target.Unwind(kText + kLeaf + 0x1b), UnwindEnd::kComplete) << "after its push";
  EXPECT_EQ(target.pcs().size(), 3u);
}

TEST(RuleUnwinderTest, TakesAReturnAddressFromARegister) {
  // vfork's, which has popped it: CFA = rsp, rip in rdi.
  FakeTarget target(Table(CfiBytes().Bytes({0x0e, 0, 0x09, 16, 5})));
  PushCaller(target, 0);
  EXPECT_EQ(target.Unwind(kPc, {{kRdi, kInCaller}}), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), WholeStack());
}

TEST(RuleUnwinderTest, LooksUpAnInterruptedPcItself) {
  // CFA and rip out of what the kernel left; the pc is the first of its function.
  const CfiBytes rules = CfiBytes()
                             .Byte(0x0f)
                             .Block(CfiBytes().Bytes({0x77, 16, 0x06}))
                             .Bytes({0x10, 16})
                             .Block(CfiBytes().Bytes({0x77, 24}));
  FakeTarget target(Image(rules, /*signal=*/true).Build(CfiImage::Form::kTable));
  target.Push(2, kSp + 400);
  target.Push(3, kText + kCaller);
  PushCaller(target, 50);
  EXPECT_EQ(target.Unwind(kPc), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), ElementsAre(kPc, kText + kCaller, kInRoot - 1));
}

TEST(RuleUnwinderTest, LeavesATrampolineWithoutRulesByTheKernelsFrame) {
  // Generated code that is mov $15,%rax; syscall: at the begin of its page, and further on.
  for (const uint64_t trampoline : {FakeTarget::kGenerated, FakeTarget::kGenerated + 0x100}) {
    FakeTarget target(Table(CfiBytes()));
    target.memory().Put(trampoline, uint64_t{0x0f0000000fc0c748});
    target.memory().Put(trampoline + 8, uint8_t{0x05});
    target.Push(0, trampoline);
    target.Push(1 + 20, kSp + 400);        // ucontext + 160: rsp
    target.Push(1 + 21, kText + kCaller);  // rip
    PushCaller(target, 50);
    EXPECT_EQ(target.Unwind(kPc), UnwindEnd::kComplete);
    ASSERT_EQ(target.pcs().size(), 4u);
    EXPECT_EQ(target.pcs()[2], kText + kCaller);
    EXPECT_EQ(target.pcs()[3], kInRoot - 1);
  }
}

TEST(RuleUnwinderTest, FindsRegistersThatAnEpilogueHasPopped) {
  CfiImage image;
  image.Function(kLeaf, 0x100, CfiBytes().Bytes({0x0e, 8, 0x86, 2}).str());  // below rsp by now
  image.Function(kCaller, 0x100, CfiBytes().Bytes({0x0c, 6, 16}).str());
  image.Function(kRoot, 0x100, CfiBytes().Bytes({0x07, 16}).str());
  FakeTarget target(image.Build(CfiImage::Form::kTable));
  // The snapshot begins at a page, below which nothing is read: one word up.
  target.Push(0, kSp + 40 * 8);
  target.Push(1, kInCaller);
  target.Push(41, kInRoot);
  EXPECT_EQ(target.Unwind(kPc, {{os::Registers::kSp, kSp + 8}}), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), WholeStack());
}

TEST(RuleUnwinderTest, ReadsRulesWithoutATable) {
  for (const auto form : {CfiImage::Form::kSection, CfiImage::Form::kDebugFrame}) {
    FakeTarget target(Image(CfiBytes().Bytes({0x0e, 32})).Build(form));
    target.Push(3, kInCaller);
    PushCaller(target, 4);
    EXPECT_EQ(target.Unwind(kPc), UnwindEnd::kComplete);
    EXPECT_THAT(target.pcs(), WholeStack());
  }
}

TEST(RuleUnwinderTest, FollowsFramePointersThroughGeneratedCode) {
  FakeTarget target(Table(CfiBytes()));
  constexpr uint64_t kGenerated = FakeTarget::kGenerated;
  target.Push(10, kSp + 20 * 8);
  target.Push(11, kGenerated + 0x80);
  target.Push(20, 0);
  target.Push(21, kInCaller);
  PushCaller(target, 22);
  EXPECT_EQ(target.Unwind(kGenerated + 0x40, {{kRbp, kSp + 80}}), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(),
              ElementsAre(kGenerated + 0x40, kGenerated + 0x7f, kInCaller - 1, kInRoot - 1));
}

TEST(RuleUnwinderTest, LeavesNoCallerOutWhereGeneratedCodeBegins) {
  FakeTarget target(Table(CfiBytes()));
  constexpr uint64_t kGenerated = FakeTarget::kGenerated;
  target.memory().Put(kGenerated + 0x40, uint32_t{0xe5894855});  // push %rbp; mov %rsp,%rbp
  target.Push(0, kInCaller);
  PushCaller(target, 1);
  EXPECT_EQ(target.Unwind(kGenerated + 0x40, {{kRbp, kSp + 800}}), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), ElementsAre(kGenerated + 0x40, kInCaller - 1, kInRoot - 1));
  target.Push(0, kSp + 800);
  target.Push(1, kInCaller);
  PushCaller(target, 2);
  EXPECT_EQ(target.Unwind(kGenerated + 0x41, {{kRbp, kSp + 800}}), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), ElementsAre(kGenerated + 0x41, kInCaller - 1, kInRoot - 1));
}

TEST(RuleUnwinderTest, TakesNoFramePointerWhoseReturnAddressFollowsNoCall) {
  FakeTarget target(Table(CfiBytes()));
  target.Push(11, kInCaller + 1);
  EXPECT_EQ(target.Unwind(FakeTarget::kGenerated + 0x40, {{kRbp, kSp + 80}}), UnwindEnd::kNoRules);
  EXPECT_EQ(target.pcs().size(), 1u);
  EXPECT_EQ(target.Unwind(FakeTarget::kGenerated + 0x40, {{kRbp, kSp - 80}}), UnwindEnd::kNoRules);
  EXPECT_EQ(target.Unwind(FakeTarget::kGenerated + 0x40, {{kRbp, kSp + 81}}), UnwindEnd::kNoRules);
}

// As musl's code is: without rules, and the frame pointer's register has any use.
TEST(RuleUnwinderTest, TakesNoZeroForTheRootOfALeafWithoutRules) {
  FakeTarget target(Table(CfiBytes()));
  constexpr uint64_t kBare = kText + 0x580;
  EXPECT_EQ(target.Unwind(kBare, {{kRbp, kSp + 80}}), UnwindEnd::kNoRules);
  EXPECT_THAT(target.pcs(), ElementsAre(kBare));
}

TEST(RuleUnwinderTest, EndsWhereABlockedThreadsRegisterIsNeeded) {
  CfiImage image;
  image.Function(kLeaf, 0x100, CfiBytes().Bytes({0x0e, 16}).str());
  image.Function(kCaller, 0x100, CfiBytes().Bytes({0x0c, 6, 16}).str());
  FakeTarget target(image.Build(CfiImage::Form::kTable));
  target.Push(1, kInCaller);
  EXPECT_EQ(target.UnwindBlocked(kPc), UnwindEnd::kNoRegister);
  EXPECT_THAT(target.pcs(), ElementsAre(kPc, kInCaller - 1));
}

TEST(RuleUnwinderTest, ReadsOnWhereTheCopyOfAStandingThreadEnds) {
  FakeTarget target(Table(CfiBytes().Bytes({0x0e}).Uleb(0x1008)));
  target.Push(0x200, kInCaller);
  PushCaller(target, 0x201);
  EXPECT_EQ(target.Unwind(kPc, {}, 0x400, /*standing=*/false), UnwindEnd::kNoBytes);
  EXPECT_THAT(target.pcs(), ElementsAre(kPc));
  EXPECT_EQ(target.Unwind(kPc, {}, 0x400, /*standing=*/true), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), WholeStack());
}

TEST(RuleUnwinderTest, RefusesFramesBelowTheirCallee) {
  FakeTarget target(Table(CfiBytes().Byte(0x12).Bytes({7}).Sleb(2)));  // CFA = rsp - 16
  target.Push(-3, kInCaller);
  EXPECT_EQ(target.Unwind(kPc, {}, 0x400, /*standing=*/true), UnwindEnd::kBadFrame);
  EXPECT_THAT(target.pcs(), ElementsAre(kPc));
}

// The frame pointer would lead on, to a caller that did not call.
void ExpectBadRules(const CfiBytes& leaf) {
  FakeTarget target(Table(leaf));
  target.Push(3, kInCaller);
  target.Push(11, kInRoot);
  for (int i = 0; i < 2; ++i) {
    const UnwindEnd end = target.Unwind(kPc, {{kRbp, kSp + 80}});
    EXPECT_EQ(end, UnwindEnd::kBadRules) << UnwindEndName(end);
    EXPECT_THAT(target.pcs(), ElementsAre(kPc));
  }
}

CfiBytes BeyondOurSize() {
  CfiBytes rules = CfiBytes().Bytes({0x0e, 32});
  return rules.Text(std::string(RuleFinder::kMaxEntryBytes, '\0'));
}

CfiBytes BeyondOurNesting() {
  CfiBytes rules = CfiBytes().Bytes({0x0e, 32});
  for (int i = 0; i < 9; ++i) rules.Byte(0x0a);
  return rules;
}

TEST(RuleUnwinderTest, SaysThatRulesAreNotUnderstood) {
  ExpectBadRules(BeyondOurSize());
  ExpectBadRules(BeyondOurNesting());
  ExpectBadRules(CfiBytes().Byte(0x3f));                                           // no instruction
  ExpectBadRules(CfiBytes().Byte(0x01).Value(int32_t{0}).Bytes({0x0e, 32}));       // set_loc
  ExpectBadRules(CfiBytes().Byte(0x0f).Block(CfiBytes().Bytes({0x77, 0, 0xf0})));  // an expression
}

TEST(RuleUnwinderTest, CodeBehindAFunctionWhoseRulesAreNotUnderstoodHasNone) {
  FakeTarget target(Table(BeyondOurSize()));
  constexpr uint64_t kBare = kText + 0x580;
  target.Push(11, kInCaller);
  PushCaller(target, 12);
  EXPECT_EQ(target.Unwind(kBare, {{kRbp, kSp + 80}}), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), ElementsAre(kBare, kInCaller - 1, kInRoot - 1));
}

TEST(RuleUnwinderTest, LibunwindGoesOnBeyondOurLimits) {
  for (const CfiBytes& rules : {BeyondOurSize(), BeyondOurNesting()}) {
    FakeTarget target(Table(rules));
    target.Push(3, kInCaller);
    PushCaller(target, 4);
    EXPECT_EQ(target.Unwind(kPc), UnwindEnd::kBadRules);
    const UnwindEnd end = target.UnwindFurther();
    EXPECT_EQ(end, UnwindEnd::kComplete) << UnwindEndName(end);
    EXPECT_THAT(target.pcs(), WholeStack());
  }
}

TEST(RuleUnwinderTest, LibunwindIsNotGivenWhatItCannotTake) {
  // The CFA is the most negative number by -1: what the processor traps at.
  const CfiBytes division =
      CfiBytes().Byte(0x0e).Value(uint64_t{1} << 63).Bytes({0x09, 0xff, 0x1b});
  FakeTarget target(Table(CfiBytes().Byte(0x0f).Block(division)));
  EXPECT_EQ(target.Unwind(kPc), UnwindEnd::kBadRules);
  EXPECT_EQ(target.UnwindFurther(), UnwindEnd::kBadRules);
  EXPECT_THAT(target.pcs(), ElementsAre(kPc));
}

TEST(RuleUnwinderTest, SaysThatCodeIsUnknown) {
  FakeTarget target(Table(CfiBytes()));
  EXPECT_EQ(target.Unwind(0x10), UnwindEnd::kUnknownCode);
  EXPECT_TRUE(target.pcs().empty());
  target.Push(0, kSp);  // the stack is no code
  EXPECT_EQ(target.Unwind(kPc), UnwindEnd::kUnknownCode);
  EXPECT_THAT(target.pcs(), ElementsAre(kPc));
}

TEST(RuleUnwinderTest, CutsStacksThatAreTooDeep) {
  FakeTarget target(Table(CfiBytes()));
  for (int64_t slot = 0; slot < 0x300; ++slot) target.Push(slot, kText + kLeaf + 0x40);
  target.max_depth = 64;
  EXPECT_EQ(target.Unwind(kPc), UnwindEnd::kTooDeep);
  EXPECT_EQ(target.pcs().size(), 64u);
}

TEST(RuleUnwinderTest, ForgetsRulesOfAReplacedModule) {
  FakeTarget target(Table(CfiBytes().Bytes({0x0e, 32})));
  target.Push(1, kInRoot);
  target.Push(3, kInCaller);
  PushCaller(target, 4);
  EXPECT_EQ(target.Unwind(kPc), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), WholeStack());
  target.process().files["/other"] = Table(CfiBytes().Bytes({0x0e, 16}));
  target.process().maps.replace(target.process().maps.find("7      "), 1, "8");
  target.process().maps.replace(target.process().maps.find("/program"), 8, "/other  ");
  const size_t path = target.process().maps.find("/other  ");
  target.process().maps.erase(path + 6, 2);
  ASSERT_EQ(target.modules().Refresh(), os::ReadResult::kOk);
  EXPECT_EQ(target.Unwind(kPc), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), ElementsAre(kPc, kInRoot - 1));
}

TEST(RuleUnwinderTest, KeepsRulesWhenOnlyTheHeapGrew) {
  FakeTarget target(Table(CfiBytes().Bytes({0x0e, 32})));
  target.Push(3, kInCaller);
  PushCaller(target, 4);
  target.Unwind(kPc);
  const uint64_t lookups = target.unwinder().Use().lookups;
  target.process().maps += "7fff00000000-7fff00010000 rw-p 00000000 00:00 0\n";
  const uint64_t generation = target.modules().generation();
  ASSERT_EQ(target.modules().Refresh(), os::ReadResult::kOk);
  ASSERT_NE(target.modules().generation(), generation);
  EXPECT_EQ(target.Unwind(kPc), UnwindEnd::kComplete);
  EXPECT_EQ(target.unwinder().Use().lookups, lookups);
}

TEST(RuleUnwinderTest, WorkForOneSnapshotIsBounded) {
  // A stack of different addresses, all in a function whose rules take 15 KB to read.
  CfiBytes rules;
  for (int i = 0; i < 5000; ++i) rules.Bytes({0x0e, 8, 0x00});
  CfiImage image;
  image.Function(0, 0x2000, rules.str());
  FakeTarget target(image.Build(CfiImage::Form::kTable));
  for (int64_t slot = 0; slot < 0x300; ++slot) {
    target.Push(slot, kText + 0x100 + static_cast<uint64_t>(slot));
  }
  EXPECT_EQ(target.Unwind(kText), UnwindEnd::kBadFrame);
  EXPECT_GT(target.pcs().size(), 50u);
  EXPECT_LT(target.pcs().size(), 200u);
}

TEST(RuleUnwinderTest, WarmStacksReadNoRules) {
  FakeTarget target(Table(CfiBytes().Bytes({0x0e, 32})));
  target.Push(3, kInCaller);
  PushCaller(target, 4);
  target.Unwind(kPc);
  const RuleUnwinderUse cold = target.unwinder().Use();
  EXPECT_EQ(cold.lookups, 3u);
  target.Unwind(kPc);
  EXPECT_EQ(target.unwinder().Use().lookups, cold.lookups);
  EXPECT_EQ(target.unwinder().Use().file_reads, cold.file_reads);
  EXPECT_EQ(target.unwinder().Use().memory_bytes, cold.memory_bytes);
}

#endif

}  // namespace
}  // namespace lambent
