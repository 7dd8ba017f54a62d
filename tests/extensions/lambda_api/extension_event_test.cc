// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/lambda_api/extension_event.h"

#include <string>
#include <variant>

#include "gtest/gtest.h"

namespace lambent {
namespace {

TEST(ExtensionEventTest, ReadsInvokeWithAndWithoutTracing) {
  const absl::StatusOr<ExtensionEvent> event = ParseExtensionEvent(
      R"({"eventType":"INVOKE","deadlineMs":1775516174092,"requestId":"r-1","invokedFunctionArn":"arn",
          "tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1"},"new":[1,2]})");
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(std::get<InvokeEvent>(*event).deadline_unix_ms, 1775516174092);
  EXPECT_EQ(std::get<InvokeEvent>(*event).function_arn, "arn");
  EXPECT_TRUE(ParseExtensionEvent(R"({"eventType":"INVOKE","requestId":"r"})").ok());
}

TEST(ExtensionEventTest, KeepsOddRequestIdsAndCutsLongOnes) {
  const absl::StatusOr<ExtensionEvent> odd =
      ParseExtensionEvent(R"({"eventType":"INVOKE","requestId":"<b>\u0000\n\"é"})");
  ASSERT_TRUE(odd.ok());
  EXPECT_EQ(std::get<InvokeEvent>(*odd).request_id, std::string("<b>\0\n\"é", 8));
  const absl::StatusOr<ExtensionEvent> huge = ParseExtensionEvent(
      R"({"eventType":"INVOKE","requestId":")" + std::string(10'000, 'x') + "\"}");
  ASSERT_TRUE(huge.ok());
  EXPECT_EQ(std::get<InvokeEvent>(*huge).request_id.size(), 256u);
}

TEST(ExtensionEventTest, ComparesShutdownReasonsWithoutCase) {
  const auto reason = [](const std::string& text) {
    return std::get<ShutdownEvent>(
        *ParseExtensionEvent(R"({"eventType":"SHUTDOWN","shutdownReason":")" + text + "\"}"));
  };
  EXPECT_EQ(reason("SPINDOWN").reason, ShutdownReason::kSpindown);
  EXPECT_EQ(reason("timeout").reason, ShutdownReason::kTimeout);
  EXPECT_EQ(reason("Failure").reason, ShutdownReason::kFailure);
  EXPECT_EQ(reason("SandboxTerminated").reason, ShutdownReason::kOther);
  EXPECT_EQ(reason("SandboxTerminated").reason_text, "sandboxterminated");
  EXPECT_EQ(reason("").reason, ShutdownReason::kOther);
}

TEST(ExtensionEventTest, IgnoresUnknownTypes) {
  const absl::StatusOr<ExtensionEvent> event = ParseExtensionEvent(R"({"eventType":"RESTORE"})");
  ASSERT_TRUE(event.ok());
  EXPECT_TRUE(std::holds_alternative<std::monostate>(*event));
}

TEST(ExtensionEventTest, BearsFieldsOfWrongTypes) {
  const absl::StatusOr<ExtensionEvent> event =
      ParseExtensionEvent(R"({"eventType":"INVOKE","deadlineMs":"soon","requestId":17})");
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(std::get<InvokeEvent>(*event).deadline_unix_ms, 0);
  EXPECT_EQ(std::get<InvokeEvent>(*event).request_id, "");
  EXPECT_EQ(
      std::get<InvokeEvent>(*ParseExtensionEvent(R"({"eventType":"INVOKE","deadlineMs":1e300})"))
          .deadline_unix_ms,
      0);
}

TEST(ExtensionEventTest, RefusesWhatIsNoEvent) {
  EXPECT_FALSE(ParseExtensionEvent("").ok());
  EXPECT_FALSE(ParseExtensionEvent("[]").ok());
  EXPECT_FALSE(ParseExtensionEvent("{\"eventType\":").ok());
  EXPECT_FALSE(ParseExtensionEvent(R"({"eventType":3})").ok());
  EXPECT_FALSE(ParseExtensionEvent(std::string(100'000, '[')).ok());
}

}  // namespace
}  // namespace lambent
