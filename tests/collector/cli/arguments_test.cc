// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/arguments.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace lambent::cli {
namespace {

std::vector<Flag> Flags() {
  return {{"function", "NAME", "", {}, "f"},
          {"format", "FORMAT", "", {"html", "svg"}, ""},
          {"cold", "", "", {}, ""}};
}

absl::StatusOr<Arguments> Parse(const std::vector<std::string>& words) {
  return ParseArguments(Flags(), words);
}

std::string ErrorOf(const std::vector<std::string>& words) {
  return std::string(Parse(words).status().message());
}

TEST(ParseArgumentsTest, TakesValuesInEveryForm) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--function", "a=b"}, {"--function=a=b"}, {"-f", "a=b"}}) {
    const auto arguments = Parse(words);
    ASSERT_TRUE(arguments.ok()) << arguments.status();
    EXPECT_EQ(arguments->value("function"), "a=b");
  }
}

TEST(ParseArgumentsTest, AnEmptyValueIsAValue) {
  const auto arguments = Parse({"--function="});
  ASSERT_TRUE(arguments.ok());
  EXPECT_TRUE(arguments->has("function"));
  EXPECT_EQ(arguments->value("function"), "");
}

TEST(ParseArgumentsTest, SwitchesAreTrueUnlessToldOtherwise) {
  EXPECT_EQ(Parse({"--cold"})->value("cold"), "true");
  EXPECT_EQ(Parse({"--cold=false"})->value("cold"), "false");
  EXPECT_FALSE(Parse({})->has("cold"));
  EXPECT_EQ(ErrorOf({"--cold=maybe"}), "--cold=maybe: want true or false");
}

TEST(ParseArgumentsTest, TheLastOfEqualFlagsCounts) {
  EXPECT_EQ(Parse({"-f", "a", "-f", "b"})->value("function"), "b");
  EXPECT_EQ(Parse({"-f", "a", "-f", "b"})->values("function"),
            (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(Parse({"-f", "a"})->values("cold").empty());
}

TEST(ParseArgumentsTest, UnknownFlagsGetASuggestion) {
  EXPECT_EQ(ErrorOf({"--fnction", "x"}), "unknown flag --fnction; did you mean --function?");
  EXPECT_EQ(ErrorOf({"--func", "x"}), "unknown flag --func; did you mean --function?");
  EXPECT_EQ(ErrorOf({"--utterly-else"}), "unknown flag --utterly-else");
}

TEST(ParseArgumentsTest, SaysWhichWordIsWrongAndWhy) {
  EXPECT_EQ(ErrorOf({"stray"}),
            "unexpected argument \"stray\"; each value follows its flag, as in --function NAME");
  EXPECT_EQ(ErrorOf({"--function"}), "--function: needs a value, NAME");
  EXPECT_EQ(ErrorOf({"--function", "--cold"}),
            "--function: needs a value, NAME; --cold follows it");
  EXPECT_EQ(ErrorOf({"--format", "png"}), "--format png: want one of html, svg");
}

TEST(NearestTest, OffersNothingWhenNothingIsNear) {
  const std::vector<std::string> names = {"functions", "invocations"};
  EXPECT_EQ(Nearest("invocatons", names), "invocations");
  EXPECT_EQ(Nearest("xyz", names), "");
}

}  // namespace
}  // namespace lambent::cli
