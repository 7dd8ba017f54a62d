// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/process_tree.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_process_files.h"
#include "tests/fakes/fake_process_sampler.h"

namespace lambent {
namespace {

using ::testing::ElementsAre;

constexpr int32_t kRoot = 200;

class ProcessTreeTest : public ::testing::Test {
 protected:
  // A process that runs `leaf` of `program`, in its main thread.
  fakes::FakeProcessSampler& Add(int32_t pid, int32_t parent, const std::string& program,
                                 std::string_view leaf) {
    fakes::FakeProcess& process = proc_->processes[pid];
    process.stat.parent = parent;
    process.threads[pid].name = program;
    auto sampler = std::make_unique<fakes::FakeProcessSampler>(clock_, pid);
    sampler->Run(pid, {leaf, "main"});
    fakes::FakeProcessSampler& made = *sampler;
    samplers_[pid] = std::move(sampler);
    return made;
  }

  void Create(const ProcessTreeOptions& options = {}) {
    auto tree =
        ProcessTree::Create(kRoot, clock_, std::move(owned_proc_), options,
                            [this](int32_t pid) -> absl::StatusOr<std::unique_ptr<ProcessSampler>> {
                              if (samplers_[pid] == nullptr) return absl::NotFoundError("gone");
                              return std::move(samplers_[pid]);
                            });
    ASSERT_TRUE(tree.ok()) << tree.status();
    tree_ = *std::move(tree);
  }

  // One tick later: "main;leaf" of every sample, "!reason" of every drop.
  std::vector<std::string> Tick() {
    clock_.Advance(absl::Milliseconds(20));
    std::vector<std::string> seen;
    alive_ = tree_->Observe([&](const ThreadSample& sample) { seen.push_back(Told(sample)); });
    return seen;
  }
  std::vector<std::string> TakeStops() {
    std::vector<std::string> seen;
    tree_->TakeStops([&](const ThreadSample& sample) { seen.push_back(Told(sample)); });
    return seen;
  }
  std::string Told(const ThreadSample& sample) {
    if (sample.stack == nullptr) return "!" + std::string(DropReasonName(sample.drop));
    frames_ = *sample.stack;
    return Names(frames_);
  }
  std::string Names(const Stack& stack) {
    std::string names;
    for (auto frame = stack.rbegin(); frame != stack.rend(); ++frame) {
      if (!names.empty()) names += ";";
      names += frame->kind == FrameKind::kTruncated ? "[truncated]"
                                                    : std::string(tree_->Describe(*frame).name);
    }
    return names;
  }

  fakes::FakeClock clock_;
  std::unique_ptr<fakes::FakeProcFiles> owned_proc_ = std::make_unique<fakes::FakeProcFiles>();
  fakes::FakeProcFiles* const proc_ = owned_proc_.get();
  std::map<int32_t, std::unique_ptr<fakes::FakeProcessSampler>> samplers_;
  std::unique_ptr<ProcessTree> tree_;
  Stack frames_;  // of the last sample
  bool alive_ = true;
};

TEST_F(ProcessTreeTest, EachProcessHangsUnderItsProgram) {
  Add(kRoot, 1, "sh", "wait");
  Add(201, kRoot, "worker", "hot");
  Create();
  EXPECT_THAT(Tick(), ElementsAre("sh;main;wait", "worker;main;hot"));
}

TEST_F(ProcessTreeTest, ProcessesThatComeLaterAreFollowed) {
  Add(kRoot, 1, "sh", "wait");
  Create();
  EXPECT_THAT(Tick(), ElementsAre("sh;main;wait"));
  Add(201, kRoot, "worker", "hot");
  EXPECT_THAT(Tick(), ElementsAre("sh;main;wait", "worker;main;hot"));
  EXPECT_EQ(tree_->processes(), 2u);
}

TEST_F(ProcessTreeTest, ThreadsThatStandBetweenTicksAreTakenOfEachProcess) {
  fakes::FakeProcessSampler& root = Add(kRoot, 1, "sh", "wait");
  fakes::FakeProcessSampler& worker = Add(201, kRoot, "worker", "hot");
  Create();
  Tick();
  EXPECT_FALSE(tree_->AwaitStop(0));
  worker.Delay(201);
  EXPECT_THAT(Tick(), ElementsAre("sh;main;wait"));
  EXPECT_TRUE(tree_->AwaitStop(0));
  EXPECT_THAT(TakeStops(), ElementsAre());
  worker.Stand(201);
  EXPECT_THAT(TakeStops(), ElementsAre("worker;main;hot"));
  root.Delay(kRoot);
  root.Stand(kRoot);
  tree_->LetGo();
  EXPECT_EQ(root.let_go(), 1);
  EXPECT_FALSE(tree_->AwaitStop(0));
}

TEST_F(ProcessTreeTest, FramesOfAnEndedProcessKeepTheirNames) {
  Add(kRoot, 1, "sh", "wait");
  fakes::FakeProcessSampler& worker = Add(201, kRoot, "worker", "hot");
  Create();
  Tick();
  const Stack of_worker = frames_;

  worker.End();
  proc_->processes[201].result = os::ReadResult::kGone;
  EXPECT_THAT(Tick(), ElementsAre("sh;main;wait", "!target-gone"));
  EXPECT_TRUE(alive_);

  EXPECT_EQ(tree_->processes(), 1u);
  EXPECT_EQ(Names(of_worker), "worker;main;hot");
}

TEST_F(ProcessTreeTest, SumsWhatTheAgentsCouldNotDo) {
  Add(kRoot, 1, "sh", "wait").LoseToAgent({.no_cell = 1});
  fakes::FakeProcessSampler& worker = Add(201, kRoot, "worker", "hot");
  Create();
  Tick();
  worker.LoseToAgent({.no_cell = 2, .refused = 3});
  worker.End();
  proc_->processes[201].result = os::ReadResult::kGone;
  Tick();
  EXPECT_EQ(tree_->TakeLosses(), (AgentLosses{.no_cell = 3, .refused = 3}));
  EXPECT_TRUE(tree_->TakeLosses().empty());
}

TEST_F(ProcessTreeTest, ItEndsWithItsRoot) {
  fakes::FakeProcessSampler& root = Add(kRoot, 1, "sh", "wait");
  Add(201, kRoot, "worker", "hot");
  Create();
  Tick();
  const Stack of_worker = frames_;
  root.End();
  Tick();
  EXPECT_FALSE(alive_);
  EXPECT_EQ(Names(of_worker), "worker;main;hot");
}

TEST_F(ProcessTreeTest, ThreadsMayBeRootsOfTheirOwn) {
  Add(kRoot, 1, "sh", "wait").NameThread(kRoot, "first");
  Create({.children = false, .process_roots = false, .thread_roots = true});
  EXPECT_THAT(Tick(), ElementsAre("first (200);main;wait"));
}

TEST_F(ProcessTreeTest, AThreadThatIsRenamedInItsSleepHasTheNewNameAtItsRoot) {
  fakes::FakeProcessSampler& root = Add(kRoot, 1, "sh", "wait");
  root.Block(kRoot, {"sleep"});
  root.NameThread(kRoot, "first");
  Create({.children = false, .process_roots = false, .thread_roots = true});
  EXPECT_THAT(Tick(), ElementsAre("first (200);sleep"));
  root.NameThread(kRoot, "second");
  EXPECT_THAT(Tick(), ElementsAre("second (200);sleep"));
}

TEST_F(ProcessTreeTest, WithoutChildrenNoneIsFollowed) {
  Add(kRoot, 1, "sh", "wait");
  Add(201, kRoot, "worker", "hot");
  Create({.children = false, .process_roots = false});
  EXPECT_THAT(Tick(), ElementsAre("main;wait"));
}

TEST_F(ProcessTreeTest, ProcessesBeyondTheLimitAreCounted) {
  Add(kRoot, 1, "sh", "wait");
  Add(201, kRoot, "worker", "hot");
  Add(202, kRoot, "worker", "cold");
  Create({.max_processes = 2});
  EXPECT_THAT(Tick(), ElementsAre("sh;main;wait", "worker;main;hot", "!too-many-threads"));
}

TEST_F(ProcessTreeTest, AProgramThatWasExecutedGivesItsName) {
  Add(kRoot, 1, "sh", "wait");
  Create();
  Tick();
  proc_->processes[kRoot].threads[kRoot].name = "python3";
  EXPECT_THAT(Tick(), ElementsAre("python3;main;wait"));
}

TEST_F(ProcessTreeTest, AStackAtTheDepthLimitStaysWithinIt) {
  fakes::FakeProcessSampler& root = Add(kRoot, 1, "sh", "wait");
  Create();
  // As many frames as there may be.
  root.RunNative(kRoot, {1});
  for (size_t i = 0; i < kMaxStackDepth; ++i) root.Truncate(kRoot);
  Tick();
  EXPECT_EQ(frames_.size(), kMaxStackDepth + 1);
  EXPECT_EQ(frames_[frames_.size() - 2].kind, FrameKind::kTruncated);
  EXPECT_EQ(tree_->Describe(frames_.back()).name, "sh");
}

TEST_F(ProcessTreeTest, TheRootMustBeThere) {
  auto tree = ProcessTree::Create(kRoot, clock_, std::move(owned_proc_), {}, [](int32_t) {
    return absl::StatusOr<std::unique_ptr<ProcessSampler>>(absl::NotFoundError("gone"));
  });
  EXPECT_EQ(tree.status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace lambent
