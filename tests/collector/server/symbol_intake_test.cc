// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/server/symbol_intake.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "collector/query/profile_queries.h"
#include "collector/server/ingest_session.h"
#include "tests/fakes/fake_clock.h"
#include "tests/support/store_fixture.h"
#include "tests/support/symbol_columns.h"

namespace lambent::collector {
namespace {

using testing::Columns;
using ::testing::ElementsAre;
using testing::GoodContent;
using testing::GoodHello;
using ::testing::IsEmpty;
using testing::Sealed;
using testing::SymbolsOf;

const std::string kBuildId("\x01\x02");

class SymbolIntakeTest : public testing::StoreTest {
 protected:
  using Questions = std::vector<std::string>;

  // A stream of environment `id`; what it was asked so far is in asked_.
  std::unique_ptr<IngestSession> Connect(char id, bool provides = true) {
    auto stream = std::make_unique<IngestSession>(*store_, counters_, requests_, clock_);
    v1::ClientMessage hello;
    *hello.mutable_hello() = GoodHello(id);
    hello.mutable_hello()->set_provides_symbols(provides);
    EXPECT_TRUE(stream->Answer(hello).ok());
    return stream;
  }
  // Sends a batch whose native frame has no name; returns what is asked then.
  Questions Send(IngestSession& stream, uint64_t sequence, v1::BatchContent content) {
    v1::ClientMessage message;
    *message.mutable_batch() = Sealed(sequence, content);
    EXPECT_TRUE(stream.Answer(message).ok());
    return Asked(stream);
  }
  static Questions Asked(IngestSession& stream) {
    const auto question = stream.Ask();
    if (!question.has_value()) return {};
    const auto& ids = question->need_symbols().build_ids();
    return {ids.begin(), ids.end()};
  }
  static v1::SymbolTable Unavailable() {
    v1::SymbolTable table;
    table.set_build_id(kBuildId);
    table.set_unavailable("open /opt/libx.so: it is gone");
    return table;
  }
  std::string Leaf() {
    const auto profile = MergeProfile(*store_, Selection{});
    EXPECT_TRUE(profile.ok());
    std::string leaf;
    for (const Profile::Frame& frame : profile->frames) {
      if (frame.kind == FrameKind::kNative) leaf = frame.name;
    }
    return leaf;
  }

  fakes::FakeClock clock_;
  IngestCounters counters_;
  SymbolRequests requests_;
  const v1::SymbolTable good_ = SymbolsOf(kBuildId, Columns({{0x38, 0x10, "compute"}}));
};

TEST_F(SymbolIntakeTest, AsksOnceAndNamesWhatCameBefore) {
  auto stream = Connect('a');
  EXPECT_THAT(Asked(*stream), IsEmpty());
  EXPECT_THAT(Send(*stream, 1, GoodContent()), ElementsAre(kBuildId));
  EXPECT_EQ(Leaf(), "[libx.so+0x40]");
  EXPECT_THAT(Send(*stream, 2, testing::NextContent("r2", v1::PHASE_INVOKE)), IsEmpty());

  EXPECT_TRUE(stream->TakeSymbols(good_).ok());

  EXPECT_EQ(Leaf(), "compute");
  EXPECT_EQ(counters_.symbol_tables_stored, 1U);
  EXPECT_THAT(Asked(*stream), IsEmpty());
  EXPECT_THAT(Send(*Connect('b'), 1, GoodContent()), IsEmpty()) << "nor of another environment";
}

TEST_F(SymbolIntakeTest, AsksNobodyWhoDoesNotAnswerQuestions) {
  EXPECT_THAT(Send(*Connect('a', false), 1, GoodContent()), IsEmpty());
}

TEST_F(SymbolIntakeTest, AsksAnotherWhenTheFirstIsGone) {
  auto first = Connect('a');
  auto second = Connect('b');
  EXPECT_THAT(Send(*first, 1, GoodContent()), ElementsAre(kBuildId));
  EXPECT_THAT(Send(*second, 1, GoodContent()), IsEmpty()) << "the first is asked";
  first.reset();
  EXPECT_THAT(Asked(*second), ElementsAre(kBuildId));
}

TEST_F(SymbolIntakeTest, AsksAgainOnTheNextStream) {
  EXPECT_THAT(Send(*Connect('a'), 1, GoodContent()), ElementsAre(kBuildId));
  EXPECT_THAT(Asked(*Connect('a')), ElementsAre(kBuildId)) << "at once, after Welcome";
}

TEST_F(SymbolIntakeTest, GivesUpWhenSeveralHaveNone) {
  for (const char id : {'a', 'b', 'c'}) {
    auto stream = Connect(id);
    EXPECT_THAT(Send(*stream, 1, GoodContent()), ElementsAre(kBuildId));
    EXPECT_TRUE(stream->TakeSymbols(Unavailable()).ok());
    EXPECT_THAT(Asked(*stream), IsEmpty()) << "not twice of one that has none";
  }
  EXPECT_THAT(Send(*Connect('d'), 1, GoodContent()), IsEmpty());
  EXPECT_EQ(counters_.symbol_tables_refused, 3U);
}

TEST_F(SymbolIntakeTest, ATableThatNamesNothingIsAskedOfAnother) {
  auto stripped = Connect('a');
  ASSERT_THAT(Send(*stripped, 1, GoodContent()), ElementsAre(kBuildId));
  EXPECT_TRUE(stripped->TakeSymbols(SymbolsOf(kBuildId, Columns({{0x10, 8, "exported"}}))).ok());
  EXPECT_THAT(Asked(*stripped), IsEmpty()) << "not twice of one that has no better";
  EXPECT_EQ(counters_.symbol_tables_refused, 1U);
  EXPECT_EQ(counters_.symbol_tables_stored, 0U);

  auto whole = Connect('b');
  EXPECT_THAT(Send(*whole, 1, GoodContent()), ElementsAre(kBuildId));
  EXPECT_TRUE(whole->TakeSymbols(good_).ok());
  EXPECT_EQ(Leaf(), "compute");
}

TEST_F(SymbolIntakeTest, OneThatComesAgainAndAgainIsAskedOnceAndOthersStill) {
  {
    auto stream = Connect('a');
    ASSERT_THAT(Send(*stream, 1, GoodContent()), ElementsAre(kBuildId));
    EXPECT_TRUE(stream->TakeSymbols(Unavailable()).ok());
  }
  for (int again = 0; again < kMaxSymbolRefusals; ++again) {
    auto stream = Connect('a');
    EXPECT_THAT(Asked(*stream), IsEmpty());
  }
  EXPECT_EQ(counters_.symbol_tables_refused, 1U);
  EXPECT_THAT(Send(*Connect('b'), 1, GoodContent()), ElementsAre(kBuildId));
}

TEST_F(SymbolIntakeTest, AMalformedTableIsATableLess) {
  auto stream = Connect('a');
  ASSERT_THAT(Send(*stream, 1, GoodContent()), ElementsAre(kBuildId));
  v1::SymbolTable bad = good_;
  bad.mutable_content()->resize(5);
  EXPECT_TRUE(stream->TakeSymbols(bad).ok());
  EXPECT_EQ(counters_.symbol_tables_refused, 1U);
  EXPECT_THAT(Send(*stream, 2, testing::NextContent("r2", v1::PHASE_INVOKE)), IsEmpty());
  EXPECT_EQ(counters_.batches_accepted, 2U) << "and the stream goes on";
  EXPECT_THAT(Send(*Connect('b'), 1, GoodContent()), ElementsAre(kBuildId));
}

TEST_F(SymbolIntakeTest, TakesNothingThatWasNotAskedFor) {
  auto stream = Connect('a', false);
  Send(*stream, 1, GoodContent());
  EXPECT_TRUE(stream->TakeSymbols(good_).ok());
  EXPECT_EQ(Leaf(), "[libx.so+0x40]");
  EXPECT_EQ(counters_.symbol_tables_stored, 0U);
}

TEST_F(SymbolIntakeTest, TakesNothingOfOneWhoseTurnIsOver) {
  auto slow = Connect('a');
  ASSERT_THAT(Send(*slow, 1, GoodContent()), ElementsAre(kBuildId));
  clock_.Advance(absl::Nanoseconds(SymbolRequests::kPatienceNs));
  auto other = Connect('b');
  ASSERT_THAT(Send(*other, 1, GoodContent()), ElementsAre(kBuildId));
  EXPECT_TRUE(slow->TakeSymbols(SymbolsOf(kBuildId, Columns({{0x38, 8, "late"}}))).ok());
  EXPECT_EQ(Leaf(), "[libx.so+0x40]");
  EXPECT_TRUE(other->TakeSymbols(good_).ok());
  EXPECT_EQ(Leaf(), "compute");
}

// A freeze between two parts: another was asked meanwhile, and has left.
TEST_F(SymbolIntakeTest, TheRestOfATableAfterAFreezeIsNoRefusal) {
  auto frozen = Connect('a');
  ASSERT_THAT(Send(*frozen, 1, GoodContent()), ElementsAre(kBuildId));
  const auto part = [](uint32_t index, bool last) {
    const uint64_t base = index * 8;
    return SymbolsOf(kBuildId, Columns({{base, 8, "part"}}, base), index, last);
  };
  EXPECT_TRUE(frozen->TakeSymbols(part(0, false)).ok());
  clock_.Advance(absl::Nanoseconds(SymbolRequests::kPatienceNs));
  {
    auto other = Connect('b');
    ASSERT_THAT(Send(*other, 1, GoodContent()), ElementsAre(kBuildId));
  }

  EXPECT_TRUE(frozen->TakeSymbols(part(1, false)).ok());
  EXPECT_THAT(Asked(*frozen), IsEmpty());
  EXPECT_TRUE(frozen->TakeSymbols(part(2, true)).ok());

  EXPECT_EQ(counters_.symbol_tables_refused, 0U);
  auto third = Connect('c');
  EXPECT_THAT(Send(*third, 1, GoodContent()), ElementsAre(kBuildId));
}

TEST_F(SymbolIntakeTest, ATableThatFoundNoRoomIsAskedOfOthers) {
  auto stream = Connect('a');
  auto other = Connect('b');
  ASSERT_THAT(Send(*stream, 1, GoodContent()), ElementsAre(kBuildId));
  ASSERT_THAT(Send(*other, 1, GoodContent()), IsEmpty());
  const v1::SymbolTable large = SymbolsOf(kBuildId, Columns(testing::ManyFunctions(8000)));
  ASSERT_TRUE(store_->LimitPages(1).ok());  // never less than there are

  EXPECT_TRUE(stream->TakeSymbols(large).ok()) << "and the stream goes on";

  EXPECT_EQ(counters_.symbol_tables_stored, 0U);
  EXPECT_EQ(counters_.symbol_tables_refused, 0U) << "it is not this environment's fault";
  ASSERT_TRUE(store_->LimitPages(1'000'000).ok());
  EXPECT_THAT(Send(*stream, 2, testing::NextContent("r2", v1::PHASE_INVOKE)), IsEmpty());
  EXPECT_EQ(counters_.batches_accepted, 3U);
  ASSERT_THAT(Asked(*other), ElementsAre(kBuildId));
  EXPECT_TRUE(other->TakeSymbols(large).ok());
  EXPECT_EQ(counters_.symbol_tables_stored, 1U);
  EXPECT_NE(Leaf(), "[libx.so+0x40]");
}

TEST_F(SymbolIntakeTest, WantsHelloFirst) {
  IngestSession stream(*store_, counters_, requests_, clock_);
  EXPECT_EQ(stream.TakeSymbols(good_).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(stream.Ask().has_value());
}

}  // namespace
}  // namespace lambent::collector
