// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/receive/access_token.h"

#include "gtest/gtest.h"

namespace lambent::collector {
namespace {

TEST(AccessTokenTest, LetsEverybodyInWhenThereIsNone) {
  EXPECT_FALSE(AccessToken().required());
  EXPECT_TRUE(AccessToken().Accepts(""));
  EXPECT_TRUE(AccessToken().Accepts("Bearer x"));
}

TEST(AccessTokenTest, TakesTheTokenAsBearerOrAsPassword) {
  const AccessToken token("secret");
  EXPECT_TRUE(token.Accepts("Bearer secret"));
  EXPECT_TRUE(token.Accepts("bearer secret"));
  EXPECT_TRUE(token.Accepts("Basic YW55Ym9keTpzZWNyZXQ="));  // anybody:secret
}

TEST(AccessTokenTest, RefusesEverythingElse) {
  const AccessToken token("secret");
  for (const char* wrong :
       {"", "secret", "Bearer", "Bearer ", "Bearer secre", "Bearer secret ", "Bearer Secret",
        "Bearersecret", "Basic secret", "Basic !!", "Basic c2VjcmV0",  // "secret", without a user
        "Basic YW55Ym9keTo=", "Digest secret"}) {
    EXPECT_FALSE(token.Accepts(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace lambent::collector
