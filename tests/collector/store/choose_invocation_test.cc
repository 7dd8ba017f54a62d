// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/choose_invocation.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

#include "lambent/v1/profile.pb.h"

namespace lambent::collector {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kFirst = 1'000 * kSecond;  // INVOKE of the first attempt
constexpr int64_t kSecondTry = kFirst + 60 * kSecond;

InvocationFacts Invoked(int64_t start_us, int64_t end_us = 0) {
  InvocationFacts facts;
  facts.start_us = start_us;
  facts.start_rank = 3;
  facts.end_us = end_us;
  return facts;
}

size_t Of(const std::vector<InvocationFacts>& known, v1::InvocationEvent::Kind kind,
          int64_t time_us) {
  ValidatedEvent event;
  event.kind = static_cast<uint32_t>(kind);
  event.time_unix_us = time_us;
  return ChooseInvocation(known, event);
}

size_t SegmentOf(const std::vector<InvocationFacts>& known, int64_t start_us) {
  ValidatedSegment segment;
  segment.phase = Phase::kInvoke;
  segment.start_unix_us = start_us;
  return ChooseInvocation(known, segment);
}

TEST(ChooseInvocationTest, EachInvokeIsAnInvocationOfItsOwn) {
  const auto kInvoke = v1::InvocationEvent::INVOKE;
  EXPECT_EQ(Of({}, kInvoke, kFirst), 0u);
  EXPECT_EQ(Of({Invoked(kFirst)}, kInvoke, kSecondTry), 1u);
  EXPECT_EQ(Of({Invoked(kFirst)}, kInvoke, kFirst + 1), 1u);  // however soon
  EXPECT_EQ(Of({Invoked(kFirst)}, kInvoke, kFirst), 0u);      // told twice
}

TEST(ChooseInvocationTest, AnInvokeTakesWhatWasToldBeforeIt) {
  InvocationFacts started;  // platform.start was faster, by the length of an init
  started.start_us = kFirst - 9 * kSecond;
  started.start_rank = 2;
  EXPECT_EQ(Of({started}, v1::InvocationEvent::INVOKE, kFirst), 0u);
  started.end_us = kFirst - 8 * kSecond;  // no: that was another, whose INVOKE was lost
  EXPECT_EQ(Of({started}, v1::InvocationEvent::INVOKE, kFirst), 1u);
}

TEST(ChooseInvocationTest, NewsGoToTheLatestThatBeganBefore) {
  const std::vector<InvocationFacts> known = {Invoked(kFirst, kFirst + kSecond),
                                              Invoked(kSecondTry)};
  EXPECT_EQ(SegmentOf(known, kFirst), 0u);
  EXPECT_EQ(SegmentOf(known, kSecondTry - kSecond), 0u);  // after the first, until it is frozen
  EXPECT_EQ(SegmentOf(known, kSecondTry - 50'000), 1u);   // a clock that was set right
  EXPECT_EQ(SegmentOf(known, kSecondTry), 1u);
  EXPECT_EQ(SegmentOf(known, kFirst - kSecond), 0u);
  EXPECT_EQ(SegmentOf({}, kFirst), 0u);
  EXPECT_EQ(Of(known, v1::InvocationEvent::START, kSecondTry - kSecond), 1u);
  EXPECT_EQ(Of(known, v1::InvocationEvent::START, kFirst - kSecond), 0u);
  EXPECT_EQ(Of(known, v1::InvocationEvent::RUNTIME_DONE, kSecondTry + kSecond), 1u);
  EXPECT_EQ(Of(known, v1::InvocationEvent::RUNTIME_DONE, kFirst + kSecond), 0u);
}

TEST(ChooseInvocationTest, ALateEndIsOfTheOneThatHasNone) {
  // Tried again after 2 s (no platform does), and the first one's end told only then.
  const std::vector<InvocationFacts> known = {Invoked(kFirst), Invoked(kFirst + 2 * kSecond)};
  EXPECT_EQ(Of(known, v1::InvocationEvent::RUNTIME_DONE, kFirst + 3 * kSecond / 2), 0u);
}

TEST(ChooseInvocationTest, ASecondEndIsOfAnInvocationStillToCome) {
  const std::vector<InvocationFacts> known = {Invoked(kFirst, kFirst + kSecond)};
  EXPECT_EQ(Of(known, v1::InvocationEvent::RUNTIME_DONE, kFirst + kSecond), 0u);
  EXPECT_EQ(Of(known, v1::InvocationEvent::RUNTIME_DONE, kSecondTry + kSecond), 1u);
}

TEST(ChooseInvocationTest, AReportWrittenAfterTheThawIsOfTheOneThatEnded) {
  std::vector<InvocationFacts> known = {Invoked(kFirst, kFirst + kSecond), Invoked(kSecondTry)};
  EXPECT_EQ(Of(known, v1::InvocationEvent::REPORT, kSecondTry + 1), 0u);
  known[0].billed_duration_us = 1000;  // has its report
  EXPECT_EQ(Of(known, v1::InvocationEvent::REPORT, kSecondTry + kSecond), 1u);
}

}  // namespace
}  // namespace lambent::collector
