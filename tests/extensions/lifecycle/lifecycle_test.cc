// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/lifecycle/lifecycle.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lambent {
namespace {

using Kind = InvocationEvent::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

absl::Time At(int64_t ms) { return kStart + absl::Milliseconds(ms); }

InvokeEvent Invoke(const std::string& id, int64_t deadline_ms = 3000) {
  return {id, absl::ToUnixMillis(At(deadline_ms)), "arn"};
}

ShutdownEvent Shutdown(ShutdownReason reason, const std::string& text, int64_t deadline_ms = 0) {
  return {reason, text, deadline_ms == 0 ? 0 : absl::ToUnixMillis(At(deadline_ms))};
}

TelemetryEvent Told(int64_t ms, TelemetryRecord record) {
  return {absl::ToUnixMicros(At(ms)), std::move(record)};
}

TelemetryEvent Done(int64_t ms, const std::string& id,
                    PlatformStatus status = PlatformStatus::kSuccess) {
  return Told(ms, PlatformRuntimeDone{id, status, "", 1000});
}

TelemetryEvent Report(int64_t ms, const std::string& id) {
  return Told(ms, PlatformReport{id, PlatformStatus::kSuccess, "", 1500, 2000, 300, 128, 94});
}

std::vector<Kind> Kinds(const LifecycleStep& step) {
  std::vector<Kind> kinds;
  for (const InvocationEvent& event : step.events) kinds.push_back(event.kind);
  return kinds;
}

TEST(LifecycleTest, InvokeBeginsAPhaseWithTheInvocationsDeadline) {
  Lifecycle lifecycle;
  const LifecycleStep step = lifecycle.OnInvoke(Invoke("r-1", 3000), At(5));
  ASSERT_EQ(step.events.size(), 1u);
  EXPECT_EQ(step.events[0].kind, Kind::kInvoke);
  EXPECT_EQ(step.events[0].request_id, "r-1");
  EXPECT_EQ(step.events[0].time, At(5));
  EXPECT_EQ(step.events[0].deadline, At(3000));
  EXPECT_EQ(step.phase, (PhaseChange{Phase::kInvoke, At(3000)}));
}

TEST(LifecycleTest, RuntimeDoneOfTheCurrentInvocationEndsItsPhase) {
  Lifecycle lifecycle;
  lifecycle.OnInvoke(Invoke("r-1"), At(0));
  const LifecycleStep step = lifecycle.OnTelemetry(Done(40, "r-1"));
  EXPECT_THAT(Kinds(step), ElementsAre(Kind::kRuntimeDone));
  EXPECT_EQ(step.events[0].time, At(40));
  EXPECT_EQ(step.events[0].status, InvocationStatus::kSuccess);
  EXPECT_EQ(step.events[0].duration, absl::Milliseconds(1));
  EXPECT_EQ(step.phase, (PhaseChange{Phase::kAfter, At(3000)}));
}

TEST(LifecycleTest, LateTelemetryOfThePreviousInvocationDoesNotEndTheCurrentOne) {
  Lifecycle lifecycle;
  lifecycle.OnInvoke(Invoke("r-1"), At(0));
  lifecycle.OnInvoke(Invoke("r-2"), At(60'000));
  const LifecycleStep done = lifecycle.OnTelemetry(Done(40, "r-1"));
  EXPECT_THAT(Kinds(done), ElementsAre(Kind::kRuntimeDone));
  EXPECT_FALSE(done.phase.has_value());
  const LifecycleStep report = lifecycle.OnTelemetry(Report(41, "r-1"));
  EXPECT_THAT(Kinds(report), ElementsAre(Kind::kReport));
  EXPECT_EQ(report.events[0].billed_duration, absl::Milliseconds(2));
  EXPECT_EQ(report.events[0].init_duration, absl::Microseconds(300));
  EXPECT_EQ(report.events[0].max_memory_used_mb, 94u);
  EXPECT_FALSE(report.phase.has_value());
}

TEST(LifecycleTest, RepeatedTelemetryGoesOnOnce) {
  Lifecycle lifecycle;
  const TelemetryEvent init = Told(-500, PlatformInitStart{"on-demand", "init", ""});
  EXPECT_THAT(Kinds(lifecycle.OnTelemetry(init)), ElementsAre(Kind::kInitStart));
  EXPECT_THAT(Kinds(lifecycle.OnTelemetry(init)), IsEmpty());
  lifecycle.OnInvoke(Invoke("r-1"), At(0));
  for (const TelemetryEvent& event :
       {Told(1, PlatformStart{"r-1"}), Done(40, "r-1"), Report(41, "r-1")}) {
    EXPECT_EQ(lifecycle.OnTelemetry(event).events.size(), 1u);
    const LifecycleStep again = lifecycle.OnTelemetry(event);
    EXPECT_THAT(Kinds(again), IsEmpty());
    EXPECT_FALSE(again.phase.has_value());
  }
}

TEST(LifecycleTest, ARetryWithTheSameRequestIdIsAnotherInvocation) {
  Lifecycle lifecycle;
  lifecycle.OnInvoke(Invoke("r-1"), At(0));
  lifecycle.OnTelemetry(Done(40, "r-1"));
  lifecycle.OnInvoke(Invoke("r-1", 63'000), At(60'000));
  EXPECT_THAT(Kinds(lifecycle.OnTelemetry(Done(40, "r-1"))), IsEmpty()) << "the first one, again";
  const LifecycleStep second = lifecycle.OnTelemetry(Done(60'040, "r-1"));
  EXPECT_THAT(Kinds(second), ElementsAre(Kind::kRuntimeDone));
  EXPECT_EQ(second.phase, (PhaseChange{Phase::kAfter, At(63'000)}));
}

TEST(LifecycleTest, TelemetryMayOvertakeTheInvoke) {
  Lifecycle lifecycle;
  lifecycle.OnInvoke(Invoke("r-0"), At(-1000));
  lifecycle.OnTelemetry(Told(-1, PlatformStart{"r-1"}));
  EXPECT_FALSE(lifecycle.OnTelemetry(Done(2, "r-1")).phase.has_value());
  const LifecycleStep step = lifecycle.OnInvoke(Invoke("r-1"), At(3));
  EXPECT_THAT(Kinds(step), ElementsAre(Kind::kInvoke));
  EXPECT_EQ(step.phase->phase, Phase::kAfter);
  EXPECT_THAT(Kinds(lifecycle.OnTelemetry(Done(2, "r-1"))), IsEmpty());
}

TEST(LifecycleTest, AnInitRepeatedInsideAnInvocationIsNoDuplicate) {
  Lifecycle lifecycle;
  lifecycle.OnTelemetry(Told(0, PlatformInitStart{"on-demand", "init", ""}));
  lifecycle.OnTelemetry(Told(9, PlatformInitRuntimeDone{PlatformStatus::kTimeout, ""}));
  const LifecycleStep again =
      lifecycle.OnTelemetry(Told(10'000, PlatformInitStart{"on-demand", "invoke", ""}));
  ASSERT_THAT(Kinds(again), ElementsAre(Kind::kInitStart));
  EXPECT_EQ(again.events[0].reason, "invoke");
  EXPECT_EQ(lifecycle.OnTelemetry(Told(10'900, PlatformInitRuntimeDone{})).events.size(), 1u);
}

TEST(LifecycleTest, ShutdownIsTheLastPhase) {
  Lifecycle lifecycle;
  lifecycle.OnInvoke(Invoke("r-1"), At(0));
  const LifecycleStep step =
      lifecycle.OnShutdown(Shutdown(ShutdownReason::kSpindown, "spindown", 2100), At(100));
  ASSERT_THAT(Kinds(step), ElementsAre(Kind::kShutdown));
  EXPECT_EQ(step.events[0].reason, "spindown");
  EXPECT_EQ(step.phase, (PhaseChange{Phase::kShutdown, At(2100)}));
  EXPECT_FALSE(lifecycle.OnTelemetry(Done(40, "r-1")).phase.has_value());
}

TEST(LifecycleTest, AShutdownWithoutDeadlineGetsThePlatformsTwoSeconds) {
  Lifecycle lifecycle;
  EXPECT_EQ(lifecycle.OnShutdown(Shutdown(ShutdownReason::kOther, ""), At(100)).phase->deadline,
            At(2100));
}

TEST(LifecycleTest, InfersATimeoutAtTheDeadlineWhenTelemetryWasSilent) {
  Lifecycle lifecycle;
  lifecycle.OnInvoke(Invoke("r-1", 3000), At(0));
  lifecycle.OnShutdown(Shutdown(ShutdownReason::kTimeout, "timeout", 5200), At(3200));
  EXPECT_TRUE(lifecycle.expects_telemetry());
  const LifecycleStep step = lifecycle.OnTelemetryEnd();
  ASSERT_THAT(Kinds(step), ElementsAre(Kind::kRuntimeDone));
  EXPECT_EQ(step.events[0].request_id, "r-1");
  EXPECT_EQ(step.events[0].status, InvocationStatus::kTimeout);
  EXPECT_EQ(step.events[0].time, At(3000));
  EXPECT_EQ(step.events[0].reason, "inferred from shutdown");
  EXPECT_THAT(Kinds(lifecycle.OnTelemetryEnd()), IsEmpty()) << "once";
}

TEST(LifecycleTest, InfersACrashAtTheShutdown) {
  Lifecycle lifecycle;
  lifecycle.OnInvoke(Invoke("r-1", 3000), At(0));
  lifecycle.OnShutdown(Shutdown(ShutdownReason::kFailure, "failure"), At(700));
  const LifecycleStep step = lifecycle.OnTelemetryEnd();
  ASSERT_THAT(Kinds(step), ElementsAre(Kind::kRuntimeDone));
  EXPECT_EQ(step.events[0].status, InvocationStatus::kFailure);
  EXPECT_EQ(step.events[0].time, At(700));
}

TEST(LifecycleTest, InfersTheDeathOfAnInit) {
  Lifecycle lifecycle;
  lifecycle.OnTelemetry(Told(0, PlatformInitStart{"on-demand", "init", ""}));
  lifecycle.OnShutdown(Shutdown(ShutdownReason::kFailure, "failure"), At(700));
  const LifecycleStep step = lifecycle.OnTelemetryEnd();
  ASSERT_THAT(Kinds(step), ElementsAre(Kind::kInitRuntimeDone));
  EXPECT_EQ(step.events[0].status, InvocationStatus::kFailure);
}

TEST(LifecycleTest, InfersNothingWhereTelemetryOrThePlatformToldTheEnd) {
  Lifecycle told;
  told.OnInvoke(Invoke("r-1"), At(0));
  told.OnShutdown(Shutdown(ShutdownReason::kTimeout, "timeout"), At(3100));
  told.OnTelemetry(Done(3000, "r-1", PlatformStatus::kTimeout));
  EXPECT_TRUE(told.expects_telemetry()) << "the report is missing";
  told.OnTelemetry(Report(3001, "r-1"));
  EXPECT_FALSE(told.expects_telemetry());
  EXPECT_THAT(Kinds(told.OnTelemetryEnd()), IsEmpty());

  Lifecycle spun_down;
  spun_down.OnInvoke(Invoke("r-1"), At(0));
  spun_down.OnShutdown(Shutdown(ShutdownReason::kSpindown, "spindown"), At(3100));
  EXPECT_THAT(Kinds(spun_down.OnTelemetryEnd()), IsEmpty());
}

TEST(LifecycleTest, TelemetryOfStrangersNeitherEndsNorReplacesTheCurrentInvocation) {
  Lifecycle lifecycle;
  lifecycle.OnInvoke(Invoke("mine"), At(0));
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(lifecycle.OnTelemetry(Done(i, "stranger-" + std::to_string(i))).phase.has_value());
  }
  EXPECT_EQ(lifecycle.OnTelemetry(Done(40, "mine")).phase->phase, Phase::kAfter);
}

TEST(LifecycleTest, PassesOnWhatThePlatformDropped) {
  Lifecycle lifecycle;
  const LifecycleStep step = lifecycle.OnTelemetry(Told(3, PlatformLogsDropped{"too slow"}));
  ASSERT_THAT(Kinds(step), ElementsAre(Kind::kTelemetryDropped));
  EXPECT_EQ(step.events[0].reason, "too slow");
}

}  // namespace
}  // namespace lambent
