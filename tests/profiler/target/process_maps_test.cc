// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/target/process_maps.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lambent {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST(ParseMapsTest, FieldsOfALineAreRead) {
  const auto maps = ParseMaps(
      "55d0c000-55d0d000 r-xp 00002000 fd:01 1234                  /usr/bin/a b\n"
      "7ffc0000-7ffd0000 rw-p 00000000 00:00 0                     [stack]\n");
  ASSERT_THAT(maps, SizeIs(2));
  EXPECT_EQ(maps[0].start, 0x55d0c000u);
  EXPECT_EQ(maps[0].end, 0x55d0d000u);
  EXPECT_EQ(maps[0].offset, 0x2000u);
  EXPECT_EQ(maps[0].device, uint64_t{0xfd} << 32 | 1);
  EXPECT_EQ(maps[0].inode, 1234u);
  EXPECT_TRUE(maps[0].executable);
  EXPECT_EQ(maps[0].path, "/usr/bin/a b");
  EXPECT_FALSE(maps[1].executable);
  EXPECT_EQ(maps[1].path, "[stack]");
}

TEST(ParseMapsTest, DeletedFilesAndLineBreaksInNamesAreUndone) {
  const auto maps = ParseMaps("1000-2000 r-xp 00000000 fd:01 1 /a\\012b (deleted)\n");
  ASSERT_THAT(maps, SizeIs(1));
  EXPECT_EQ(maps[0].path, "/a\nb");
  EXPECT_TRUE(maps[0].deleted);
}

TEST(ParseMapsTest, MalformedAndOverlappingLinesAreLeftOut) {
  EXPECT_THAT(ParseMaps(""), IsEmpty());
  EXPECT_THAT(ParseMaps("nonsense\n\n-\n1000-\n1000-2000\n1000-2000 r-xp zz 0:0 0\n"), IsEmpty());
  EXPECT_THAT(ParseMaps("2000-1000 r-xp 00000000 fd:01 1 /a\n"), IsEmpty());
  EXPECT_THAT(ParseMaps("1000-3000 r-xp 00000000 fd:01 1 /a\n"
                        "2000-4000 r-xp 00000000 fd:01 1 /b\n"),
              SizeIs(1));
}

}  // namespace
}  // namespace lambent
