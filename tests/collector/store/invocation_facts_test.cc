// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/invocation_facts.h"

#include "gtest/gtest.h"

#include "lambent/v1/profile.pb.h"

namespace lambent::collector {
namespace {

ValidatedEvent Event(uint32_t kind, int64_t time_us) {
  ValidatedEvent event;
  event.kind = kind;
  event.time_unix_us = time_us;
  return event;
}

ValidatedSegment InvokeSegment(int64_t start_us, uint64_t wall_us) {
  ValidatedSegment segment;
  segment.phase = Phase::kInvoke;
  segment.start_unix_us = start_us;
  segment.cost.wall_us = wall_us;
  return segment;
}

TEST(InvocationFactsTest, ThePlatformsWordBeatsAShutdownsWhicheverComesFirst) {
  ValidatedEvent done = Event(v1::InvocationEvent::RUNTIME_DONE, 50);
  done.status = v1::INVOCATION_STATUS_ERROR;
  done.error_type = "Runtime.Oops";
  ValidatedEvent shutdown = Event(v1::InvocationEvent::SHUTDOWN, 60);
  shutdown.reason = "failure";
  for (const bool done_first : {true, false}) {
    InvocationFacts facts;
    Apply(done_first ? done : shutdown, facts);
    Apply(done_first ? shutdown : done, facts);
    EXPECT_EQ(facts.status, uint32_t{v1::INVOCATION_STATUS_ERROR});
    EXPECT_EQ(facts.error_type, "Runtime.Oops");
    EXPECT_EQ(facts.end_us, 50);
  }
}

TEST(InvocationFactsTest, SpindownSaysNothing) {
  InvocationFacts facts;
  ValidatedEvent shutdown = Event(v1::InvocationEvent::SHUTDOWN, 60);
  shutdown.reason = "spindown";
  Apply(shutdown, facts);
  EXPECT_EQ(facts.status, 0U);
  EXPECT_EQ(facts.end_us, 0);
}

TEST(InvocationFactsTest, RunningBeyondTheDeadlineIsATimeOutUntilSomeoneKnowsBetter) {
  InvocationFacts facts;
  ValidatedEvent invoke = Event(v1::InvocationEvent::INVOKE, 1000);
  invoke.deadline_unix_us = 4000;
  Apply(invoke, facts);
  Apply(InvokeSegment(1000, 2999), facts);
  EXPECT_EQ(facts.status, 0U);
  Apply(InvokeSegment(3999, 1), facts);
  EXPECT_EQ(facts.status, uint32_t{v1::INVOCATION_STATUS_TIMEOUT});
  ValidatedEvent shutdown = Event(v1::InvocationEvent::SHUTDOWN, 4100);
  shutdown.reason = "failure";
  Apply(shutdown, facts);
  EXPECT_EQ(facts.status, uint32_t{v1::INVOCATION_STATUS_FAILURE});
}

TEST(InvocationFactsTest, TheReportsFiguresReplaceRuntimeDones) {
  InvocationFacts facts;
  ValidatedEvent report = Event(v1::InvocationEvent::REPORT, 90);
  report.duration_us = 41'000;
  report.billed_duration_us = 42'000;
  report.max_memory_used_mb = 77;
  ValidatedEvent done = Event(v1::InvocationEvent::RUNTIME_DONE, 50);
  done.duration_us = 40'000;
  Apply(done, facts);
  Apply(report, facts);
  EXPECT_EQ(facts.duration_us, 41'000);
  EXPECT_EQ(facts.billed_duration_us, 42'000);
  EXPECT_EQ(facts.max_memory_used_mb, 77U);
}

TEST(InvocationFactsTest, OurOwnClocksStartIsPreferred) {
  InvocationFacts facts;
  Apply(InvokeSegment(500, 0), facts);
  EXPECT_EQ(facts.start_us, 500);
  Apply(Event(v1::InvocationEvent::START, 480), facts);
  EXPECT_EQ(facts.start_us, 480);
  Apply(Event(v1::InvocationEvent::INVOKE, 490), facts);
  Apply(Event(v1::InvocationEvent::START, 480), facts);
  EXPECT_EQ(facts.start_us, 490);
}

}  // namespace
}  // namespace lambent::collector
