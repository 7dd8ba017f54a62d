// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

#include "collector/receive/bounded_zstd.h"
#include "collector/receive/ingest_counters.h"
#include "collector/receive/protobuf_log.h"
#include "collector/receive/sequence_check.h"
#include "collector/receive/validated_hello.h"
#include "tests/support/wire_batch.h"

namespace lambent::collector {
namespace {

TEST(BoundedZstdTest, GivesBackWhatWasCompressed) {
  const std::string text(100'000, 'q');
  EXPECT_EQ(DecompressExactly(Compress(text, 3), text.size()).value(), text);
  EXPECT_EQ(DecompressExactly(Compress("", 3), 0).value(), "");
}

TEST(BoundedZstdTest, RefusesEveryOtherSize) {
  const std::string compressed = Compress("twelve bytes", 3);
  EXPECT_FALSE(DecompressExactly(compressed, 11).ok());
  EXPECT_FALSE(DecompressExactly(compressed, 13).ok());
  EXPECT_FALSE(DecompressExactly(compressed.substr(0, compressed.size() - 1), 12).ok());
  EXPECT_FALSE(DecompressExactly("", 12).ok());
  EXPECT_FALSE(DecompressExactly("no frame", 12).ok());
}

TEST(BoundedZstdTest, AClaimAloneCostsNoMemory) {
  // More than any machine has: making room for it first would be the end of the test.
  EXPECT_FALSE(DecompressExactly(Compress("twelve bytes", 3), size_t{1} << 50).ok());
  EXPECT_FALSE(DecompressExactly("", size_t{1} << 50).ok());
}

TEST(SequenceCheckTest, TakesTheNextAndAcknowledgesTheOld) {
  using Kind = SequenceVerdict::Kind;
  EXPECT_EQ(JudgeSequence(4, false, 5, false).kind, Kind::kNext);
  EXPECT_EQ(JudgeSequence(4, false, 4, false).kind, Kind::kDuplicate);
  EXPECT_EQ(JudgeSequence(4, true, 1, true).kind, Kind::kDuplicate);
}

TEST(SequenceCheckTest, TakesAGapOnlyWhereAnEpochStarts) {
  using Kind = SequenceVerdict::Kind;
  EXPECT_EQ(JudgeSequence(4, false, 6, false).kind, Kind::kRefused);
  EXPECT_EQ(JudgeSequence(4, false, 6, true).kind, Kind::kNext);
}

TEST(SequenceCheckTest, RefusesTheRestOfAnEpochWithAHole) {
  using Kind = SequenceVerdict::Kind;
  EXPECT_EQ(JudgeSequence(4, true, 5, false).kind, Kind::kRefused);
  EXPECT_EQ(JudgeSequence(4, true, 5, true).kind, Kind::kNext);
}

TEST(ProtobufLogTest, SaysTheFirstLineAndCountsAll) {
  QuietProtobuf();
  const uint64_t before = ProtobufLines();
  ::testing::internal::CaptureStderr();
  v1::Hello hello;
  // Field 2, function_name.
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(hello.ParseFromString("\x12\x02\xff\xfe"));
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(ProtobufLines() - before, 50U);
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

TEST(ValidatedHelloTest, NamesTheFieldThatIsWrong) {
  v1::Hello hello = testing::GoodHello();
  EXPECT_TRUE(ValidateHello(hello).ok());
  hello.set_environment_id("short");
  EXPECT_NE(ValidateHello(hello).status().message().find("environment_id has 5 bytes"),
            absl::string_view::npos);
  hello = testing::GoodHello();
  hello.set_handler(std::string(257, 'h'));
  EXPECT_NE(ValidateHello(hello).status().message().find("handler has 257 bytes"),
            absl::string_view::npos);
}

TEST(ValidatedHelloTest, NamesWhatIsUnnamed) {
  v1::Hello hello = testing::GoodHello();
  hello.clear_function_name();
  hello.clear_function_version();
  EXPECT_EQ(ValidateHello(hello)->function_name, "unknown");
  EXPECT_EQ(ValidateHello(hello)->function_version, "$LATEST");
}

TEST(IngestCountersTest, CountsACommitInItsBucket) {
  IngestCounters counters;
  counters.CountCommit(1000);
  counters.CountCommit(1001);
  counters.CountCommit(3'000'000);
  EXPECT_EQ(counters.commits[0], 1U);
  EXPECT_EQ(counters.commits[1], 1U);
  EXPECT_EQ(counters.commits.back(), 1U);
}

}  // namespace
}  // namespace lambent::collector
