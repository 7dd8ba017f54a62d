// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/bare_code.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace lambent {
namespace {

#if defined(__x86_64__)

// `code` with the instruction asked about `at` bytes into it.
std::vector<uint8_t> Around(const std::vector<uint8_t>& code, size_t at) {
  std::vector<uint8_t> bytes(kBareCodeBytes, 0x90);
  std::copy(code.begin(), code.end(),
            bytes.begin() + static_cast<std::ptrdiff_t>(kBareCodeBefore - at));
  return bytes;
}
std::optional<uint64_t> Pushed(const std::vector<uint8_t>& code, size_t at = 0) {
  return PushedSinceCall(Around(code, at));
}

TEST(BareCodeTest, KnowsWhereAFunctionBeginsAndEnds) {
  const std::vector<uint8_t> prologue = {0x55, 0x48, 0x89, 0xe5, 0x90};
  EXPECT_EQ(Pushed(prologue, 0), 0u);
  EXPECT_EQ(Pushed(prologue, 1), 8u);
  EXPECT_EQ(Pushed(prologue, 4), std::nullopt);
  EXPECT_EQ(Pushed({0xf3, 0x0f, 0x1e, 0xfa, 0x55}), 0u) << "endbr64; push %rbp";
  EXPECT_EQ(Pushed({0xc3}), 0u) << "ret";
}

TEST(BareCodeTest, KnowsStubsOfTheLinkageTable) {
  EXPECT_EQ(Pushed({0xff, 0x25, 1, 2, 3, 4}), 0u);
  EXPECT_EQ(Pushed({0xf3, 0x0f, 0x1e, 0xfa, 0xf2, 0xff, 0x25, 1, 2, 3, 4}), 0u);
}

TEST(BareCodeTest, KnowsTheCallOfSigreturn) {
  const std::vector<uint8_t> call = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
  EXPECT_TRUE(IsSigreturn(Around(call, 0)));
  EXPECT_TRUE(IsSigreturn(Around(call, 7))) << "at the system call";
  EXPECT_FALSE(IsSigreturn(Around({0x48, 0xc7, 0xc0, 0x0e, 0, 0, 0, 0x0f, 0x05}, 0)));
}

#elif defined(__aarch64__)

// `code` with the instruction asked about the one at `at`.
std::vector<uint8_t> Around(const std::vector<uint32_t>& code, size_t at) {
  std::vector<uint32_t> around(kBareCodeBytes / 4);
  constexpr size_t kPlace = kBareCodeBefore / 4;
  for (size_t i = 0; i < code.size(); ++i) {
    if (i + kPlace >= at && i + kPlace - at < around.size()) around[i + kPlace - at] = code[i];
  }
  std::vector<uint8_t> bytes(kBareCodeBytes);
  std::memcpy(bytes.data(), around.data(), bytes.size());
  return bytes;
}
// Before each instruction in turn.
std::vector<std::optional<uint64_t>> Pushed(const std::vector<uint32_t>& code) {
  std::vector<std::optional<uint64_t>> all;
  for (size_t at = 0; at < code.size(); ++at) all.push_back(PushedSinceCall(Around(code, at)));
  return all;
}
using All = std::vector<std::optional<uint64_t>>;
constexpr std::nullopt_t kUnknown = std::nullopt;
constexpr uint32_t kNop = 0xd503201f;

TEST(BareCodeTest, KnowsWhereAFunctionBeginsAndEnds) {
  // stp x29, x30, [sp, #-48]!; mov x29, sp; nop; ldp x29, x30, [sp], #48; ret
  EXPECT_EQ(Pushed({0xa9bd7bfd, 0x910003fd, kNop, 0xa8c37bfd, 0xd65f03c0}),
            (All{0, 48, kUnknown, kUnknown, 0}));
  // As clang has it. sub sp, sp, #32; stp x29, x30, [sp, #16]; add x29, sp, #16; nop;
  // ldp x29, x30, [sp, #16]; add sp, sp, #32; ret
  EXPECT_EQ(Pushed({0xd10083ff, 0xa9017bfd, 0x910043fd, kNop, 0xa9417bfd, 0x910083ff, 0xd65f03c0}),
            (All{kUnknown, 32, 32, kUnknown, kUnknown, 32, 0}));
}

TEST(BareCodeTest, KnowsAFramesMakingAmongOtherInstructions) {
  constexpr uint32_t kOther = 0x8b020020;   // add x0, x1, x2
  constexpr uint32_t kBranch = 0x14000002;  // b
  // add; stp x29, x30, [sp, #-32]!; add; add; mov x29, sp; add; ldp x29, x30, [sp], #32; add; ret
  EXPECT_EQ(Pushed({kOther, 0xa9be7bfd, kOther, kOther, 0x910003fd, kOther, 0xa8c27bfd, kOther,
                    0xd65f03c0}),
            (All{0, 0, 32, 32, 32, kUnknown, kUnknown, 0, 0}));
  EXPECT_EQ(Pushed({kOther, kBranch, 0xa9be7bfd, kOther, kBranch, 0x910003fd, 0xa8c27bfd, kBranch,
                    kOther}),
            (All{kUnknown, kUnknown, 0, kUnknown, kUnknown, kUnknown, kUnknown, 0, kUnknown}))
      << "who knows what was before a branch, or comes after it";
}

TEST(BareCodeTest, KnowsGosFunctions) {
  // ldr x16, [x28, #16]; cmp sp, x16; b.ls; str x30, [sp, #-32]!; stur x29, [sp, #-8];
  // sub x29, sp, #8; …; ldp x29, x30, [sp, #-8]; add sp, sp, #32; ret
  EXPECT_EQ(Pushed({0xf9400b90, 0xeb3063ff, 0x54000609, 0xf81e0ffe, 0xf81f83fd, 0xd10023fd, kNop,
                    0xa97ffbfd, 0x910083ff, 0xd65f03c0}),
            (All{0, 0, 0, 0, 32, 32, kUnknown, kUnknown, 32, 0}));
}

TEST(BareCodeTest, KnowsFunctionsThatSignTheirReturnAddress) {
  // bti c; paciasp; stp x29, x30, [sp, #-16]!; …; autiasp; ret
  EXPECT_EQ(Pushed({0xd503245f, 0xd503233f, 0xa9bf7bfd, kNop, 0xd50323bf, 0xd65f03c0}),
            (All{0, 0, 0, kUnknown, 0, 0}));
  // pacibsp; nop; autibsp; nop; retaa; retab
  EXPECT_EQ(Pushed({0xd503237f, kNop, 0xd50323ff, kNop, 0xd65f0bff, 0xd65f0fff}),
            (All{0, kUnknown, 0, kUnknown, 0, 0}));
  EXPECT_EQ(Pushed({0xd503249f}), All{kUnknown}) << "bti j: in the middle of a function";
  EXPECT_EQ(Pushed({0xd65f0260}), All{kUnknown}) << "ret x19: not where the link register says";
}

TEST(BareCodeTest, KnowsStubsOfTheLinkageTable) {
  // adrp x16, N; ldr x17, [x16]; add x16, x16, #0; br x17
  EXPECT_EQ(Pushed({0x90000110, 0xf9400211, 0x91000210, 0xd61f0220}), (All{0, 0, 0, 0}));
  // The first one, behind stp x16, x30, [sp, #-16]!
  EXPECT_EQ(Pushed({0xa9bf7bf0, 0xf00000f0, 0xf947fe11, 0x913fe210, 0xd61f0220}),
            (All{0, 16, 16, 16, 16}));
  // With a signed address: bti c; adrp; ldr; add; autia1716; br
  EXPECT_EQ(Pushed({0xd503245f, 0x90000110, 0xf9400211, 0x91000210, 0xd503219f, 0xd61f0220}),
            (All{0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(Pushed({kNop, 0x91000210, 0xd61f0220}), (All{kUnknown, kUnknown, kUnknown}))
      << "what does not begin as a stub";
}

TEST(BareCodeTest, KnowsTheCallOfSigreturn) {
  const std::vector<uint32_t> call = {0xd2801168, 0xd4000001};
  EXPECT_TRUE(IsSigreturn(Around(call, 0)));
  EXPECT_TRUE(IsSigreturn(Around(call, 1))) << "at the system call";
  EXPECT_FALSE(IsSigreturn(Around({0xd2801148, 0xd4000001}, 0)));
}

#endif

}  // namespace
}  // namespace lambent
