// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/aggregate/naming.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_process_sampler.h"

namespace lambent {
namespace {

Frame At(uint64_t address, bool internal = false) {
  return {.kind = FrameKind::kNative, .address = address, .internal = internal};
}

class NamingTest : public testing::Test {
 protected:
  uint32_t StackOf(const Stack& stack) {
    const uint32_t node = captured_.Intern(stack);
    naming_.Describe(sampler_);
    return naming_.StackOf(node);
  }

  fakes::FakeClock clock_;
  fakes::FakeProcessSampler sampler_{clock_, 42};
  StackTrie captured_;
  ThreadTable threads_;
  Dictionary dictionary_;
  Naming naming_{captured_, threads_, dictionary_};
};

TEST_F(NamingTest, StacksThatDifferOnlyInHiddenFramesAreOne) {
  const uint32_t plain = StackOf({At(1), At(2)});
  EXPECT_EQ(StackOf({At(1), At(7, true), At(2)}), plain);
  EXPECT_EQ(StackOf({At(9, true), At(1), At(2), At(8, true)}), plain);
  EXPECT_NE(StackOf({At(1), At(7), At(2)}), plain);
  EXPECT_EQ(dictionary_.stacks().size(), 1u + 2 + 2);
}

TEST_F(NamingTest, HiddenFramesTakeNoPlaceInTheDictionary) {
  StackOf({At(1), At(7, true), At(2)});
  EXPECT_EQ(dictionary_.frames().size(), 1u + 2);
}

TEST_F(NamingTest, AnAddressWithoutItsModuleIsNotKept) {
  captured_.Intern(
      {At(0x40), {.kind = FrameKind::kNative, .module = ModuleId{1}, .address = 0x40}});
  naming_.GiveUp();
  ASSERT_EQ(dictionary_.frames().size(), 1u + 2);
  EXPECT_EQ(dictionary_.frames()[1].address, 0u) << "it would be taken for one of the process";
  EXPECT_EQ(dictionary_.frames()[2].address, 0x40u);
}

TEST_F(NamingTest, ModulesOfDescribedFramesStay) {
  StackOf({{.kind = FrameKind::kNative, .module = ModuleId{1}, .address = 0x40}});
  naming_.GiveUp();
  const Dictionary::NamedFrame& frame = dictionary_.frames().back();
  EXPECT_EQ(frame.kind, FrameKind::kNative);
  EXPECT_EQ(frame.name, 0u);
  EXPECT_EQ(frame.address, 0x40u);
  EXPECT_EQ(dictionary_.modules()[frame.module].build_id, "\x01\x02\x03\x04");
}

}  // namespace
}  // namespace lambent
