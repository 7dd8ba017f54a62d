// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/folded_profile.h"

#include "gtest/gtest.h"

namespace lambent::support {
namespace {

TEST(FoldedProfileTest, SumsStacksThatHoldThePathInOrder) {
  const FoldedProfile profile(
      "main;outer (a.py);inner (a.py) 30\nmain;inner (a.py);outer (a.py) 10\nmain 60\n");

  EXPECT_EQ(profile.total(), 100);
  EXPECT_EQ(profile.WeightOf({"outer", "inner"}), 30);
  EXPECT_EQ(profile.WeightOf({"inner"}), 40);
  EXPECT_DOUBLE_EQ(profile.Share({"outer", "inner"}, "outer"), 0.75);
}

TEST(FoldedProfileTest, KeepsWhatIsNotAStackApart) {
  const FoldedProfile profile("no weight here\na b;c 7\n");

  EXPECT_EQ(profile.malformed().size(), 1u);
  EXPECT_EQ(profile.lines().size(), 1u);
  EXPECT_EQ(profile.lines()[0].frames[0], "a b");
}

}  // namespace
}  // namespace lambent::support
