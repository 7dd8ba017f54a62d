// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Stacks of which all rules are known are climbed another way than those met first: by short rules,
// and other registers restored only where they are needed. They have to end the same.
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/profiler/unwind/cfi_bytes.h"
#include "tests/profiler/unwind/cfi_image.h"
#include "tests/profiler/unwind/fake_target.h"

namespace lambent {
namespace {

#if defined(__x86_64__)

using testing::ElementsAre;

constexpr size_t kRbx = 3;
constexpr size_t kRbp = os::Registers::kFp;
constexpr uint64_t kText = FakeTarget::kText;
constexpr uint64_t kSp = FakeTarget::kSp;

constexpr uint64_t kFunctionBytes = 0x100;
constexpr uint64_t In(uint64_t function) { return kText + function * kFunctionBytes + 0x40; }

// Functions whose return addresses are In(0), In(1), …
std::string Program(const std::vector<CfiBytes>& functions) {
  CfiImage image;
  for (uint64_t i = 0; i < functions.size(); ++i) {
    image.Function(i * kFunctionBytes, kFunctionBytes, functions[i].str());
    image.Code(i * kFunctionBytes + 0x40 - 5, "\xe8....");
  }
  return image.Build(CfiImage::Form::kTable);
}

const CfiBytes kRoot = CfiBytes().Bytes({0x07, 16});

TEST(WarmUnwindTest, RestoresARegisterThatAFrameFurtherUpGoesBy) {
  FakeTarget target(Program({
      CfiBytes().Bytes({0x0e, 24, 0x83, 2}),  // CFA = rsp + 24, rbx at CFA - 16
      CfiBytes().Bytes({0x0e, 32, 0x83, 3}),  // and at CFA - 24
      CfiBytes().Bytes({0x0e, 16}),
      CfiBytes().Bytes({0x0c, kRbx, 16}),  // CFA = rbx + 16
      kRoot,
  }));
  target.Push(1, 0x1234);
  target.Push(2, In(1));
  target.Push(4, kSp + 20 * 8);  // rbx, the last one saved
  target.Push(6, In(2));
  target.Push(8, In(3));
  target.Push(21, In(4));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(target.Unwind(In(0), {{kRbx, 5}}), UnwindEnd::kComplete);
    EXPECT_THAT(target.pcs(), ElementsAre(In(0), In(1) - 1, In(2) - 1, In(3) - 1, In(4) - 1));
  }
  EXPECT_EQ(target.unwinder().Use().lookups, 5u);
}

// The snapshot's registers are another thread's still.
TEST(WarmUnwindTest, MissesABlockedThreadsRegisters) {
  for (const size_t reg : {kRbx, kRbp}) {
    FakeTarget target(Program({
        CfiBytes().Bytes({0x0e, 16}),
        CfiBytes().Bytes({0x0c, static_cast<unsigned>(reg == kRbp ? 6 : 3), 16, 0x86, 2}),
        kRoot,
    }));
    target.Push(1, In(1));
    target.Push(11, In(2));
    EXPECT_EQ(target.Unwind(In(0), {{reg, kSp + 80}}), UnwindEnd::kComplete);
    EXPECT_THAT(target.pcs(), ElementsAre(In(0), In(1) - 1, In(2) - 1));
    EXPECT_EQ(target.UnwindBlocked(In(0)), UnwindEnd::kNoRegister);
    EXPECT_THAT(target.pcs(), ElementsAre(In(0), In(1) - 1));
  }
}

TEST(WarmUnwindTest, GoesOnBehindGeneratedCode) {
  FakeTarget target(Program({
      CfiBytes().Bytes({0x0e, 24, 0x86, 2}),  // CFA = rsp + 24, rbp at CFA - 16
      CfiBytes().Bytes({0x0e, 16}),
      kRoot,
  }));
  constexpr uint64_t kGenerated = FakeTarget::kGenerated + 0x80;
  target.Push(1, kSp + 80);
  target.Push(2, kGenerated);
  target.Push(10, 0x1234);
  target.Push(11, In(1));
  target.Push(13, In(2));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(target.Unwind(In(0)), UnwindEnd::kComplete);
    EXPECT_THAT(target.pcs(), ElementsAre(In(0), kGenerated - 1, In(1) - 1, In(2) - 1));
  }
}

TEST(WarmUnwindTest, TakesNoFramePointerToAKnownAddressThatFollowsNoCall) {
  FakeTarget target(Program({CfiBytes().Bytes({0x0e, 16}), kRoot}));
  constexpr uint64_t kNoCall = In(0) + 0x20;
  target.Push(1, kNoCall);
  target.Push(3, In(1));
  EXPECT_EQ(target.Unwind(In(0)), UnwindEnd::kComplete);
  EXPECT_THAT(target.pcs(), ElementsAre(In(0), kNoCall - 1, In(1) - 1));
  target.Push(11, kNoCall);
  target.Push(13, In(1));
  EXPECT_EQ(target.Unwind(FakeTarget::kGenerated + 0x40, {{kRbp, kSp + 80}}), UnwindEnd::kNoRules);
  EXPECT_THAT(target.pcs(), ElementsAre(FakeTarget::kGenerated + 0x40));
}

TEST(WarmUnwindTest, ReadsOnWhereTheCopyOfAStandingThreadEnds) {
  FakeTarget target(Program({CfiBytes().Bytes({0x0e, 16}), kRoot}));
  for (int64_t slot = 1; slot < 0x100; slot += 2) target.Push(slot, In(0));
  target.Push(0x101, In(1));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(target.Unwind(In(0), {}, 0x400, /*standing=*/false), UnwindEnd::kNoBytes);
    EXPECT_EQ(target.pcs().size(), 0x41u);
    EXPECT_EQ(target.Unwind(In(0), {}, 0x400, /*standing=*/true), UnwindEnd::kComplete);
    EXPECT_EQ(target.pcs().size(), 0x82u);
  }
}

// Words of which most are places in code or on the stack, in functions of every kind.
TEST(WarmUnwindTest, EndsAsAnyStackDoesThatIsMetFirst) {
  const std::string program = Program({
      CfiBytes().Bytes({0x0e, 8}),
      CfiBytes().Bytes({0x0e, 16}),
      CfiBytes().Bytes({0x0e, 24, 0x86, 2, 0x83, 3}),
      CfiBytes().Bytes({0x0e, 32, 0x86, 3}),
      CfiBytes().Bytes({0x0e, 8, 0x86, 2}),
      CfiBytes().Bytes({0x0c, kRbp, 16, 0x86, 2}),
      CfiBytes().Bytes({0x0c, kRbp, 16, 0x86, 2, 0x83, 3}),
      CfiBytes().Bytes({0x0c, kRbp, 24, 0x86, 3}),
      CfiBytes().Bytes({0x0c, kRbx, 16, 0x83, 2}),
      CfiBytes().Byte(0x0f).Block(CfiBytes().Bytes({0x76}).Sleb(-8).Byte(0x06)),  // *(rbp - 8)
      CfiBytes().Byte(0x0f).Block(CfiBytes().Bytes({0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x22})),
      kRoot,
  });
  std::mt19937 random(7);
  FakeTarget warm(program);
  size_t frames = 0;
  for (int round = 0; round < 4000; ++round) {
    FakeTarget cold(program);
    const auto place = [&](int64_t slot) -> uint64_t {
      const auto choice = random() % 20;
      if (choice < 13) return In(random() % 12);
      if (choice < 19) return kSp + (static_cast<uint64_t>(slot) + random() % 4) * 8;
      return choice == 19 && random() % 2 == 0 ? 0 : FakeTarget::kGenerated + 8;
    };
    for (int64_t slot = -16; slot < 48; ++slot) {
      const uint64_t word = place(slot);
      warm.Push(slot, word);
      cold.Push(slot, word);
    }
    const uint64_t pc = In(random() % 12);
    const uint64_t rbx = place(2);
    const uint64_t rbp = place(2);
    const bool standing = round % 2 == 0;
    const size_t bytes = 8 * (8 + random() % 40);
    warm.max_depth = cold.max_depth = random() % 40;
    const UnwindEnd end = cold.Unwind(pc, {{kRbx, rbx}, {kRbp, rbp}}, bytes, standing);
    ASSERT_EQ(warm.Unwind(pc, {{kRbx, rbx}, {kRbp, rbp}}, bytes, standing), end) << round;
    ASSERT_EQ(warm.pcs(), cold.pcs()) << round;
    frames += cold.pcs().size();
  }
  EXPECT_GT(frames, 5000u);
  EXPECT_LT(warm.unwinder().Use().lookups, 50u);
}

#endif

}  // namespace
}  // namespace lambent
