// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/cfi_program.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "tests/profiler/unwind/cfi_bytes.h"

namespace lambent {
namespace {

using Kind = RegisterRule::Kind;

absl::Span<const uint8_t> SpanOf(const std::string& bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

RegisterRule At(int32_t offset) { return {Kind::kAt, 0, 0, offset}; }
RegisterRule Cfa(uint8_t reg, int32_t offset) { return {Kind::kRegisterOffset, reg, 0, offset}; }

class CfiProgramTest : public testing::Test {
 protected:
  // CFA = r7 + 8, r16 at CFA - 8; code in steps of 4, offsets of -8.
  CfiProgramTest() {
    cie_.code_factor = 4;
    cie_.data_factor = -8;
    cie_.return_column = 16;
    cie_.instructions = SpanOf(cie_instructions_);
    EXPECT_TRUE(RunCieInstructions(&cie_));
  }

  // The row `at` bytes into a function of these instructions.
  bool Run(const CfiBytes& instructions, uint64_t at = 0) {
    bytes_ = instructions.str();
    return RunFdeInstructions(cie_, {0x1000, 0x1000, SpanOf(bytes_)}, 0x1000 + at, &row_);
  }

  const std::string cie_instructions_ = CfiBytes().Bytes({0x0c, 7, 8, 0x90, 1}).str();
  Cie cie_;
  std::string bytes_;
  CfiRow row_;
};

TEST_F(CfiProgramTest, BeginsWithWhatTheCieSays) {
  ASSERT_TRUE(Run(CfiBytes()));
  EXPECT_EQ(row_.cfa, Cfa(7, 8));
  EXPECT_EQ(row_.registers[16], At(-8));
  EXPECT_EQ(row_.registers[3].kind, Kind::kUnsaid);
}

TEST_F(CfiProgramTest, RowHoldsFromItsOwnAddressOn) {
  // advance_loc 2 (8 bytes): def_cfa_offset 16; advance_loc1 1: 24; loc2 1: 32; loc4 1: 40.
  const CfiBytes program = CfiBytes()
                               .Bytes({0x42, 0x0e, 16})
                               .Bytes({0x02, 1, 0x0e, 24})
                               .Bytes({0x03, 1, 0, 0x0e, 32})
                               .Bytes({0x04, 1, 0, 0, 0, 0x0e, 40});
  const int32_t at_offset[][2] = {{0, 8},   {7, 8},   {8, 16},  {11, 16}, {12, 24},
                                  {15, 24}, {16, 32}, {19, 32}, {20, 40}, {999, 40}};
  for (const auto& [at, offset] : at_offset) {
    ASSERT_TRUE(Run(program, static_cast<uint64_t>(at)));
    EXPECT_EQ(row_.cfa, Cfa(7, offset)) << at;
  }
}

TEST_F(CfiProgramTest, KnowsEveryFormOfCfa) {
  ASSERT_TRUE(Run(CfiBytes().Bytes({0x0c, 6, 16})));  // def_cfa
  EXPECT_EQ(row_.cfa, Cfa(6, 16));
  ASSERT_TRUE(Run(CfiBytes().Bytes({0x0d, 10})));  // def_cfa_register
  EXPECT_EQ(row_.cfa, Cfa(10, 8));
  ASSERT_TRUE(Run(CfiBytes().Bytes({0x12, 6}).Sleb(-3)));  // def_cfa_sf
  EXPECT_EQ(row_.cfa, Cfa(6, 24));
  ASSERT_TRUE(Run(CfiBytes().Byte(0x13).Sleb(-200)));  // def_cfa_offset_sf
  EXPECT_EQ(row_.cfa, Cfa(7, 1600));
  ASSERT_TRUE(Run(CfiBytes().Byte(0x0f).Block(CfiBytes().Bytes({0x76, 0x78, 0x06}))));
  EXPECT_EQ(row_.cfa, (RegisterRule{Kind::kIsExpression, 0, 3, 2}));
}

TEST_F(CfiProgramTest, KnowsEveryFormOfRegisterRule) {
  ASSERT_TRUE(Run(CfiBytes()
                      .Bytes({0x86, 2})     // offset
                      .Bytes({0x05, 3, 3})  // _extended
                      .Byte(0x11)
                      .Uleb(12)
                      .Sleb(-4)              // _extended_sf
                      .Bytes({0x2f, 13, 5})  // GNU_negative
                      .Bytes({0x14, 14, 6})  // val_offset
                      .Byte(0x15)
                      .Uleb(15)
                      .Sleb(-7)             // val_offset_sf
                      .Bytes({0x09, 0, 5})  // register
                      .Bytes({0x07, 1})     // undefined
                      .Bytes({0x08, 2})     // same_value
                      .Bytes({0x10, 4})
                      .Block(CfiBytes().Bytes({0x77, 8}))  // expression
                      .Bytes({0x16, 5})
                      .Block(CfiBytes().Bytes({0x77, 16, 0x06}))  // val_expression
                      .Bytes({0x2e, 64, 0x2d, 0x00})));           // args_size, negate_ra_state, nop
  EXPECT_EQ(row_.registers[6], At(-16));
  EXPECT_EQ(row_.registers[3], At(-24));
  EXPECT_EQ(row_.registers[12], At(32));
  EXPECT_EQ(row_.registers[13], At(40));
  EXPECT_EQ(row_.registers[14], (RegisterRule{Kind::kIs, 0, 0, -48}));
  EXPECT_EQ(row_.registers[15], (RegisterRule{Kind::kIs, 0, 0, 56}));
  EXPECT_EQ(row_.registers[0], (RegisterRule{Kind::kRegister, 5, 0, 0}));
  EXPECT_EQ(row_.registers[1].kind, Kind::kUndefined);
  EXPECT_EQ(row_.registers[2].kind, Kind::kSame);
  EXPECT_EQ(row_.registers[4].kind, Kind::kAtExpression);
  EXPECT_EQ(row_.registers[4].size, 2);
  EXPECT_EQ(row_.registers[5].kind, Kind::kIsExpression);
  EXPECT_EQ(row_.registers[5].size, 3);
}

TEST_F(CfiProgramTest, RestoresWhatTheCieSaidAndWhatWasRemembered) {
  // remember, change, restore_state; then restore r16 and r6 after other rules.
  ASSERT_TRUE(Run(CfiBytes().Bytes({0x86, 2, 0x0a, 0x0e, 64, 0x86, 9, 0x0a, 0x0e, 80, 0x0b})));
  EXPECT_EQ(row_.cfa, Cfa(7, 64));
  EXPECT_EQ(row_.registers[6], At(-72));
  ASSERT_TRUE(Run(CfiBytes().Bytes({0x86, 2, 0x0a, 0x0e, 64, 0x86, 9, 0x0b})));
  EXPECT_EQ(row_.cfa, Cfa(7, 8));
  EXPECT_EQ(row_.registers[6], At(-16));
  ASSERT_TRUE(Run(CfiBytes().Bytes({0x86, 2, 0x90, 7, 0xc6, 0x06, 16})));
  EXPECT_EQ(row_.registers[6].kind, Kind::kUnsaid);
  EXPECT_EQ(row_.registers[16], At(-8));
}

TEST_F(CfiProgramTest, ReadsOverRegistersItDoesNotFollow) {
  ASSERT_TRUE(Run(CfiBytes()
                      .Byte(0x05)
                      .Uleb(40)
                      .Uleb(4)
                      .Byte(0x09)
                      .Uleb(41)
                      .Uleb(90)
                      .Byte(0x10)
                      .Uleb(300)
                      .Block(CfiBytes().Bytes({0x77, 8}))
                      .Bytes({0x0e, 48})));
  EXPECT_EQ(row_.cfa, Cfa(7, 48));
}

TEST_F(CfiProgramTest, RefusesWhatIsMalformed) {
  EXPECT_FALSE(Run(CfiBytes().Byte(0x0e))) << "cut off";
  EXPECT_FALSE(Run(CfiBytes().Byte(0x0b))) << "nothing remembered";
  EXPECT_FALSE(Run(CfiBytes().Byte(0x3f))) << "no such instruction";
  EXPECT_FALSE(Run(CfiBytes().Bytes({0x0c, 60, 8}))) << "no such register";
  EXPECT_FALSE(Run(CfiBytes().Byte(0x0e).Uleb(UINT64_MAX))) << "not an offset of a frame";
  EXPECT_FALSE(Run(CfiBytes().Byte(0x86).Uleb(UINT64_MAX)));
  EXPECT_FALSE(Run(CfiBytes().Byte(0x0f).Uleb(100).Byte(0x77))) << "expression cut off";
  EXPECT_FALSE(Run(CfiBytes().Byte(0x0f).Block(CfiBytes().Bytes({0x77, 8})).Bytes({0x0e, 8})))
      << "an offset from an expression";
  CfiBytes nested;
  for (int i = 0; i < 100; ++i) nested.Byte(0x0a);
  EXPECT_FALSE(Run(nested));
  EXPECT_FALSE(Run(CfiBytes().Text(std::string(11, '\x80')))) << "a number without end";
}

TEST_F(CfiProgramTest, RefusesAnAddressBeforeTheFunction) {
  EXPECT_FALSE(RunFdeInstructions(cie_, {0x1000, 0x10, {}}, 0xfff, &row_));
}

TEST_F(CfiProgramTest, RefusesAFunctionWithoutACfa) {
  Cie silent;
  ASSERT_TRUE(RunCieInstructions(&silent));
  EXPECT_FALSE(RunFdeInstructions(silent, {0x1000, 0x10, {}}, 0x1000, &row_));
}

}  // namespace
}  // namespace lambent
