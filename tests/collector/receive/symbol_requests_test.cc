// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/receive/symbol_requests.h"

#include <string>

#include "gtest/gtest.h"

namespace lambent::collector {
namespace {

class SymbolRequestsTest : public ::testing::Test {
 protected:
  SymbolRequests requests_;
  const SymbolRequests::Asker a_ = requests_.NewAsker();
  const SymbolRequests::Asker b_ = requests_.NewAsker();
};

TEST_F(SymbolRequestsTest, OneIsAskedAtATime) {
  EXPECT_TRUE(requests_.Acquire("x", a_, 0));
  EXPECT_FALSE(requests_.Acquire("x", b_, 0));
  EXPECT_TRUE(requests_.Acquire("y", b_, 0));
  requests_.Release("x", b_);
  EXPECT_FALSE(requests_.Acquire("x", b_, 0)) << "released by one who does not hold it";
  requests_.Release("x", a_);
  EXPECT_TRUE(requests_.Acquire("x", b_, 0));
}

TEST_F(SymbolRequestsTest, WhoDoesNotAnswerLosesItsTurn) {
  ASSERT_TRUE(requests_.Acquire("x", a_, 0));
  EXPECT_TRUE(requests_.Holds("x", a_, SymbolRequests::kPatienceNs - 1)) << "and begins anew";
  EXPECT_FALSE(requests_.Acquire("x", b_, SymbolRequests::kPatienceNs));
  EXPECT_TRUE(requests_.Acquire("x", b_, 2 * SymbolRequests::kPatienceNs));
  EXPECT_FALSE(requests_.Holds("x", a_, 2 * SymbolRequests::kPatienceNs));
}

TEST_F(SymbolRequestsTest, FewAreOpenAtOnce) {
  for (size_t i = 0; i < SymbolRequests::kMaxOpen; ++i) {
    EXPECT_TRUE(requests_.Acquire(std::to_string(i), a_, 0));
  }
  EXPECT_FALSE(requests_.Acquire("more", b_, 1));
  requests_.Release("0", a_);
  EXPECT_TRUE(requests_.Acquire("more", b_, 1));
  EXPECT_FALSE(requests_.Acquire("and more", b_, 1));
  EXPECT_TRUE(requests_.Acquire("and more", b_, SymbolRequests::kPatienceNs)) << "a's are over";
}

}  // namespace
}  // namespace lambent::collector
