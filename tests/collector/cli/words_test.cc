// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/words.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace lambent::cli {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1763884800);  // 2025-11-23T08:00:00Z

int64_t Seconds(const std::string& text) {
  const auto time = ParseTime(text, kNow);
  EXPECT_TRUE(time.ok()) << time.status();
  return time.ok() ? absl::ToUnixSeconds(*time) : 0;
}

TEST(ParseTimeTest, ReadsAgesBeforeNow) {
  EXPECT_EQ(Seconds("90s"), 1763884800 - 90);
  EXPECT_EQ(Seconds("30m"), 1763884800 - 1800);
  EXPECT_EQ(Seconds("1h30m"), 1763884800 - 5400);
  EXPECT_EQ(Seconds("2d"), 1763884800 - 172800);
  EXPECT_EQ(Seconds("1d12h"), 1763884800 - 129600);
  EXPECT_EQ(Seconds("now"), 1763884800);
}

TEST(ParseTimeTest, ReadsRfc3339) {
  EXPECT_EQ(Seconds("2025-11-23T07:00:00Z"), 1763884800 - 3600);
  EXPECT_EQ(Seconds("2025-11-23T09:00:00+02:00"), 1763884800 - 3600);
}

TEST(ParseTimeTest, RefusesTheRestAndShowsWhatIsAccepted) {
  for (const char* text : {"", "yesterday", "-1h", "1x", "d", "2025-13-01"}) {
    const auto time = ParseTime(text, kNow);
    EXPECT_EQ(time.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_NE(std::string(time.status().message()).find("30m, 1h, 2d"), std::string::npos);
  }
}

TEST(WordsTest, DurationsKeepThreeFigures) {
  EXPECT_EQ(DurationText(0), "-");
  EXPECT_EQ(DurationText(780), "780 µs");
  EXPECT_EQ(DurationText(45640), "45.6 ms");
  EXPECT_EQ(DurationText(1230000), "1.23 s");
  EXPECT_EQ(MillisecondsText(0), "0.0 ms");
}

TEST(WordsTest, BytesAndCounts) {
  EXPECT_EQ(BytesText(0), "-");
  EXPECT_EQ(BytesText(512), "512 B");
  EXPECT_EQ(BytesText(91645542), "87.4 MiB");
  EXPECT_EQ(CountText(0), "0");
  EXPECT_EQ(CountText(999), "999");
  EXPECT_EQ(CountText(1234567), "1,234,567");
}

TEST(WordsTest, AgesSayHowLongAgo) {
  EXPECT_EQ(AgeText(0, kNow), "-");
  EXPECT_EQ(AgeText(absl::ToUnixMicros(kNow - absl::Seconds(12)), kNow), "12 s ago");
  EXPECT_EQ(AgeText(absl::ToUnixMicros(kNow - absl::Hours(3)), kNow), "3 h ago");
}

TEST(SparklineTest, ShowsThePeakOfEachStretch) {
  const int64_t values[] = {0, 7, 0, 0};
  EXPECT_EQ(Sparkline(values, 4, 4), "▁█▁▁");
  EXPECT_EQ(Sparkline(values, 4, 2), "█▁");
  EXPECT_EQ(Sparkline(values, 0, 8), "");
  const int64_t level[] = {5, 5};
  EXPECT_EQ(Sparkline(level, 2, 8), "▁▁");
}

TEST(PrintableTest, KeepsStrangersFromTheTerminal) {
  EXPECT_EQ(Printable("a\x1b[31mb\nc"), "a [31mb c");
}

}  // namespace
}  // namespace lambent::cli
