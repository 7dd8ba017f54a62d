// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/traced_copy.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

namespace lambent {
namespace {

TEST(TracedCopyTest, StackIsWholeOrSaidNotToBe) {
  TracedCopy copy;
  if (!copy.traced()) GTEST_SKIP() << "ptrace is refused";
  std::vector<uint64_t> pcs;
  ASSERT_TRUE(copy.Unwind(1024, &pcs));
  const std::vector<uint64_t> whole = pcs;
  EXPECT_GT(whole.size(), 5u);

  EXPECT_FALSE(copy.Unwind(2, &pcs)) << "the root is far from here";
  EXPECT_EQ(pcs, std::vector<uint64_t>(whole.begin(), whole.begin() + 2));
}

}  // namespace
}  // namespace lambent
