// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/variable_search.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace lambent::os {
namespace {

using std::string_view_literals::operator""sv;

// Whether `environment`, read in pieces of `size`, has a variable that begins with one of `names`.
bool Has(std::vector<std::string_view> names, std::string_view environment, size_t size) {
  VariableSearch search(names);
  for (; !environment.empty(); environment.remove_prefix(std::min(size, environment.size()))) {
    search.Add(environment.substr(0, size));
  }
  return search.found();
}

class VariableSearchTest : public ::testing::TestWithParam<size_t> {};

TEST_P(VariableSearchTest, FindsAVariableByItsStartOnly) {
  constexpr std::string_view kEnvironment = "A=x _HANDLER=y\0AWS_ENV=z\0API=1:23\0"sv;
  EXPECT_FALSE(Has({"_HANDLER="}, kEnvironment, GetParam()));
  EXPECT_TRUE(Has({"_HANDLER=", "AWS_ENV="}, kEnvironment, GetParam()));
  EXPECT_FALSE(Has({"ENV="}, kEnvironment, GetParam()));
  EXPECT_FALSE(Has({}, kEnvironment, GetParam()));
  EXPECT_FALSE(Has({""}, kEnvironment, GetParam()));
}

TEST_P(VariableSearchTest, AValueWithItsEndIsThatValueOnly) {
  constexpr std::string_view kEnvironment = "API=1:234\0API=1:23\0"sv;
  EXPECT_TRUE(Has({"API=1:23\0"sv}, kEnvironment, GetParam()));
  EXPECT_FALSE(Has({"API=1:2\0"sv}, kEnvironment, GetParam()));
}

TEST_P(VariableSearchTest, TheLastVariableNeedNotEnd) {
  EXPECT_TRUE(Has({"API="}, "A=1\0API=1"sv, GetParam()));
  EXPECT_FALSE(Has({"API=1\0"sv}, "A=1\0API=1"sv, GetParam()));
}

TEST_P(VariableSearchTest, LongVariablesHideNothingAndAreNotFoundInTheirMiddle) {
  const std::string value(10'000, 'v');
  const std::string environment = "LONG=" + value + std::string("B=1\0C=2\0", 8);
  EXPECT_FALSE(Has({"B="}, environment, GetParam()));
  EXPECT_TRUE(Has({"C="}, environment, GetParam()));
  EXPECT_TRUE(Has({"LONG="}, environment, GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Pieces, VariableSearchTest, ::testing::Values(1, 2, 3, 7, 256, 100'000));

}  // namespace
}  // namespace lambent::os
