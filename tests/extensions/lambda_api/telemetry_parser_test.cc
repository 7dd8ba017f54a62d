// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/lambda_api/telemetry_parser.h"

#include <string>
#include <variant>

#include "gtest/gtest.h"

namespace lambent {
namespace {

constexpr char kDone[] =
    R"({"time":"2026-05-04T10:00:02.764Z","type":"platform.runtimeDone","record":{"requestId":"r-1",)"
    R"("status":"timeout","errorType":"Sandbox.Timedout","spans":[{"name":"responseLatency"}],)"
    R"("metrics":{"durationMs":2599.25,"producedBytes":8}}})";
constexpr char kReport[] =
    R"({"time":"2026-05-04T10:00:02.766Z","type":"platform.report","record":{"requestId":"r-1",)"
    R"("status":"success","metrics":{"durationMs":2599.4,"billedDurationMs":2600,"memorySizeMB":128,)"
    R"("maxMemoryUsedMB":94,"initDurationMs":549.04}}})";

TEST(TelemetryParserTest, ReadsEachFieldOfARuntimeDone) {
  const TelemetryBatch batch = ParseTelemetryBatch("[" + std::string(kDone) + "]");
  ASSERT_EQ(batch.events.size(), 1u);
  EXPECT_EQ(batch.events[0].time_unix_us, 1777888802764000);
  const auto& done = std::get<PlatformRuntimeDone>(batch.events[0].record);
  EXPECT_EQ(done.request_id, "r-1");
  EXPECT_EQ(done.status, PlatformStatus::kTimeout);
  EXPECT_EQ(done.error_type, "Sandbox.Timedout");
  EXPECT_EQ(done.duration_us, 2599250);
}

TEST(TelemetryParserTest, ReadsEachFieldOfAReport) {
  const TelemetryBatch batch = ParseTelemetryBatch("[" + std::string(kReport) + "]");
  ASSERT_EQ(batch.events.size(), 1u);
  const auto& report = std::get<PlatformReport>(batch.events[0].record);
  EXPECT_EQ(report.status, PlatformStatus::kSuccess);
  EXPECT_EQ(report.duration_us, 2599400);
  EXPECT_EQ(report.billed_duration_us, 2600000);
  EXPECT_EQ(report.init_duration_us, 549040);
  EXPECT_EQ(report.memory_size_mb, 128);
  EXPECT_EQ(report.max_memory_used_mb, 94);
}

TEST(TelemetryParserTest, KnowsTheOtherTypes) {
  const TelemetryBatch batch = ParseTelemetryBatch(R"( [
    {"time":"2026-05-04T10:00:00.000Z","type":"platform.initStart","record":{"initializationType":"on-demand","phase":"invoke","runtimeVersion":"python:3.12.v38"}},
    {"time":"2026-05-04T10:00:00.100Z","type":"platform.initRuntimeDone","record":{"status":"error","errorType":"Runtime.ExitError"}},
    {"time":"2026-05-04T10:00:00.200Z","type":"platform.initReport","record":{"status":"success","metrics":{"durationMs":10}}},
    {"time":"2026-05-04T10:00:00.300Z","type":"platform.start","record":{"requestId":"r"}},
    {"time":"2026-05-04T10:00:00.400Z","type":"platform.logsDropped","record":{"reason":"slow","droppedRecords":3,"droppedBytes":9}},
    {"time":"2026-05-04T10:00:00.500Z","type":"platform.extension","record":{"name":"x"}},
    {"time":"2026-05-04T10:00:00.600Z","type":"function","record":"a [line], with {brackets\""},
    {"time":"2026-05-04T10:00:00.700Z","type":"platform.of.tomorrow","record":{}}
  ] )");
  ASSERT_EQ(batch.events.size(), 5u);
  EXPECT_EQ(batch.ignored, 3u);
  EXPECT_EQ(batch.malformed, 0u);
  EXPECT_EQ(std::get<PlatformInitStart>(batch.events[0].record).phase, "invoke");
  EXPECT_EQ(std::get<PlatformInitRuntimeDone>(batch.events[1].record).error_type,
            "Runtime.ExitError");
  EXPECT_EQ(std::get<PlatformInitReport>(batch.events[2].record).duration_us, 10000);
  EXPECT_EQ(std::get<PlatformStart>(batch.events[3].record).request_id, "r");
  EXPECT_EQ(std::get<PlatformLogsDropped>(batch.events[4].record).reason, "slow");
}

TEST(TelemetryParserTest, ABadEventCostsOnlyItself) {
  const std::string done = kDone;
  const TelemetryBatch batch = ParseTelemetryBatch(
      "[" + done + R"(,{"type":7},{"time":"yesterday","type":"platform.start",)" +
      R"("record":{}}, nonsense ,{"time":"2026-05-04T10:00:00Z","type":)" +
      R"("platform.start","record":"text"},)" + kReport + "]");
  EXPECT_EQ(batch.events.size(), 2u);
  EXPECT_EQ(batch.malformed, 4u);
}

TEST(TelemetryParserTest, ABodyCutShortGivesWhatIsBeforeTheCut) {
  const std::string body = "[" + std::string(kDone) + "," + kReport + "]";
  for (size_t size = 0; size < body.size(); ++size) {
    const TelemetryBatch batch = ParseTelemetryBatch(body.substr(0, size));
    // The second event is whole one byte before its bracket.
    const size_t whole = (size > sizeof(kDone) - 1) + (size >= body.size() - 1);
    EXPECT_EQ(batch.events.size(), whole) << size;
  }
}

TEST(TelemetryParserTest, PassesOverBracesThatCloseNothing) {
  const TelemetryBatch batch = ParseTelemetryBatch("[}}," + std::string(kDone) + "}}");
  EXPECT_EQ(batch.events.size(), 1u);
}

TEST(TelemetryParserTest, RefusesWhatIsNoBatch) {
  for (const std::string& body : {std::string(), std::string("{}"), std::string("null"),
                                  std::string("\x00\xff", 2), std::string(100'000, '[')}) {
    const TelemetryBatch batch = ParseTelemetryBatch(body);
    EXPECT_TRUE(batch.events.empty());
    EXPECT_EQ(batch.malformed, 1u);
  }
}

TEST(TelemetryParserTest, ReadsTimesOfTheRightShapeOnly) {
  EXPECT_EQ(*ParseTelemetryTime("2026-05-04T10:00:00.001Z"), 1777888800001000);
  EXPECT_EQ(*ParseTelemetryTime("2026-05-04T12:00:00+02:00"), 1777888800000000);
  for (const char* text : {"", "infinite-future", "2026-05-04", "1970-01-01T00:00:00Z",
                           "2026-13-01T00:00:00Z", "9999-01-01T00:00:00Z"}) {
    EXPECT_FALSE(ParseTelemetryTime(text).ok()) << text;
  }
}

}  // namespace
}  // namespace lambent
