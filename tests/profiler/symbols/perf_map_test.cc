// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/symbols/perf_map.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "profiler/symbols/perf_map_file.h"
#include "tests/fakes/fake_process_files.h"

namespace lambent {
namespace {

// The name of the function at `address`, out of the text itself.
std::string NameAt(PerfMap& map, const std::string& text, uint64_t address) {
  const PerfMap::Function* const function = map.Find(address);
  return function != nullptr ? text.substr(function->name_offset, function->name_bytes) : "";
}

TEST(PerfMapTest, FindsTheFunctionThatCoversAnAddress) {
  const std::string text = "1000 10 first\n2000 20 JS:*second file:///app.js:3\n";
  PerfMap map;
  map.Append(text);
  EXPECT_EQ(NameAt(map, text, 0xfff), "");
  EXPECT_EQ(NameAt(map, text, 0x1000), "first");
  EXPECT_EQ(NameAt(map, text, 0x1010), "");
  EXPECT_EQ(NameAt(map, text, 0x201f), "JS:*second file:///app.js:3");
  EXPECT_EQ(map.Find(0x2010)->start, 0x2000u);
}

TEST(PerfMapTest, TakesPrefixedNumbersAndSeveralBlanks) {
  const std::string text = "0x1000  0x10  name with blanks\n";
  PerfMap map;
  map.Append(text);
  EXPECT_EQ(NameAt(map, text, 0x1008), "name with blanks");
}

TEST(PerfMapTest, LaterLinesMakeWhatTheyOverlapVoid) {
  const std::string text = "1000 100 old\n1100 100 beside\n1080 100 new\n";
  PerfMap map;
  map.Append(text);
  EXPECT_EQ(NameAt(map, text, 0x1010), "") << "its code was overwritten";
  EXPECT_EQ(NameAt(map, text, 0x1100), "new");
  EXPECT_EQ(NameAt(map, text, 0x1180), "");
  EXPECT_EQ(map.size(), 1u);
}

TEST(PerfMapTest, PassesOverWhatMakesNoSense) {
  const std::string text =
      "\nno numbers\n1000\n1000 10\n1000 10 \n1000 0 empty\nffffffffffffffff 10 beyond\n"
      "-1 10 negative\n11111111111111111 1 long\n1000 10 good\n";
  PerfMap map;
  map.Append(text);
  EXPECT_EQ(map.size(), 1u);
  EXPECT_EQ(NameAt(map, text, 0x1000), "good");
}

TEST(PerfMapTest, ALineWithoutItsEndIsNotTakenYet) {
  const std::string text = "1000 10 func\n";
  PerfMap map;
  map.Append(text.substr(0, 11));
  EXPECT_EQ(map.size(), 0u);
  map.Append(text.substr(11));
  EXPECT_EQ(NameAt(map, text, 0x1000), "func");
}

TEST(PerfMapTest, CutsOffNamesWithoutEndAndGoesOn) {
  const std::string text = "1000 10 " + std::string(100'000, 'x') + "\n2000 10 next\n";
  PerfMap map;
  map.Append(text);
  EXPECT_EQ(map.Find(0x1000)->name_bytes, PerfMap::kMaxNameBytes);
  EXPECT_EQ(NameAt(map, text, 0x2000), "next");
}

TEST(PerfMapTest, IsTheSameHoweverTheTextIsCut) {
  std::mt19937 random(1);
  std::string text;
  for (int i = 0; i < 500; ++i) {
    char line[64];
    std::snprintf(line, sizeof line, "%x %x function_%d\n",
                  static_cast<unsigned>(0x1000 + 16 * (random() % 512)),
                  static_cast<unsigned>(random() % 64), i);
    text += line;
  }
  PerfMap whole;
  whole.Append(text);
  for (int round = 0; round < 20; ++round) {
    PerfMap cut;
    for (size_t at = 0; at < text.size();) {
      const size_t size = 1 + random() % 40;
      cut.Append(std::string_view(text).substr(at, size));
      at += size;
    }
    ASSERT_EQ(cut.size(), whole.size());
    for (uint64_t address = 0xff0; address < 0x3100; address += 5) {
      ASSERT_EQ(NameAt(cut, text, address), NameAt(whole, text, address));
    }
  }
}

TEST(PerfMapTest, ForgetsRatherThanLiesWhenItIsFull) {
  std::string text;
  for (size_t i = 0; i < PerfMap::kMaxFunctions; ++i) {
    char line[64];
    std::snprintf(line, sizeof line, "%zx 10 f\n", 0x100000 + 16 * i);
    text += line;
  }
  text += "100000 20 replaced\n1000 10 one more\n2000 10 too many\n";
  PerfMap map;
  map.Append(text);
  EXPECT_EQ(NameAt(map, text, 0x100010), "replaced") << "room was made by what it overlaps";
  EXPECT_EQ(NameAt(map, text, 0x1000), "one more");
  EXPECT_EQ(NameAt(map, text, 0x2000), "");
  EXPECT_EQ(map.size(), PerfMap::kMaxFunctions);
}

class PerfMapFileTest : public ::testing::Test {
 protected:
  std::string NameAt(uint64_t address) {
    file_.Refresh(now_ns_ += PerfMapFile::kLookAgainNs);
    const auto function = file_.Find(address);
    return std::string(function.has_value() ? strings_.Get(function->name) : "");
  }

  fakes::FakeProcess process_{.status = {.namespace_pid = 7}};
  fakes::FakeProcessFiles files_{process_, 4242};
  std::string& text_ = process_.files["/tmp/perf-7.map"];
  StringTable strings_;
  PerfMapFile file_{files_, strings_};
  int64_t now_ns_ = 0;
};

TEST_F(PerfMapFileTest, ReadsOnAsTheFileGrows) {
  text_ = "1000 10 first\n2000 10 sec";
  EXPECT_EQ(NameAt(0x1000), "first");
  EXPECT_EQ(NameAt(0x2000), "");
  text_ += "ond\n1000 10 first again\n";
  EXPECT_EQ(NameAt(0x2000), "second");
  EXPECT_EQ(NameAt(0x1000), "first again");
}

TEST_F(PerfMapFileTest, ReadsALargeFileInPieces) {
  while (text_.size() < 2 * PerfMapFile::kMaxReadBytes) text_ += "1000 10 early\n";
  text_ += "2000 10 late\n";
  EXPECT_EQ(NameAt(0x2000), "");
  EXPECT_EQ(NameAt(0x1000), "early");
  EXPECT_EQ(NameAt(0x2000), "late");
}

TEST_F(PerfMapFileTest, AFileThatWasCutIsReadAnew) {
  text_ = "1000 10 first\n2000 10 second\n";
  EXPECT_EQ(NameAt(0x2000), "second");
  text_ = "1000 10 other\n";
  EXPECT_EQ(NameAt(0x2000), "");
  EXPECT_EQ(NameAt(0x1000), "other");
}

TEST_F(PerfMapFileTest, AFileThatIsGoneNamesNothing) {
  text_ = "1000 10 first\n";
  EXPECT_EQ(NameAt(0x1000), "first");
  process_.files.clear();
  EXPECT_EQ(NameAt(0x1000), "");
  process_.files["/tmp/perf-7.map"] = "1000 10 first\n";
  EXPECT_EQ(NameAt(0x1000), "first") << "the same program wrote it";
}

TEST_F(PerfMapFileTest, ANameIsReadOnce) {
  text_ = "1000 10 first\n";
  EXPECT_EQ(NameAt(0x1000), "first");
  text_ = "1000 10 other\n";
  EXPECT_EQ(NameAt(0x1000), "first") << "lines are not written twice";
  text_ += "1000 10 later\n";
  EXPECT_EQ(NameAt(0x1000), "later");
}

TEST_F(PerfMapFileTest, WhatAnotherProgramLeftIsNotBelieved) {
  text_ = "1000 10 old\n";
  EXPECT_EQ(NameAt(0x1000), "old");
  file_.Forget();
  EXPECT_EQ(NameAt(0x1000), "");
  text_ = "1000 10 new\n";
  EXPECT_EQ(NameAt(0x1000), "new");
}

TEST_F(PerfMapFileTest, WhatAnotherProgramLeftIsNotBelievedWhenThisOneAppends) {
  text_ = "1000 10 old\n2000 10 old too\n";
  EXPECT_EQ(NameAt(0x1000), "old");
  text_ += "3000 10 new, before the exec was noticed\n";
  file_.Forget();
  text_ += "2000 10 new\n4000 10 new too\n";
  EXPECT_EQ(NameAt(0x2000), "new");
  EXPECT_EQ(NameAt(0x4000), "new too");
  EXPECT_EQ(NameAt(0x1000), "");
  EXPECT_EQ(NameAt(0x3000), "new, before the exec was noticed");
  text_ = "1000 10 anew\n";
  EXPECT_EQ(NameAt(0x1000), "anew") << "what was cut begins again";
}

TEST_F(PerfMapFileTest, WhatWasThereWhenNoMapWasKnownBeforeExecIsBelieved) {
  text_ = "1000 10 new\n";
  file_.Forget();
  text_ += "2000 10 new too\n";
  EXPECT_EQ(NameAt(0x1000), "new");
  EXPECT_EQ(NameAt(0x2000), "new too");
}

TEST_F(PerfMapFileTest, WhatIsWrittenAnewAfterExecIsBelievedHoweverLong) {
  text_ = "1000 10 old\n";
  EXPECT_EQ(NameAt(0x1000), "old");
  file_.Forget();
  text_ = "5000 10 new\n6000 10 new too\n";
  EXPECT_EQ(NameAt(0x5000), "new");
  EXPECT_EQ(NameAt(0x6000), "new too");
}

TEST_F(PerfMapFileTest, LooksForAMissingFileNowAndThenOnly) {
  process_.files.clear();
  file_.Refresh(1);
  process_.files["/tmp/perf-7.map"] = "1000 10 late\n";
  file_.Refresh(PerfMapFile::kLookAgainNs);
  EXPECT_FALSE(file_.Find(0x1000).has_value());
  file_.Refresh(1 + PerfMapFile::kLookAgainNs);
  EXPECT_TRUE(file_.Find(0x1000).has_value());
}

}  // namespace
}  // namespace lambent
