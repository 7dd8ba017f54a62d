// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/selection.h"

#include <string>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

namespace lambent::cli {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1000000);

TEST(ParseSelectorTest, ReadsEveryPart) {
  const auto selection =
      ParseSelector("function=f, version=3,phase=init,cold=true,status=timeout,since=1h", kNow);
  ASSERT_TRUE(selection.ok()) << selection.status();
  EXPECT_EQ(selection->function_name(), "f");
  EXPECT_EQ(selection->function_version(), "3");
  ASSERT_EQ(selection->phases_size(), 1);
  EXPECT_EQ(selection->phases(0), v1::PHASE_INIT);
  EXPECT_TRUE(selection->has_cold() && selection->cold());
  EXPECT_EQ(selection->status(), v1::INVOCATION_STATUS_TIMEOUT);
  EXPECT_EQ(selection->since_unix_us(), (1000000 - 3600) * int64_t{1000000});
}

TEST(ParseSelectorTest, LeavesOpenWhatIsNotSaid) {
  const auto selection = ParseSelector("", kNow);
  ASSERT_TRUE(selection.ok());
  EXPECT_FALSE(selection->has_cold());
  EXPECT_EQ(selection->phases_size(), 0);
  const auto warm = ParseSelector("cold=false", kNow);
  ASSERT_TRUE(warm.ok());
  EXPECT_TRUE(warm->has_cold());
  EXPECT_FALSE(warm->cold());
  EXPECT_FALSE(warm->with_lock());
  EXPECT_TRUE(ParseSelector("gil=true", kNow)->with_lock());
}

TEST(ParseSelectorTest, AnAttemptIsOfARequest) {
  EXPECT_EQ(ParseSelector("request-id=r,attempt=2", kNow)->attempt(), 2u);
  EXPECT_EQ(ParseSelector("request-id=r", kNow)->attempt(), 0u);
  for (const char* wrong : {"attempt=2", "request-id=r,attempt=0", "request-id=r,attempt=two"}) {
    EXPECT_EQ(ParseSelector(wrong, kNow).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(ParseSelectorTest, NamesThePartThatIsWrong) {
  EXPECT_EQ(std::string(ParseSelector("function", kNow).status().message()),
            "selector \"function\": \"function\" is not name=value, as in "
            "function=orders,version=7");
  EXPECT_EQ(std::string(ParseSelector("functoin=f", kNow).status().message()),
            "selector \"functoin=f\": unknown name functoin; did you mean function?");
  EXPECT_NE(std::string(ParseSelector("nope=1", kNow).status().message())
                .find("unknown name nope; want one of function, version, "),
            std::string::npos);
  EXPECT_EQ(ParseSelector("phase=boot", kNow).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ParseSelectorTest, NamesTheFlagWhoseValueMakesNoSense) {
  const auto error = [](const std::string& selector) {
    return std::string(ParseSelector(selector, kNow).status().message());
  };
  EXPECT_EQ(error("since=yesterday"),
            "--since: time \"yesterday\": want an age (30m, 1h, 2d) or a time "
            "(2026-11-23T08:00:00Z)");
  EXPECT_EQ(error("since=now,until=1h"), "--since now is later than --until 1h");
  EXPECT_EQ(error("environment=zz"),
            "--environment zz: want 32 hexadecimal digits, as lambent invocations --json shows "
            "them");
  EXPECT_TRUE(ParseSelector("environment=0123456789abcdefABCDEF0123456789", kNow).ok());
}

TEST(ParseSelectorTest, AnEmptyValueDoesNotSelectEverything) {
  for (const char* name : {"request-id", "function", "since", "environment", "thread"}) {
    const auto selection = ParseSelector(absl::StrCat(name, "="), kNow);
    EXPECT_EQ(selection.status().code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_NE(std::string(selection.status().message()).find("is empty"), std::string::npos);
  }
}

TEST(InvocationFlagsTest, LeaveOutWhatChoosesSamples) {
  for (const Flag& flag : InvocationFlags()) {
    EXPECT_NE(flag.name, "phase");
    EXPECT_NE(flag.name, "thread");
    EXPECT_NE(flag.name, "gil");
  }
  EXPECT_EQ(InvocationFlags().size() + 3, SelectionFlags().size());
}

TEST(SelectionNamesTest, MatchTheWire) {
  EXPECT_EQ(FormatOf("speedscope"), v1::FORMAT_SPEEDSCOPE);
  EXPECT_EQ(FormatOf("gperftools"), v1::FORMAT_GPERFTOOLS);
  EXPECT_EQ(FormatOf("png"), v1::FORMAT_UNSPECIFIED);
  EXPECT_EQ(WeightOf("cpu"), v1::WEIGHT_CPU);
  EXPECT_EQ(StatusName(v1::INVOCATION_STATUS_TIMEOUT), "timeout");
}

}  // namespace
}  // namespace lambent::cli
