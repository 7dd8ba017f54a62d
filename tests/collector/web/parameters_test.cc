// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/web/parameters.h"

#include <string>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lambent::collector {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

std::string Refusal(const Parameters& parameters) {
  return std::string(ParseSelection(parameters, "", kNow).status().message());
}

TEST(ParametersTest, ReadsEveryPartOfASelection) {
  const auto selection = ParseSelection({{"function", "orders"},
                                         {"version", "7"},
                                         {"request_id", "r1"},
                                         {"phase", "init,invoke"},
                                         {"since", "2h"},
                                         {"until", "2027-01-15T08:00:00Z"},
                                         {"cold", "true"},
                                         {"status", "timeout"},
                                         {"thread", "worker"},
                                         {"gil", "true"}},
                                        "", kNow);
  ASSERT_TRUE(selection.ok()) << selection.status();
  EXPECT_EQ(selection->filter.function_name, "orders");
  EXPECT_THAT(selection->filter.phases, ElementsAre(Phase::kInit, Phase::kInvoke));
  EXPECT_EQ(selection->filter.since_us, absl::ToUnixMicros(kNow - absl::Hours(2)));
  EXPECT_EQ(selection->filter.until_us, 1'800'000'000'000'000);
  EXPECT_EQ(selection->filter.cold, true);
  EXPECT_EQ(selection->filter.status, 3U);
  EXPECT_EQ(selection->thread_name, "worker");
  EXPECT_TRUE(selection->with_lock);
}

TEST(ParametersTest, SaysWhatIsExpected) {
  EXPECT_THAT(Refusal({{"phase", "warm"}}), HasSubstr("expected init, invoke, after or shutdown"));
  EXPECT_THAT(Refusal({{"since", "yesterday"}}), HasSubstr("a duration like 90s or 2h"));
  EXPECT_THAT(Refusal({{"cold", "maybe"}}), HasSubstr("true or false"));
  EXPECT_THAT(Refusal({{"gil", "held"}}), HasSubstr("true or false"));
  EXPECT_THAT(Refusal({{"status", "unknown"}}), HasSubstr("success, error, timeout or failure"));
  EXPECT_THAT(Refusal({{"environment", "12"}}), HasSubstr("32 hexadecimal digits"));
}

TEST(ParametersTest, RefusesNamesNobodyKnows) {
  EXPECT_TRUE(CheckNames({{"function", "f"}, {"weight", "cpu"}}, false).ok());
  EXPECT_FALSE(CheckNames({{"funktion", "f"}}, false).ok());
  EXPECT_TRUE(CheckNames({{"base_version", "1"}, {"compare_version", "2"}}, true).ok());
  EXPECT_FALSE(CheckNames({{"version", "1"}}, true).ok());
}

TEST(ParametersTest, EncodesLinks) {
  EXPECT_EQ(EncodeQuery({{"a", "x y&<é"}, {"b", ""}, {"c", "1"}}), "a=x%20y%26%3C%C3%A9&c=1");
}

}  // namespace
}  // namespace lambent::collector
