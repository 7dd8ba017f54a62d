// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/rules_for_libunwind.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/profiler/unwind/cfi_bytes.h"

namespace lambent {
namespace {

absl::Span<const uint8_t> AsBytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

CfiBytes CieOf(const CfiBytes& instructions, unsigned return_column = 16) {
  CfiBytes cie;
  cie.Byte(1).Text(std::string("zR", 3)).Uleb(1).Sleb(-8).Byte(return_column);
  return cie.Uleb(1).Byte(0x1b).Text(instructions.str());
}

CfiBytes PlainCie() { return CieOf(CfiBytes().Bytes({0x0c, 7, 8, 0x90, 1})); }

bool AreFit(const CfiBytes& cie, const CfiBytes& instructions) {
  CfiBytes fde;
  fde.Value(int32_t{0x100}).Value(uint32_t{0x80}).Uleb(0).Text(instructions.str());
  return AreRulesFitForLibunwind(AsBytes(cie.str()), AsBytes(fde.str()));
}

TEST(RulesForLibunwindTest, TakesWhatCompilersWrite) {
  const CfiBytes rules = CfiBytes().Bytes({
      0x41, 0x0e, 16,   0x86, 2,                       // push %rbp
      0x43, 0x0d, 6,                                   // mov %rsp, %rbp
      0x02, 0x40, 0x0a, 0x0c, 7,    8,    0x41, 0x0b,  // an epilogue in the middle
      0x03, 0,    1,    0x2e, 0x20,                    // args_size
      0x04, 0,    0,    1,    0,    0x05, 12,   3,     // advance_loc4, offset_extended
      0x06, 12,   0x07, 0,    0x08, 13,   0x09, 14,
      13,                                              // restore, undefined, same_value, register
      0x11, 12,   0x7e, 0x12, 7,    0x7f, 0x13, 0x7f,  // the signed ones
      0xc6, 0x00,
  });
  EXPECT_TRUE(AreFit(PlainCie(), rules));
}

TEST(RulesForLibunwindTest, TakesASignalFramesExpressions) {
  const CfiBytes rules = CfiBytes()
                             .Byte(0x0f)
                             .Block(CfiBytes().Bytes({0x77, 0xa0, 0x01, 0x06}))
                             .Bytes({0x10, 6})
                             .Block(CfiBytes().Bytes({0x77, 0xf8, 0x00}));
  EXPECT_TRUE(AreFit(CieOf(CfiBytes()), rules));
}

TEST(RulesForLibunwindTest, TakesASetLocation) {
  EXPECT_TRUE(AreFit(PlainCie(), CfiBytes().Byte(0x01).Value(int32_t{4}).Bytes({0x0e, 16})));
}

TEST(RulesForLibunwindTest, RefusesAReturnColumnThatIsNoRegister) {
  EXPECT_FALSE(AreFit(CieOf(CfiBytes().Bytes({0x0c, 7, 8}), 200), CfiBytes()));
}

TEST(RulesForLibunwindTest, RefusesRegistersThatDoNotExist) {
  EXPECT_FALSE(AreFit(PlainCie(), CfiBytes().Bytes({0x09, 9}).Uleb(0x3fffffff)));
  EXPECT_FALSE(AreFit(PlainCie(), CfiBytes().Bytes({0x0c}).Uleb(200).Byte(8)));
  EXPECT_FALSE(AreFit(PlainCie(), CfiBytes().Bytes({0x0d}).Uleb(200)));
}

TEST(RulesForLibunwindTest, RefusesAQuotient) {
  const CfiBytes division = CfiBytes().Bytes({0x80, 0x00, 0x31, 0x1b});
  EXPECT_FALSE(AreFit(PlainCie(), CfiBytes().Byte(0x0f).Block(division)));
  EXPECT_FALSE(AreFit(PlainCie(), CfiBytes().Bytes({0x10, 6}).Block(division)));
  EXPECT_FALSE(AreFit(PlainCie(), CfiBytes().Bytes({0x16, 6}).Block(division)));
  EXPECT_FALSE(AreFit(CieOf(CfiBytes().Byte(0x0f).Block(division)), CfiBytes()));
}

TEST(RulesForLibunwindTest, RefusesARowWithoutAFrame) {
  const CfiBytes none = CieOf(CfiBytes().Bytes({0x90, 1}));
  EXPECT_FALSE(AreFit(none, CfiBytes()));
  EXPECT_FALSE(AreFit(none, CfiBytes().Bytes({0x44, 0x0c, 7, 8}))) << "only from 4 on";
  EXPECT_FALSE(AreFit(none, CfiBytes().Bytes({0x0a, 0x0c, 7, 8, 0x0b}))) << "taken back";
  EXPECT_TRUE(AreFit(none, CfiBytes().Bytes({0x0c, 7, 8})));
}

TEST(RulesForLibunwindTest, BoundsTheStatesRemembered) {
  CfiBytes rules;
  for (int i = 0; i < 64; ++i) rules.Byte(0x0a);
  EXPECT_TRUE(AreFit(PlainCie(), rules));
  EXPECT_FALSE(AreFit(PlainCie(), rules.Byte(0x0a)));
  EXPECT_FALSE(AreFit(PlainCie(), CfiBytes().Byte(0x0b)));
}

TEST(RulesForLibunwindTest, RefusesWhatItDoesNotKnow) {
  EXPECT_FALSE(AreFit(PlainCie(), CfiBytes().Byte(0x3f)));
  EXPECT_FALSE(AreFit(PlainCie(), CfiBytes().Byte(0x0e))) << "cut off";
  EXPECT_FALSE(AreFit(CfiBytes().Byte(1), CfiBytes()));
}

}  // namespace
}  // namespace lambent
