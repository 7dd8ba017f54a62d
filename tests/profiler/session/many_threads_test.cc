// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A thousand threads that start and end under sampling: of what the ladder saw of them, all is in
// the batches, as a sample or as a drop with its reason.
#include <signal.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "profiler/base/drop_reason.h"
#include "profiler/session/session.h"
#include "profiler/stacks/forwarding_sampler.h"
#include "profiler/stacks/ladder.h"
#include "tests/fakes/fake_batch_sink.h"
#include "tests/fakes/fake_metrics_source.h"
#include "tests/support/program.h"

namespace lambent {
namespace {

constexpr int kThreads = 1000;
constexpr absl::Duration kLimit = absl::Seconds(120);

// What was observed, counted before anything is made of it.
struct Observed {
  uint64_t stacks = 0;
  std::map<DropReason, uint64_t> drops;
  std::set<int32_t> with_names;  // threads, by their ids
  std::vector<std::vector<std::string>> wrong;

  uint64_t total() const {
    uint64_t sum = stacks;
    for (const auto& [reason, count] : drops) sum += count;
    return sum;
  }
};

// A ladder whose observations are counted on their way. Of the sampler thread, until that ends.
class CountedLadder final : public ForwardingSampler {
 public:
  CountedLadder(std::unique_ptr<Ladder> ladder, Observed& observed)
      : ForwardingSampler(std::move(ladder)), observed_(observed) {}

  bool Observe(absl::FunctionRef<void(const ThreadSample&)> sink) override {
    return ForwardingSampler::Observe([&](const ThreadSample& sample) {
      Count(sample);
      sink(sample);
    });
  }
  void TakeStops(absl::FunctionRef<void(const ThreadSample&)> sink) override {
    ForwardingSampler::TakeStops([&](const ThreadSample& sample) {
      Count(sample);
      sink(sample);
    });
  }

 private:
  void Count(const ThreadSample& sample) {
    EXPECT_EQ(sample.stack == nullptr, sample.drop != DropReason::kUnspecified);
    if (sample.stack == nullptr) {
      ++observed_.drops[sample.drop];
      return;
    }
    ++observed_.stacks;
    if (sample.tid == pid()) return;
    std::vector<std::string> own;
    for (const Frame& frame : *sample.stack) {
      std::string name(Describe(frame).name);
      if (name.rfind("Target", 0) == 0 || name == "main") own.push_back(std::move(name));
    }
    using Names = std::vector<std::string>;
    if (own == Names{"TargetShortLeaf", "TargetShort"} ||
        own == Names{"TargetShortSleep", "TargetShort"}) {
      observed_.with_names.insert(sample.tid);
    } else if (!own.empty() && own != Names{"TargetShort"}) {
      observed_.wrong.push_back(own);  // not this thread's
    }
  }

  Observed& observed_;
};

TEST(ManyThreadsTest, AllThatWasSeenOfAThousandThreadsIsAccountedFor) {
  auto program = support::Program::Start({LAMBENT_NATIVE_TARGET, "many", std::to_string(kThreads)});
  ASSERT_TRUE(program.ok()) << program.status();
  ASSERT_TRUE(program->CollectUntil([&] { return program->out() == "ready\n"; }, kLimit));
  os::Clock& clock = os::RealClock();
  fakes::FakeMetricsSource metrics(clock);
  fakes::FakeBatchSink sink;
  Observed observed;
  SessionOptions options;
  options.sample_hz = 250;
  options.overhead_budget = 1;  // every tick counts here, not what it costs
  bool stops = false;
  {
    Session session(options,
                    {clock,
                     [&]() -> absl::StatusOr<std::unique_ptr<ProcessSampler>> {
                       auto ladder = Ladder::Attach(program->pid(), clock, LadderOptions{});
                       if (!ladder.ok()) return ladder.status();
                       for (const RungProbe& probe : (*ladder)->rungs()) {
                         stops = stops || (probe.rung == Rung::kStop && probe.available);
                       }
                       kill(program->pid(), SIGUSR1);
                       return std::make_unique<CountedLadder>(*std::move(ladder), observed);
                     },
                     metrics, sink});
    session.Start();
    ASSERT_TRUE(program->CollectUntil(
        [&] { return program->out().find("done") != std::string::npos; }, kLimit))
        << program->err();
    ASSERT_TRUE(session.Stop(clock.UnixTime() + absl::Seconds(60)));
  }

  EXPECT_EQ(sink.Accounted(), observed.total());
  uint64_t in_profile = 0;
  std::map<DropReason, uint64_t> drops;
  for (const v1::BatchContent& content : sink.contents()) {
    in_profile += fakes::Observations(content);
    for (const v1::Segment& segment : content.segments()) {
      for (const v1::Drop& drop : segment.drops()) {
        drops[static_cast<DropReason>(drop.reason())] += drop.samples();
      }
    }
  }
  EXPECT_EQ(in_profile, observed.stacks);
  EXPECT_EQ(drops, observed.drops);
  EXPECT_EQ(drops.count(DropReason::kUnspecified), 0u);
  EXPECT_THAT(observed.wrong, testing::IsEmpty());
  EXPECT_GT(observed.total(), 200u);
  if (!stops) GTEST_SKIP() << "ptrace is not permitted here: running threads have no names";
  EXPECT_GT(observed.with_names.size(), 30u);
  RecordProperty("threads_with_names", static_cast<int>(observed.with_names.size()));
  RecordProperty("observed", static_cast<int>(observed.total()));
}

}  // namespace
}  // namespace lambent
