// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/raw_snapshot.h"

#include <cstdint>

#include <gtest/gtest.h>

#include "tests/fakes/fake_remote_memory.h"

namespace lambent {
namespace {

constexpr uint64_t kPage = 0x10000;

class RawSnapshotTest : public testing::Test {
 protected:
  // Of a thread whose stack pointer is `sp`.
  void Take(uint64_t sp, size_t size, uint64_t limit = UINT64_MAX) {
    os::Registers registers;
    registers.values[os::Registers::kSp] = sp;
    snapshot_.SetRegisters(registers, 0);
    snapshot_.CopyStack(memory_, size, limit);
  }
  bool Has(uint64_t address) const {
    uint64_t word = 0;
    return snapshot_.ReadStack(address, &word);
  }

  fakes::FakeRemoteMemory memory_;
  RawSnapshot snapshot_{0x4000};
};

TEST_F(RawSnapshotTest, HoldsTheBytesFromTheStackPointerUp) {
  memory_.MapZero(kPage, 0x4000);
  Take(kPage + 0x800, 0x100);
  EXPECT_EQ(snapshot_.stack_size(), 0x100u);
  EXPECT_TRUE(Has(kPage + 0x800));
  EXPECT_TRUE(Has(kPage + 0x8f8));
  EXPECT_FALSE(Has(kPage + 0x8f9));
  Take(kPage + 0x800, 0x100, kPage + 0x840);
  EXPECT_EQ(snapshot_.stack_size(), 0x40u) << "the mapping ends there";
}

TEST_F(RawSnapshotTest, HoldsWhatMayBeInUseBelow) {
  memory_.MapZero(kPage, 0x4000);
  Take(kPage + 0x800, 0x100);
  EXPECT_EQ(Has(kPage + 0x800 - kRedZone), kRedZone > 0 || Has(kPage + 0x800));
  EXPECT_FALSE(Has(kPage + 0x800 - kRedZone - 8));
}

TEST_F(RawSnapshotTest, ReadsNoOtherPageBelow) {
  memory_.MapZero(kPage, 0x1000);  // a guard in front
  Take(kPage + 8, 0x100);
  EXPECT_EQ(snapshot_.stack_size(), 0x100u);
  EXPECT_FALSE(Has(kPage - 8));
}

TEST_F(RawSnapshotTest, TakesMemoryThatBeginsAtTheStackPointer) {
  memory_.MapZero(kPage + 0x800, 0x100);
  Take(kPage + 0x800, 0x100);
  EXPECT_EQ(snapshot_.stack_size(), 0x100u);
  EXPECT_TRUE(Has(kPage + 0x800));
}

TEST_F(RawSnapshotTest, IsEmptyWhereNothingIsReadable) {
  Take(kPage, 0x100);
  EXPECT_EQ(snapshot_.stack_size(), 0u);
  EXPECT_FALSE(Has(kPage));
  EXPECT_TRUE(snapshot_.bytes().empty());
}

}  // namespace
}  // namespace lambent
