// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/message_json.h"

#include <cstdint>

#include "nlohmann/json.hpp"
#include <gtest/gtest.h>

#include "lambent/v1/query.pb.h"

namespace lambent::cli {
namespace {

TEST(MessageJsonTest, WritesNumbersWordsAndEveryField) {
  v1::ListInvocationsResponse message;
  v1::Invocation& one = *message.add_invocations();
  one.set_request_id("r<\"1");
  one.set_status(v1::INVOCATION_STATUS_TIMEOUT);
  one.set_duration_us(int64_t{1} << 40);
  v1::Drop& drop = *one.add_drops();
  drop.set_reason(v1::DROP_REASON_OUTBOX_FULL);
  drop.set_samples(3);

  const auto json = nlohmann::json::parse(MessageJson(message));
  const auto& first = json.at("invocations").at(0);
  EXPECT_EQ(first.at("request_id"), "r<\"1");
  EXPECT_EQ(first.at("status"), "timeout");
  EXPECT_EQ(first.at("duration_us"), int64_t{1} << 40);
  EXPECT_EQ(first.at("cold"), false) << "fields that were not set are there too";
  EXPECT_EQ(first.at("drops").at(0).at("reason"), "outbox_full");
  EXPECT_EQ(first.at("drops").at(0).at("samples"), 3);
  EXPECT_TRUE(first.at("cost").is_object());
}

}  // namespace
}  // namespace lambent::cli
