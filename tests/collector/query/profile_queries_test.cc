// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/query/profile_queries.h"

#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "collector/query/diff.h"
#include "tests/support/store_fixture.h"

namespace lambent::collector {
namespace {

using ::testing::ElementsAre;
using testing::GoodContent;
using testing::GoodHello;
using testing::kTestTimeUs;
using testing::NextContent;
using ::testing::Pair;

class ProfileQueriesTest : public testing::StoreTest {
 protected:
  // "name name…: wall total" of every node, in order.
  static std::vector<std::string> Tree(const Profile& profile) {
    const std::vector<int64_t> totals = NodeTotals(profile, Weight::kSamples);
    std::vector<std::string> lines;
    for (size_t i = 0; i < totals.size(); ++i) {
      std::string path = profile.frames[profile.node_frame[i]].name;
      for (size_t node = i; node != 0;) {
        node = profile.node_parent[node];
        path = profile.frames[profile.node_frame[node]].name + ";" + path;
      }
      lines.push_back(path + " " + std::to_string(totals[i]));
    }
    return lines;
  }
};

// GoodContent() whose second and third frame are one function, at these lines.
v1::BatchContent LinesContent(uint32_t second, uint32_t third) {
  v1::BatchContent content = GoodContent();
  v1::Dictionary& dictionary = *content.mutable_dictionary();
  dictionary.set_frame_kind(2, v1::FRAME_KIND_PYTHON);
  dictionary.set_frame_name(2, dictionary.frame_name(1));
  dictionary.set_frame_module(2, 0);
  dictionary.set_frame_address(2, 0);
  for (const uint32_t line : {0U, second, third}) dictionary.add_frame_current_line(line);
  return content;
}

TEST_F(ProfileQueriesTest, FramesThatExecuteAnotherLineAreOthers) {
  ASSERT_TRUE(Store(*Open(), 1, LinesContent(20, 7)).ok());
  const auto profile = MergeProfile(*store_, {});
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_THAT(Tree(*profile),
              ElementsAre("all 5", "all;main 5", "all;main;work 2", "all;main;work 3"));
  EXPECT_EQ(profile->frames[profile->node_frame[1]].current_line, 0u);
  EXPECT_EQ(profile->frames[profile->node_frame[2]].current_line, 7u);
  EXPECT_EQ(profile->frames[profile->node_frame[3]].current_line, 20u);
}

TEST_F(ProfileQueriesTest, FramesOfOneLineAreOne) {
  ASSERT_TRUE(Store(*Open(), 1, LinesContent(7, 7)).ok());
  const auto profile = MergeProfile(*store_, {});
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_THAT(Tree(*profile), ElementsAre("all 5", "all;main 5", "all;main;work 5"));
}

TEST_F(ProfileQueriesTest, DifferencesAreOfFunctionsWhateverTheirLines) {
  ASSERT_TRUE(Store(*Open(GoodHello('a')), 1, LinesContent(20, 7)).ok());
  const auto profile = MergeProfile(*store_, {});
  ASSERT_TRUE(profile.ok()) << profile.status();
  const ProfileDiff diff = DiffProfiles(*profile, *profile, Weight::kSamples);
  ASSERT_EQ(diff.node_frame.size(), 3u);
  EXPECT_EQ(diff.frames[diff.node_frame[2]].current_line, 0u);
}

TEST_F(ProfileQueriesTest, MergesStacksOfEnvironmentsIntoOneTree) {
  ASSERT_TRUE(Store(*Open(GoodHello('a')), 1, GoodContent()).ok());
  ASSERT_TRUE(Store(*Open(GoodHello('b')), 1, GoodContent()).ok());
  const auto profile = MergeProfile(*store_, {});
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_THAT(Tree(*profile),
              ElementsAre("all 10", "all;main 10", "all;main;[libx.so+0x40] 4", "all;main;work 6"));
  EXPECT_THAT(profile->subtree_end, ElementsAre(4, 4, 3, 4));
  EXPECT_THAT(profile->threads, ElementsAre("worker"));
  EXPECT_THAT(profile->drops, ElementsAre(Pair("refused", 4U)));
  EXPECT_EQ(profile->rows.size(), 2U);
  EXPECT_EQ(NodeTotals(*profile, Weight::kWall)[0], 100'000);
  EXPECT_EQ(NodeTotals(*profile, Weight::kCpu)[0], 40'000);
  EXPECT_EQ(profile->self_cpu_us, 200U);
  EXPECT_EQ(profile->target_cpu_us, 40'000U);
}

TEST_F(ProfileQueriesTest, KeepsTheRungsOfOneStackApart) {
  v1::BatchContent content = GoodContent();
  v1::SampleColumns& samples = *content.mutable_segments(0)->mutable_samples();
  samples.set_stack(1, samples.stack(0));
  samples.set_rung(0, v1::RUNG_STOP);
  samples.set_rung(1, v1::RUNG_UNCHANGED);
  ASSERT_TRUE(Store(*Open(), 1, content).ok());
  const auto profile = MergeProfile(*store_, {});
  ASSERT_TRUE(profile.ok()) << profile.status();
  ASSERT_EQ(profile->rows.size(), 2U);
  EXPECT_EQ(profile->rows[0].leaf, profile->rows[1].leaf);
  EXPECT_EQ(profile->rows[0].rung, Rung::kUnchanged);
  EXPECT_EQ(profile->rows[0].samples, 2U);
  EXPECT_EQ(profile->rows[1].rung, Rung::kStop);
  EXPECT_EQ(profile->rows[1].samples, 3U);
  const auto by_rung = SumsByRung(*profile);
  EXPECT_EQ(by_rung[static_cast<size_t>(Rung::kStop)].samples, 3U);
  EXPECT_EQ(by_rung[static_cast<size_t>(Rung::kStop)].wall_us, 30'000);
  EXPECT_EQ(by_rung[static_cast<size_t>(Rung::kBlocked)].samples, 0U);
}

TEST_F(ProfileQueriesTest, KeepsTheMarkOfPartialSamples) {
  v1::BatchContent content = GoodContent();
  ASSERT_TRUE(Store(*Open(GoodHello('a')), 1, content).ok());  // as of before there was a mark
  v1::SampleColumns& samples = *content.mutable_segments(0)->mutable_samples();
  samples.add_partial(false);
  samples.add_partial(true);
  ASSERT_TRUE(Store(*Open(GoodHello('b')), 1, content).ok());
  const auto profile = MergeProfile(*store_, {});
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_EQ(PartialSamples(*profile), 2U);
  ASSERT_EQ(profile->rows.size(), 3U);
  EXPECT_EQ(profile->rows[0].samples, 2U);
  EXPECT_FALSE(profile->rows[0].partial);
  EXPECT_TRUE(profile->rows[1].partial);
  EXPECT_EQ(profile->rows[2].samples, 6U);
  EXPECT_EQ(profile->rows[1].rung, profile->rows[0].rung);
}

TEST_F(ProfileQueriesTest, LooksAtTimesAndThreadsSampleBySample) {
  ASSERT_TRUE(Store(*Open(), 1, GoodContent()).ok());
  const auto late = MergeProfile(*store_, {.filter = {.since_us = kTestTimeUs + 1}});
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_EQ(NodeTotals(*late, Weight::kSamples)[0], 2);
  EXPECT_TRUE(MergeProfile(*store_, {.thread_name = "worker"}).ok());
  const auto other = MergeProfile(*store_, {.thread_name = "other"});
  EXPECT_TRUE(!other.ok() || other->rows.empty());
}

TEST_F(ProfileQueriesTest, ShowsSamplesWithoutAStack) {
  v1::BatchContent content = GoodContent();
  content.mutable_segments(0)->mutable_samples()->set_stack(0, 0);
  ASSERT_TRUE(Store(*Open(), 1, content).ok());
  EXPECT_THAT(Tree(*MergeProfile(*store_, {})),
              ElementsAre("all 5", "all;[unknown] 3", "all;main 2", "all;main;[libx.so+0x40] 2"));
}

// Of the rows' 30 and 20 ms, so much was spent waiting for a CPU.
v1::BatchContent WaitingContent(uint32_t first_us, uint32_t second_us) {
  v1::BatchContent content = GoodContent();
  v1::SampleColumns& samples = *content.mutable_segments(0)->mutable_samples();
  samples.add_run_queue_us(first_us);
  samples.add_run_queue_us(second_us);
  return content;
}

TEST_F(ProfileQueriesTest, HangsRunQueueWaitBelowTheStack) {
  ASSERT_TRUE(Store(*Open(), 1, WaitingContent(12'000, 11'000)).ok());
  const auto profile = MergeProfile(*store_, {});
  ASSERT_TRUE(profile.ok()) << profile.status();
  // Each sample where most of its time went, none twice.
  EXPECT_THAT(Tree(*profile), ElementsAre("all 5", "all;main 5", "all;main;[libx.so+0x40] 2",
                                          "all;main;[libx.so+0x40];[run-queue wait] 2",
                                          "all;main;work 3", "all;main;work;[run-queue wait] 0"));
  EXPECT_EQ(profile->frames[profile->node_frame[3]].kind, FrameKind::kRunQueue);
  EXPECT_THAT(NodeTotals(*profile, Weight::kWall),
              ElementsAre(50'000, 50'000, 20'000, 11'000, 30'000, 12'000));
  EXPECT_THAT(NodeTotals(*profile, Weight::kCpu), ElementsAre(20'000, 20'000, 8'000, 0, 12'000, 0));
}

TEST_F(ProfileQueriesTest, AWholeWaitLeavesNothingOnTheStack) {
  v1::BatchContent content = WaitingContent(30'000, 0);
  content.mutable_segments(0)->mutable_samples()->set_cpu_us(0, 0);
  ASSERT_TRUE(Store(*Open(), 1, content).ok());
  const auto profile = MergeProfile(*store_, {});
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_EQ(profile->rows.size(), 2u);
  EXPECT_EQ(NodeTotals(*profile, Weight::kWall)[0], 50'000);
  EXPECT_EQ(NodeTotals(*profile, Weight::kSamples)[0], 5);
}

TEST_F(ProfileQueriesTest, AQueueingThreadIsNotInTheCallItWasBlockedIn) {
  v1::BatchContent content = WaitingContent(5'000, 0);
  content.mutable_dictionary()->set_frame_kind(1, v1::FRAME_KIND_SYSTEM_CALL);
  ASSERT_TRUE(Store(*Open(), 1, content).ok());
  EXPECT_THAT(Tree(*MergeProfile(*store_, {})),
              ElementsAre("all 5", "all;main 5", "all;main;[libx.so+0x40] 2",
                          "all;main;[run-queue wait] 0", "all;main;[work] 3"));
}

TEST_F(ProfileQueriesTest, SelectsWhatHeldTheLock) {
  v1::BatchContent content = GoodContent();
  v1::SampleColumns& samples = *content.mutable_segments(0)->mutable_samples();
  samples.set_state(1, v1::THREAD_STATE_BLOCKED_WITH_LOCK);
  ASSERT_TRUE(Store(*Open(), 1, content).ok());
  EXPECT_THAT(Tree(*MergeProfile(*store_, {.with_lock = true})),
              ElementsAre("all 2", "all;main 2", "all;main;[libx.so+0x40] 2"));
}

TEST_F(ProfileQueriesTest, SaysHowOftenThreadsWereLookedAt) {
  v1::BatchContent content = GoodContent();
  v1::SelfCost& cost = *content.mutable_segments(0)->mutable_cost();
  cost.set_ticks(50);
  cost.set_sampled_us(1'000'000);
  cost.set_asked_microticks(99'000'000);
  cost.set_allowed_microticks(51'000'000);
  ASSERT_TRUE(Store(*Open(GoodHello('a')), 1, content).ok());
  ASSERT_TRUE(Store(*Open(GoodHello('b')), 1, content).ok());
  const auto profile = MergeProfile(*store_, {});
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_EQ(RateText(profile->rate), "50 of 99 Hz: the overhead budget allowed 51 Hz");
  const auto invocations = store_->ReadInvocations({}, 10);
  ASSERT_TRUE(invocations.ok()) << invocations.status();
  ASSERT_EQ(invocations->size(), 2u);
  EXPECT_EQ(RateText(RateOf((*invocations)[0].cost)), RateText(profile->rate));
}

TEST_F(ProfileQueriesTest, SaysThatNothingMatches) {
  const auto profile = MergeProfile(*store_, {.filter = {.request_id = "nobody"}});
  EXPECT_EQ(profile.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(std::string(profile.status().message()), "no samples of request nobody");
  EXPECT_EQ(
      std::string(MergeProfile(*store_, {.filter = {.function_name = "f"}}).status().message()),
      "no samples of function f");
  EXPECT_EQ(std::string(MergeProfile(*store_, {}).status().message()), "there are no samples yet");
}

TEST_F(ProfileQueriesTest, EqualSelectionsGiveEqualProfiles) {
  ASSERT_TRUE(Store(*Open(), 1, GoodContent()).ok());
  const auto one = MergeProfile(*store_, {});
  const auto two = MergeProfile(*store_, {});
  EXPECT_EQ(one->node_frame, two->node_frame);
  ASSERT_EQ(one->rows.size(), two->rows.size());
  for (size_t i = 0; i < one->rows.size(); ++i) EXPECT_EQ(one->rows[i].leaf, two->rows[i].leaf);
}

TEST_F(ProfileQueriesTest, ComparesShares) {
  auto session = Open();
  v1::BatchContent second = NextContent("r2", v1::PHASE_INVOKE);
  second.mutable_segments(0)->mutable_samples()->set_stack(1, 2);  // all in work
  ASSERT_TRUE(Store(*session, 1, GoodContent()).ok());
  ASSERT_TRUE(Store(*session, 2, second).ok());
  const auto base = MergeProfile(*store_, {.filter = {.request_id = "r1"}});
  const auto compare = MergeProfile(*store_, {.filter = {.request_id = "r2"}});
  const ProfileDiff diff = DiffProfiles(*base, *compare, Weight::kSamples);
  ASSERT_EQ(diff.node_frame.size(), 4U);
  EXPECT_THAT(diff.base_total, ElementsAre(5, 5, 2, 3));
  EXPECT_THAT(diff.compare_total, ElementsAre(5, 5, 0, 5));
  EXPECT_THAT(diff.base_self, ElementsAre(0, 0, 2, 3));
  EXPECT_DOUBLE_EQ(ShareChange(diff, 2), -0.4);
  EXPECT_DOUBLE_EQ(ShareChange(diff, 3), 0.4);
}

TEST_F(ProfileQueriesTest, AddsWhatTheRuntimeUsedToAnInvocation) {
  v1::BatchContent content = GoodContent();
  auto& done =
      testing::AddEvent(content, v1::InvocationEvent::RUNTIME_DONE, "r1", kTestTimeUs + 50'000);
  done.set_status(v1::INVOCATION_STATUS_SUCCESS);
  v1::MetricColumns& metrics = *content.add_metrics();
  metrics.set_role(v1::PROCESS_ROLE_RUNTIME);
  metrics.set_start_unix_us(kTestTimeUs - 5'000);
  for (const int64_t delta : {0, 5'000, 50'000}) metrics.add_time_delta_us(delta);
  const auto add = [&](v1::Metric metric, std::vector<int64_t> deltas) {
    v1::MetricColumn& column = *metrics.add_columns();
    column.set_metric(metric);
    for (const int64_t delta : deltas) column.add_values(delta);
  };
  add(v1::METRIC_CPU_USER_US, {100, 10, 7'000});
  add(v1::METRIC_CPU_SYSTEM_US, {100, 10, 500});
  add(v1::METRIC_RUN_QUEUE_WAIT_US, {1, 1, 900});
  add(v1::METRIC_RSS_BYTES, {1000, 0, -200});
  add(v1::METRIC_RSS_PEAK_BYTES, {5000, 0, 0});  // reached before
  ASSERT_TRUE(Store(*Open(), 1, content).ok());
  const auto summaries = SummariseInvocations(*store_, {}, 10);
  ASSERT_EQ(summaries->size(), 1U);
  EXPECT_EQ((*summaries)[0].use.cpu_us, 7'500);
  EXPECT_EQ((*summaries)[0].use.run_queue_wait_us, 900);
  EXPECT_EQ((*summaries)[0].use.rss_peak_bytes, 1000);
  const auto series = SelectMetrics(*store_, {.filter = {.request_id = "r1"}});
  ASSERT_EQ(series->size(), 5U);
  EXPECT_THAT((*series)[0].values, ElementsAre(100, 110, 7110));
}

TEST(SelectionTest, DescribesItselfForPeople) {
  Selection selection;
  EXPECT_EQ(Describe(selection), "everything");
  selection.filter = {.function_version = "7"};
  EXPECT_EQ(Describe(selection), "version 7");
  selection.filter = {.function_name = "orders", .function_version = "7", .cold = true};
  selection.filter.phases = {Phase::kInit, Phase::kInvoke};
  EXPECT_EQ(Describe(selection), "orders:7 · phase init, invoke · cold starts");
}

TEST(SelectionTest, ReadsEnvironmentIdsOnlyInFull) {
  const std::string hex = "000102030405060708090a0b0c0d0eFF";
  EXPECT_EQ(EnvironmentIdFromHex(hex)->size(), 16U);
  EXPECT_EQ(EnvironmentIdToHex(*EnvironmentIdFromHex(hex)), "000102030405060708090a0b0c0d0eff");
  EXPECT_FALSE(EnvironmentIdFromHex("00").ok());
  EXPECT_FALSE(EnvironmentIdFromHex("zz0102030405060708090a0b0c0d0eff").ok());
}

}  // namespace
}  // namespace lambent::collector
