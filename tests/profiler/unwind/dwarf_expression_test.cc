// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/dwarf_expression.h"

#include <cstdint>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "tests/fakes/fake_process_files.h"
#include "tests/fakes/fake_remote_memory.h"
#include "tests/profiler/unwind/cfi_bytes.h"

namespace lambent {
namespace {

constexpr uint64_t kStack = 0x10000;

class DwarfExpressionTest : public testing::Test {
 protected:
  DwarfExpressionTest() {
    remote_.MapZero(kStack, 4096);
    remote_.Put(kStack + 64, uint64_t{0x1122334455667788});
    os::Registers registers;
    registers.values[os::Registers::kSp] = kStack;
    snapshot_.SetRegisters(registers, 0);
    snapshot_.CopyStack(remote_, 4096, kStack + 4096);
    memory_.Begin(snapshot_, nullptr);
    known_.Set(7, kStack);
    known_.Set(3, 42);
  }

  ExpressionEnd Evaluate(const CfiBytes& bytes, std::optional<uint64_t> cfa = std::nullopt) {
    const std::string& text = bytes.str();
    return EvaluateExpression({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, known_,
                              memory_, cfa, &value_);
  }
  uint64_t ValueOf(const CfiBytes& bytes) {
    value_ = 0xbad;
    return Evaluate(bytes) == ExpressionEnd::kValue ? value_ : 0xbad;
  }

  fakes::FakeProcess process_;
  fakes::FakeProcessFiles files_{process_, 1};
  fakes::FakeRemoteMemory remote_;
  ModuleTable modules_{files_, &remote_};
  RawSnapshot snapshot_;
  StackMemory memory_{modules_};
  FrameRegisters known_;
  uint64_t value_ = 0;
};

TEST_F(DwarfExpressionTest, KnowsConstants) {
  EXPECT_EQ(ValueOf(CfiBytes().Byte(0x4f)), 31u);
  EXPECT_EQ(ValueOf(CfiBytes().Bytes({0x08, 200})), 200u);
  EXPECT_EQ(ValueOf(CfiBytes().Bytes({0x09, 0xff})), UINT64_MAX);
  EXPECT_EQ(ValueOf(CfiBytes().Byte(0x0a).Value(uint16_t{0x1234})), 0x1234u);
  EXPECT_EQ(ValueOf(CfiBytes().Byte(0x0b).Value(int16_t{-2})), UINT64_MAX - 1);
  EXPECT_EQ(ValueOf(CfiBytes().Byte(0x0c).Value(uint32_t{0x12345678})), 0x12345678u);
  EXPECT_EQ(ValueOf(CfiBytes().Byte(0x0d).Value(int32_t{-3})), UINT64_MAX - 2);
  EXPECT_EQ(ValueOf(CfiBytes().Byte(0x0e).Value(uint64_t{5})), 5u);
  EXPECT_EQ(ValueOf(CfiBytes().Byte(0x10).Uleb(1000)), 1000u);
  EXPECT_EQ(ValueOf(CfiBytes().Byte(0x11).Sleb(-1000)), UINT64_MAX - 999);
}

TEST_F(DwarfExpressionTest, KnowsRegistersAndMemory) {
  EXPECT_EQ(ValueOf(CfiBytes().Byte(0x73).Sleb(-2)), 40u);
  EXPECT_EQ(ValueOf(CfiBytes().Bytes({0x92, 3, 1})), 43u);
  EXPECT_EQ(ValueOf(CfiBytes().Byte(0x77).Sleb(64).Byte(0x06)), 0x1122334455667788u);
  EXPECT_EQ(ValueOf(CfiBytes().Byte(0x77).Sleb(64).Bytes({0x94, 2})), 0x7788u);
  EXPECT_EQ(Evaluate(CfiBytes().Bytes({0x74, 0})), ExpressionEnd::kUnknownRegister);
  EXPECT_EQ(Evaluate(CfiBytes().Bytes({0x30, 0x06})), ExpressionEnd::kUnreadable);
}

TEST_F(DwarfExpressionTest, MovesTheStack) {
  EXPECT_EQ(ValueOf(CfiBytes().Bytes({0x31, 0x12, 0x22})), 2u) << "dup";
  EXPECT_EQ(ValueOf(CfiBytes().Bytes({0x31, 0x32, 0x13})), 1u) << "drop";
  EXPECT_EQ(ValueOf(CfiBytes().Bytes({0x35, 0x32, 0x14, 0x1c, 0x1c})), 8u) << "over: 5 - (2 - 5)";
  EXPECT_EQ(ValueOf(CfiBytes().Bytes({0x35, 0x36, 0x37, 0x15, 2})), 5u) << "pick";
  EXPECT_EQ(ValueOf(CfiBytes().Bytes({0x31, 0x35, 0x16, 0x1c})), 4u) << "swap";
  // rot: 1 2 3 → 3 1 2
  EXPECT_EQ(ValueOf(CfiBytes().Bytes({0x31, 0x32, 0x33, 0x17, 0x13, 0x13})), 3u);
}

TEST_F(DwarfExpressionTest, Calculates) {
  const auto of_two = [this](unsigned left, unsigned right, unsigned code) {
    return ValueOf(CfiBytes().Bytes({0x30 + left, 0x30 + right, code}));
  };
  EXPECT_EQ(of_two(12, 10, 0x1a), 8u);
  EXPECT_EQ(of_two(12, 5, 0x1b), 2u);
  EXPECT_EQ(of_two(3, 5, 0x1c), UINT64_MAX - 1);
  EXPECT_EQ(of_two(12, 5, 0x1d), 2u);
  EXPECT_EQ(of_two(12, 5, 0x1e), 60u);
  EXPECT_EQ(of_two(12, 3, 0x21), 15u);
  EXPECT_EQ(of_two(12, 3, 0x22), 15u);
  EXPECT_EQ(of_two(12, 2, 0x24), 48u);
  EXPECT_EQ(of_two(12, 2, 0x25), 3u);
  EXPECT_EQ(of_two(12, 2, 0x26), 3u);
  EXPECT_EQ(of_two(12, 10, 0x27), 6u);
  EXPECT_EQ(of_two(2, 2, 0x29), 1u);
  EXPECT_EQ(of_two(2, 3, 0x2a), 0u);
  EXPECT_EQ(of_two(3, 2, 0x2b), 1u);
  EXPECT_EQ(of_two(2, 3, 0x2c), 1u);
  EXPECT_EQ(of_two(2, 3, 0x2d), 1u);
  EXPECT_EQ(of_two(2, 3, 0x2e), 1u);
  EXPECT_EQ(ValueOf(CfiBytes().Bytes({0x09, 0xf0, 0x19})), 16u) << "abs";
  EXPECT_EQ(ValueOf(CfiBytes().Bytes({0x31, 0x1f})), UINT64_MAX) << "neg";
  EXPECT_EQ(ValueOf(CfiBytes().Bytes({0x30, 0x20})), UINT64_MAX) << "not";
  EXPECT_EQ(ValueOf(CfiBytes().Bytes({0x31, 0x23, 9, 0x96})), 10u) << "plus_uconst, nop";
}

TEST_F(DwarfExpressionTest, Jumps) {
  // bra over "lit5", taken and not; skip over it.
  EXPECT_EQ(ValueOf(CfiBytes().Bytes({0x32, 0x31, 0x28, 1, 0, 0x35})), 2u);
  EXPECT_EQ(ValueOf(CfiBytes().Bytes({0x32, 0x30, 0x28, 1, 0, 0x35})), 5u);
  EXPECT_EQ(ValueOf(CfiBytes().Bytes({0x32, 0x2f, 1, 0, 0x35})), 2u);
}

TEST_F(DwarfExpressionTest, BeginsWithTheCfaWhenThereIsOne) {
  EXPECT_EQ(Evaluate(CfiBytes().Bytes({0x23, 8}), 0x100), ExpressionEnd::kValue);
  EXPECT_EQ(value_, 0x108u);
}

TEST_F(DwarfExpressionTest, EndsWhateverItIsGiven) {
  EXPECT_EQ(Evaluate(CfiBytes().Bytes({0x2f, 0xfd, 0xff})), ExpressionEnd::kMalformed) << "a loop";
  EXPECT_EQ(Evaluate(CfiBytes().Bytes({0x2f, 0x00, 0x80})), ExpressionEnd::kMalformed);
  EXPECT_EQ(Evaluate(CfiBytes()), ExpressionEnd::kMalformed) << "no value";
  EXPECT_EQ(Evaluate(CfiBytes().Byte(0x22)), ExpressionEnd::kMalformed) << "nothing to add";
  EXPECT_EQ(Evaluate(CfiBytes().Bytes({0x31, 0x30, 0x1b})), ExpressionEnd::kMalformed) << "by zero";
  EXPECT_EQ(Evaluate(CfiBytes().Byte(0xe0)), ExpressionEnd::kMalformed);
  EXPECT_EQ(Evaluate(CfiBytes().Text(std::string(200, 0x31))), ExpressionEnd::kMalformed) << "deep";
  EXPECT_EQ(Evaluate(CfiBytes().Bytes({0x31, 0x94, 9})), ExpressionEnd::kMalformed);
  CfiBytes smallest;
  smallest.Byte(0x0e).Value(INT64_MIN).Bytes({0x09, 0xff, 0x1b});
  EXPECT_EQ(Evaluate(smallest), ExpressionEnd::kMalformed) << "a quotient that does not fit";
}

}  // namespace
}  // namespace lambent
