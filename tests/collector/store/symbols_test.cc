// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/support/store_fixture.h"
#include "tests/support/symbol_columns.h"

namespace lambent::collector {
namespace {

using testing::Columns;
using ::testing::ElementsAre;
using testing::GoodContent;
using testing::GoodHello;
using ::testing::IsEmpty;
using testing::SymbolsOf;

// Of GoodContent's module, which has the frame +0x40 without a name.
const std::string kBuildId("\x01\x02");

class StoredSymbolsTest : public testing::StoreTest {
 protected:
  std::vector<std::string> Wanted(WriteSession& session) {
    const auto wanted = store_->ReadWantedSymbols(session, 10);
    EXPECT_TRUE(wanted.ok()) << wanted.status();
    return wanted.ok() ? *wanted : std::vector<std::string>{"error"};
  }

  absl::Status StoreParts(const std::vector<std::vector<testing::TestFunction>>& parts,
                          const std::string& build_id = kBuildId) {
    SymbolTableAssembly assembly(build_id);
    uint64_t base = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      const absl::Status added = assembly.Add(SymbolsOf(
          build_id, Columns(parts[i], base), static_cast<uint32_t>(i), i + 1 == parts.size()));
      if (!added.ok()) return added;
      base = assembly.table().parts.back().end;
    }
    const absl::StatusOr<bool> stored = store_->StoreSymbols(assembly.table());
    if (stored.ok()) names_frames_ = *stored;
    return stored.status();
  }

  // What the store said of the last table.
  bool names_frames_ = false;

  int64_t StoredParts() {
    auto database = Database::Open(DatabasePath(), Database::Mode::kReadOnly);
    return *database->ReadInt("SELECT count(*) FROM symbol_parts");
  }

  // The native frame of GoodContent as read now.
  FrameRecord NativeFrame() {
    std::vector<int64_t> stacks;
    EXPECT_TRUE(store_
                    ->ReadSegments({},
                                   [&](const SegmentRecord& segment) {
                                     stacks.insert(stacks.end(), segment.samples.stack.begin(),
                                                   segment.samples.stack.end());
                                   })
                    .ok());
    const auto forest = store_->ReadStacks(stacks);
    EXPECT_TRUE(forest.ok()) << forest.status();
    for (const auto& [id, frame] : forest->frames) {
      if (frame.kind == FrameKind::kNative) return frame;
    }
    ADD_FAILURE() << "no native frame";
    return {};
  }
};

TEST_F(StoredSymbolsTest, NamesFramesThatWereStoredBefore) {
  auto session = Open();
  ASSERT_TRUE(Store(*session, 1, GoodContent()).ok());
  EXPECT_EQ(NativeFrame().name, "");
  EXPECT_THAT(Wanted(*session), ElementsAre(kBuildId));

  ASSERT_TRUE(StoreParts({{{0x10, 8, "before"}, {0x38, 0x10, "work"}}, {{0x48, 8, "after"}}}).ok());

  EXPECT_EQ(NativeFrame().name, "work");
  EXPECT_EQ(NativeFrame().address, 0x38U);
  EXPECT_EQ(NativeFrame().module, "/opt/libx.so");
  EXPECT_THAT(Wanted(*session), IsEmpty());
  Reopen();
  EXPECT_EQ(NativeFrame().name, "work");
}

TEST_F(StoredSymbolsTest, FindsTheRightOneOfManyParts) {
  ASSERT_TRUE(Store(*Open(), 1, GoodContent()).ok());
  ASSERT_TRUE(
      StoreParts({{{0x10, 8, "a"}}, {{0x20, 0x10, "b"}}, {{0x40, 1, "c"}}, {{0x41, 9, "d"}}}).ok());
  EXPECT_EQ(NativeFrame().name, "c");
}

TEST_F(StoredSymbolsTest, AnAddressThatIsNobodysStaysWithoutAName) {
  ASSERT_TRUE(Store(*Open(), 1, GoodContent()).ok());
  ASSERT_TRUE(StoreParts({{{0x10, 8, "a"}}, {{0x50, 8, "b"}}}).ok());
  EXPECT_EQ(NativeFrame().name, "");
  EXPECT_EQ(NativeFrame().address, 0x40U);
}

TEST_F(StoredSymbolsTest, TheFirstTableStays) {
  ASSERT_TRUE(Store(*Open(), 1, GoodContent()).ok());
  ASSERT_TRUE(StoreParts({{{0x40, 8, "first"}}}).ok());
  ASSERT_TRUE(StoreParts({{{0x40, 8, "second"}}}).ok());
  EXPECT_EQ(NativeFrame().name, "first");
}

TEST_F(StoredSymbolsTest, ATableThatNamesNothingIsKeptOnlyUntilABetterOneComes) {
  auto session = Open();
  ASSERT_TRUE(Store(*session, 1, GoodContent()).ok());
  ASSERT_TRUE(StoreParts({{{0x10, 8, "exported"}}}).ok());
  EXPECT_FALSE(names_frames_);
  EXPECT_THAT(Wanted(*session), ElementsAre(kBuildId)) << "of others still";
  EXPECT_EQ(StoredParts(), 1);

  ASSERT_TRUE(StoreParts({{{0x10, 8, "exported"}}, {{0x20, 8, "another"}}}).ok());
  EXPECT_EQ(StoredParts(), 2) << "the larger of two that name nothing";
  ASSERT_TRUE(StoreParts({{{0x10, 8, "exported"}}}).ok());
  EXPECT_EQ(StoredParts(), 2);

  ASSERT_TRUE(StoreParts({{{0x40, 8, "work"}}}).ok());
  EXPECT_TRUE(names_frames_);
  EXPECT_THAT(Wanted(*session), IsEmpty());
  EXPECT_EQ(NativeFrame().name, "work");
  EXPECT_EQ(StoredParts(), 1);
}

TEST_F(StoredSymbolsTest, ATableNobodyWantsIsNotKept) {
  ASSERT_TRUE(StoreParts({{{0x40, 8, "early"}}}).ok());
  ASSERT_TRUE(Store(*Open(), 1, GoodContent()).ok());
  EXPECT_EQ(NativeFrame().name, "");
}

TEST_F(StoredSymbolsTest, IsWantedOfEveryEnvironmentWithTheModule) {
  ASSERT_TRUE(Store(*Open(), 1, GoodContent()).ok());
  auto other = Open(GoodHello('o'));
  EXPECT_THAT(Wanted(*other), IsEmpty()) << "it has no module yet";
  v1::BatchContent named = GoodContent();
  named.mutable_dictionary()->set_frame_name(2, 1);
  ASSERT_TRUE(Store(*other, 1, named).ok());
  EXPECT_THAT(Wanted(*other), ElementsAre(kBuildId)) << "though its own frames have names";
}

TEST_F(StoredSymbolsTest, FramesWithANameOrWithoutABuildIdWantNothing) {
  v1::BatchContent content = GoodContent();
  content.mutable_dictionary()->set_frame_name(2, 1);
  auto session = Open();
  ASSERT_TRUE(Store(*session, 1, content).ok());
  EXPECT_THAT(Wanted(*session), IsEmpty());
  content = GoodContent();
  content.set_dictionary_epoch(2);
  content.mutable_dictionary()->set_module_build_id(0, "");
  ASSERT_TRUE(Store(*session, 2, content).ok());
  EXPECT_THAT(Wanted(*session), IsEmpty());
}

TEST_F(StoredSymbolsTest, FollowsTheModulesOfANewEpoch) {
  auto session = Open();
  ASSERT_TRUE(Store(*session, 1, GoodContent()).ok());
  ASSERT_THAT(Wanted(*session), ElementsAre(kBuildId));
  v1::BatchContent content = GoodContent();
  content.set_dictionary_epoch(2);
  content.mutable_dictionary()->set_module_build_id(0, "\x09");
  ASSERT_TRUE(Store(*session, 2, content).ok());
  EXPECT_THAT(Wanted(*session), ElementsAre("\x09"));
}

TEST_F(StoredSymbolsTest, IsGivenUpWhenSeveralHaveNone) {
  auto asked_last = Open(GoodHello('z'));
  ASSERT_TRUE(Store(*asked_last, 1, GoodContent()).ok());
  for (int i = 0; i < kMaxSymbolRefusals; ++i) {
    EXPECT_THAT(Wanted(*asked_last), ElementsAre(kBuildId));
    auto session = Open(GoodHello(static_cast<char>('a' + i)));
    ASSERT_TRUE(Store(*session, 1, GoodContent()).ok());
    EXPECT_THAT(Wanted(*session), ElementsAre(kBuildId));
    ASSERT_TRUE(store_->RefuseSymbols(*session, kBuildId).ok());
    EXPECT_THAT(Wanted(*session), IsEmpty()) << "not twice of one that has none";
  }
  EXPECT_THAT(Wanted(*asked_last), IsEmpty());
  Reopen();
  EXPECT_THAT(Wanted(*Open(GoodHello('z'))), IsEmpty());
}

TEST_F(StoredSymbolsTest, IsNotGivenUpBecauseOneSaysAgainThatItHasNone) {
  ASSERT_TRUE(Store(*Open(), 1, GoodContent()).ok());
  for (int i = 0; i < kMaxSymbolRefusals; ++i) {
    Reopen();  // and with it a stream of its own
    auto session = Open();
    ASSERT_TRUE(store_->RefuseSymbols(*session, kBuildId).ok());
    EXPECT_THAT(Wanted(*session), IsEmpty());
  }
  auto other = Open(GoodHello('o'));
  ASSERT_TRUE(Store(*other, 1, GoodContent()).ok());
  EXPECT_THAT(Wanted(*other), ElementsAre(kBuildId));
}

TEST_F(StoredSymbolsTest, ARefusalOfWhatNobodyWantsIsNotKept) {
  auto session = Open();
  ASSERT_TRUE(store_->RefuseSymbols(*session, kBuildId).ok());
  ASSERT_TRUE(Store(*session, 1, GoodContent()).ok());
  EXPECT_THAT(Wanted(*session), ElementsAre(kBuildId));
}

// PRAGMA max_page_count stands for the full disk, as in sqlite_store_test.
TEST_F(StoredSymbolsTest, AFullDiskKeepsNothingOfATableAndBatchesGoOn) {
  auto session = Open();
  ASSERT_TRUE(Store(*session, 1, GoodContent()).ok());
  std::vector<std::vector<testing::TestFunction>> parts = {{{0x38, 0x10, "work"}}, {}};
  for (const testing::TestFunction& function : testing::ManyFunctions(8000)) {
    parts[1].push_back({function.start + 0x1000, function.size, function.name});
  }
  ASSERT_TRUE(store_->LimitPages(1).ok());  // never less than there are

  const absl::Status full = StoreParts(parts);

  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted) << full;
  EXPECT_EQ(NativeFrame().name, "");
  EXPECT_THAT(Wanted(*session), ElementsAre(kBuildId)) << "a later one may do";
  EXPECT_EQ(StoredParts(), 0);
  ASSERT_TRUE(store_->LimitPages(1'000'000).ok());
  EXPECT_TRUE(Store(*session, 2, testing::NextContent("r2", v1::PHASE_INVOKE)).ok());
  EXPECT_EQ(Count(), (Sums{10, 4}));
  const absl::Status again = StoreParts(parts);
  EXPECT_TRUE(again.ok()) << again;
  EXPECT_EQ(NativeFrame().name, "work");
  EXPECT_EQ(StoredParts(), 2);
}

TEST_F(StoredSymbolsTest, ADamagedPartIsSaid) {
  ASSERT_TRUE(Store(*Open(), 1, GoodContent()).ok());
  ASSERT_TRUE(StoreParts({{{0x40, 8, "f"}}}).ok());
  {
    auto database = Database::Open(DatabasePath(), Database::Mode::kReadWrite);
    ASSERT_TRUE(database->Execute("UPDATE symbol_parts SET content = x'00ff'").ok());
  }
  std::vector<int64_t> stacks;
  ASSERT_TRUE(
      store_->ReadSegments({}, [&](const SegmentRecord& s) { stacks = s.samples.stack; }).ok());
  EXPECT_EQ(store_->ReadStacks(stacks).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace lambent::collector
