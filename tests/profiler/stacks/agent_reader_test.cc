// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/agent_reader.h"

#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_agent_door.h"

namespace lambent {
namespace {

using ::testing::HasSubstr;

constexpr int32_t kPid = 42;
constexpr uint64_t kSp = 0x7000;

class AgentReaderTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<AgentReader>> Create(int32_t pid = kPid) {
    return AgentReader::Create(std::make_unique<fakes::FakeSharedFile>(memory_.bytes), pid);
  }
  std::unique_ptr<AgentReader> Open() {
    auto reader = Create();
    EXPECT_TRUE(reader.ok()) << reader.status();
    return *std::move(reader);
  }
  void Change(void (*change)(AgentHeader*)) {
    AgentHeader header = memory_.header();
    change(&header);
    memory_.set_header(header);
  }
  uint64_t StateOf(int cell) const { return memory_.header().cell_states[cell]; }

  fakes::FakeAgentMemory memory_{kPid};
  std::unique_ptr<AgentSnapshot> snapshot_ = std::make_unique<AgentSnapshot>();
};

TEST_F(AgentReaderTest, GivesASnapshotOnceAndTheCellBack) {
  auto reader = Open();
  const int cell = memory_.Snapshot(1, 0x1234, kSp, "stackbytes");
  EXPECT_NE(StateOf(cell), 0u);
  EXPECT_TRUE(reader->BeginTick());

  ASSERT_TRUE(reader->Take(1, snapshot_.get()));
  EXPECT_EQ(snapshot_->registers().pc(), 0x1234u);
  EXPECT_EQ(snapshot_->registers().sp(), kSp);
  char bytes[20];
  EXPECT_EQ(snapshot_->Read(kSp + 5, bytes, 5), 5u);
  EXPECT_EQ(std::string(bytes, 5), "bytes");

  EXPECT_EQ(StateOf(cell), 0u);
  EXPECT_FALSE(reader->Take(1, snapshot_.get()));
}

TEST_F(AgentReaderTest, ReadsNothingBesideTheCopiedStack) {
  auto reader = Open();
  memory_.Snapshot(1, 0x1234, kSp, "12345678");
  reader->BeginTick();
  ASSERT_TRUE(reader->Take(1, snapshot_.get()));
  char bytes[64];
  EXPECT_EQ(snapshot_->Read(kSp, bytes, 64), 8u);
  EXPECT_EQ(snapshot_->Read(kSp - 1, bytes, 1), 0u);
  EXPECT_EQ(snapshot_->Read(kSp + 8, bytes, 1), 0u);
}

TEST_F(AgentReaderTest, GivesTheLatestSnapshotOfAThread) {
  auto reader = Open();
  for (uint64_t pc = 1; pc <= 3; ++pc) memory_.Snapshot(1, pc, kSp, "x");
  memory_.Snapshot(2, 9, kSp, "x");
  reader->BeginTick();
  ASSERT_TRUE(reader->Take(1, snapshot_.get()));
  EXPECT_EQ(snapshot_->registers().pc(), 3u);
  ASSERT_TRUE(reader->Take(2, snapshot_.get()));
  EXPECT_EQ(snapshot_->registers().pc(), 9u);
  for (int cell = 0; cell < 4; ++cell) EXPECT_EQ(StateOf(cell), 0u) << cell;
}

TEST_F(AgentReaderTest, GivesNothingOfTheTickBefore) {
  auto reader = Open();
  const int cell = memory_.Snapshot(1, 1, kSp, "x");
  reader->BeginTick();
  reader->BeginTick();
  EXPECT_FALSE(reader->Take(1, snapshot_.get()));
  EXPECT_EQ(StateOf(cell), 0u);
}

TEST_F(AgentReaderTest, EmptiesAllCells) {
  auto reader = Open();
  for (int32_t tid = 1; memory_.Snapshot(tid, 1, kSp, "x") >= 0;) ++tid;
  reader->BeginTick();
  reader->BeginTick();
  EXPECT_EQ(memory_.Snapshot(1, 1, kSp, "x"), 0);
}

TEST_F(AgentReaderTest, LetsTheAgentRestWhenItEnds) {
  auto reader = Open();
  reader->SetPeriod(5'000'000);
  EXPECT_EQ(memory_.header().control.period_ns, 5'000'000u);
  memory_.Snapshot(1, 1, kSp, "x");
  reader->BeginTick();
  reader.reset();
  EXPECT_EQ(memory_.header().control.period_ns, 0u);
  EXPECT_EQ(StateOf(0), 0u);
}

TEST_F(AgentReaderTest, ChangesTheBeatBeforeTheAgentFallsSilent) {
  auto reader = Open();
  const uint32_t before = memory_.header().control.beat;
  for (uint32_t tick = 0; tick < kAgentSilence / 4; ++tick) reader->BeginTick();
  EXPECT_NE(memory_.header().control.beat, before);
}

TEST_F(AgentReaderTest, WishesNoMoreStackThanACellHolds) {
  auto reader = Open();
  reader->WishStackBytes(3, 40'000);
  reader->WishStackBytes(4, 1 << 30);
  reader->WishStackBytes(kAgentThreads, 5);
  EXPECT_EQ(memory_.header().thread_stack_bytes[3], 40'000u);
  EXPECT_EQ(memory_.header().thread_stack_bytes[4], kAgentMaxStackBytes);
}

TEST_F(AgentReaderTest, RefusesAnotherVersionAndAnotherProcess) {
  EXPECT_THAT(Create(kPid + 1).status().message(), HasSubstr("process 42"));
  Change([](AgentHeader* header) { header->version = kAgentVersion + 1; });
  EXPECT_THAT(Create().status().message(), HasSubstr("version 2"));
  Change([](AgentHeader* header) { header->magic = 0; });
  EXPECT_FALSE(Create().ok());
}

TEST_F(AgentReaderTest, NoticesThatTheAgentLeft) {
  auto reader = Open();
  EXPECT_TRUE(reader->BeginTick());
  Change([](AgentHeader* header) { header->signal = 0; });
  EXPECT_FALSE(reader->BeginTick());
}

TEST_F(AgentReaderTest, NoticesThatTheFileWasCut) {
  auto reader = Open();
  memory_.Snapshot(1, 1, kSp, "stack");
  reader->BeginTick();
  memory_.bytes.resize(kAgentCellsOffset + 100);
  EXPECT_FALSE(reader->Take(1, snapshot_.get()));
  memory_.bytes.clear();
  EXPECT_FALSE(reader->BeginTick());
}

TEST_F(AgentReaderTest, RefusesASnapshotThatClaimsTooMuch) {
  auto reader = Open();
  const int cell = memory_.Snapshot(1, 1, kSp, "stack");
  const uint32_t huge = kAgentMaxStackBytes + 1;
  memory_.bytes.replace(kAgentCellsOffset + offsetof(AgentCell, stack_bytes), sizeof(huge),
                        reinterpret_cast<const char*>(&huge), sizeof(huge));
  reader->BeginTick();
  EXPECT_FALSE(reader->Take(1, snapshot_.get()));
  EXPECT_EQ(StateOf(cell), 0u);
}

TEST_F(AgentReaderTest, TellsOnceWhatTheAgentCouldNotDo) {
  Change([](AgentHeader* header) { header->counts.no_cell = 7; });  // before anybody read
  auto reader = Open();
  EXPECT_TRUE(reader->TakeLosses().empty());
  Change([](AgentHeader* header) {
    header->counts.no_cell = 10;
    header->counts.overruns = 2;
    header->counts.too_many = 1;
    header->counts.refused = 4;
    header->counts.snapshots = 99;
  });
  EXPECT_TRUE(reader->BeginTick());
  EXPECT_EQ(reader->TakeLosses(),
            (AgentLosses{.no_cell = 3, .overruns = 2, .too_many = 1, .refused = 4}));
  EXPECT_TRUE(reader->BeginTick());
  EXPECT_TRUE(reader->TakeLosses().empty());
}

// The memory is the other process's, which may write anything into it.
TEST_F(AgentReaderTest, BelievesNoCountsThatFallOrLeap) {
  auto reader = Open();
  Change([](AgentHeader* header) { header->counts.no_cell = UINT64_MAX; });
  EXPECT_TRUE(reader->BeginTick());
  const uint64_t leap = reader->TakeLosses().no_cell;
  EXPECT_GT(leap, 0u);
  EXPECT_LE(leap, uint64_t{1} << 20);
  Change([](AgentHeader* header) { header->counts.no_cell = 0; });
  EXPECT_TRUE(reader->BeginTick());
  EXPECT_TRUE(reader->TakeLosses().empty());
  Change([](AgentHeader* header) { header->counts.no_cell = 5; });
  EXPECT_TRUE(reader->BeginTick());
  EXPECT_TRUE(reader->TakeLosses().empty()) << "told of more before";
}

TEST(AgentLossesTest, AreALineForPeople) {
  EXPECT_EQ(Describe(AgentLosses{}), "");
  EXPECT_EQ(Describe({.no_cell = 3, .refused = 1}),
            "the agent: 3 copies not taken (all cells full), 1 timers refused");
  const uint64_t most = UINT64_MAX;
  EXPECT_LE(Describe({most, most, most, most}).size(), 200u);
}

}  // namespace
}  // namespace lambent
