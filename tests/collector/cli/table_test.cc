// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/table.h"

#include <gtest/gtest.h>

namespace lambent::cli {
namespace {

TEST(TableTest, AlignsColumnsByWhatIsShown) {
  Table table({{"NAME"}, {"TIME", true}, {"NOTE"}});
  table.Add({{"a"}, {"780 µs"}, {""}});
  table.Add({{"longer"}, {"1.2 s"}, {"x"}});
  EXPECT_EQ(table.Print(false),
            "NAME      TIME  NOTE\n"
            "a       780 µs  \n"
            "longer   1.2 s  x\n");
}

TEST(TableTest, ColourDoesNotMoveColumns) {
  Table table({{"A"}, {"B"}});
  table.Add({{"bad", Tone::kBad}, {"y"}});
  EXPECT_EQ(table.Print(true), "\x1b[1mA\x1b[0m    \x1b[1mB\x1b[0m\n\x1b[31mbad\x1b[0m  y\n");
  EXPECT_EQ(table.Print(false), "A    B\nbad  y\n");
}

}  // namespace
}  // namespace lambent::cli
