// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/schema.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/support/store_fixture.h"

namespace lambent::collector {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// Before kFrameLines and kSymbols of schema.cc.
constexpr int kLayoutBeforeLines = 1;
constexpr int kLayoutBeforeSymbols = 3;
// Before kCodeAddresses.
constexpr int kLayoutBeforeCodeAddresses = 5;

// From a layout to the one before it.
constexpr char kWithoutCodeAddresses[] =
    "CREATE TABLE old (id INTEGER PRIMARY KEY, name INTEGER NOT NULL, address INTEGER NOT NULL,"
    " file INTEGER NOT NULL, line INTEGER NOT NULL, current_line INTEGER NOT NULL,"
    " module INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " UNIQUE (name, address, file, line, current_line, module, kind)) STRICT;"
    "INSERT INTO old SELECT id, name, address, file, line, current_line, module, kind"
    " FROM frames; DROP TABLE frames; ALTER TABLE old RENAME TO frames;";
constexpr char kWithoutRates[] =
    "ALTER TABLE segments DROP COLUMN ticks; ALTER TABLE segments DROP COLUMN sampled_us;"
    "ALTER TABLE segments DROP COLUMN asked_microticks;"
    "ALTER TABLE segments DROP COLUMN allowed_microticks;";
constexpr char kWithoutSymbols[] = "DROP TABLE symbol_tables; DROP TABLE symbol_parts;";
constexpr char kWithoutRefusals[] = "DROP TABLE symbol_refusals;";

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class SchemaTest : public testing::StoreTest {
 protected:
  // The error of opening the directory's database as it is now.
  absl::Status OpenError() { return SqliteStore::Create(directory_.path()).status(); }
};

TEST_F(SchemaTest, RefusesANewerLayoutAndSaysWhatToDo) {
  store_.reset();
  {
    auto database = Database::Open(DatabasePath(), Database::Mode::kReadWrite);
    const std::string sql = absl::StrCat("PRAGMA user_version = ", kSchemaVersion + 1);
    ASSERT_TRUE(database->Execute(sql.c_str()).ok());
  }
  const std::string message(OpenError().message());
  EXPECT_THAT(message, HasSubstr(absl::StrCat("its layout is version ", kSchemaVersion + 1)));
  EXPECT_THAT(message, HasSubstr("start the newer lambent-collector"));
}

// A database from before frames had the line they execute.
TEST_F(SchemaTest, BringsFramesWithoutLinesAlong) {
  ASSERT_TRUE(Store(*Open(), 1, testing::GoodContent()).ok());
  store_.reset();
  {
    auto database = Database::Open(DatabasePath(), Database::Mode::kReadWrite);
    const std::string sql = absl::StrCat(
        "CREATE TABLE old (id INTEGER PRIMARY KEY, name INTEGER NOT NULL, address INTEGER NOT NULL,"
        " file INTEGER NOT NULL, line INTEGER NOT NULL, module INTEGER NOT NULL,"
        " kind INTEGER NOT NULL, UNIQUE (name, address, file, line, module, kind)) STRICT;"
        "INSERT INTO old SELECT id, name, address, file, line, module, kind FROM frames;"
        "DROP TABLE frames; ALTER TABLE old RENAME TO frames;"
        "DROP INDEX events_of_losses;",
        kWithoutRates, kWithoutSymbols, kWithoutRefusals,
        "PRAGMA user_version = ", kLayoutBeforeLines);
    const absl::Status made = database->Execute(sql.c_str());
    ASSERT_TRUE(made.ok()) << made;
  }
  Reopen();
  EXPECT_EQ(Count(), (Sums{5, 2}));
  auto session = Open();
  ASSERT_TRUE(Store(*session, 2, testing::NextContent("r2", v1::PHASE_INVOKE)).ok());
  std::vector<int64_t> stacks;
  ASSERT_TRUE(
      store_->ReadSegments({}, [&](const SegmentRecord& s) { stacks = s.samples.stack; }).ok());
  const auto forest = store_->ReadStacks(stacks);
  ASSERT_TRUE(forest.ok()) << forest.status();
  EXPECT_EQ(forest->frames.at(forest->stacks.at(stacks[0]).frame).name, "work");
}

// A database from before there were symbol tables: what it holds without a name can be named after.
TEST_F(SchemaTest, WantsSymbolsOfFramesStoredBefore) {
  ASSERT_TRUE(Store(*Open(), 1, testing::GoodContent()).ok());
  store_.reset();
  {
    auto database = Database::Open(DatabasePath(), Database::Mode::kReadWrite);
    const std::string sql =
        absl::StrCat(kWithoutCodeAddresses, kWithoutRates, kWithoutSymbols, kWithoutRefusals,
                     "PRAGMA user_version = ", kLayoutBeforeSymbols);
    const absl::Status made = database->Execute(sql.c_str());
    ASSERT_TRUE(made.ok()) << made;
  }
  Reopen();
  const auto wanted = store_->ReadWantedSymbols(*Open(), 10);
  ASSERT_TRUE(wanted.ok()) << wanted.status();
  EXPECT_THAT(*wanted, ::testing::ElementsAre("\x01\x02"));
  EXPECT_EQ(Count(), (Sums{5, 2}));
}

// A database from before native frames had the code they execute. What comes after it tells two
// frames of one function apart.
TEST_F(SchemaTest, BringsFramesWithoutCodeAddressesAlong) {
  ASSERT_TRUE(Store(*Open(), 1, testing::GoodContent()).ok());
  store_.reset();
  {
    auto database = Database::Open(DatabasePath(), Database::Mode::kReadWrite);
    const std::string sql = absl::StrCat(kWithoutCodeAddresses, kWithoutRefusals,
                                         "PRAGMA user_version = ", kLayoutBeforeCodeAddresses);
    const absl::Status made = database->Execute(sql.c_str());
    ASSERT_TRUE(made.ok()) << made;
  }
  Reopen();
  EXPECT_EQ(Count(), (Sums{5, 2}));
  v1::BatchContent next = testing::GoodContent();
  next.set_dictionary_epoch(2);
  for (const uint64_t address : {0U, 0U, 0x44U}) {
    next.mutable_dictionary()->add_frame_code_address(address);
  }
  ASSERT_TRUE(Store(*Open(), 2, next).ok());
  std::vector<int64_t> stacks;
  ASSERT_TRUE(store_
                  ->ReadSegments({},
                                 [&](const SegmentRecord& s) {
                                   stacks.insert(stacks.end(), s.samples.stack.begin(),
                                                 s.samples.stack.end());
                                 })
                  .ok());
  const auto forest = store_->ReadStacks(stacks);
  ASSERT_TRUE(forest.ok()) << forest.status();
  std::vector<uint64_t> of_library;
  for (const auto& [id, frame] : forest->frames) {
    if (frame.module_build_id == "\x01\x02") of_library.push_back(frame.code_address);
  }
  EXPECT_THAT(of_library, UnorderedElementsAre(0, 0x44));
}

TEST_F(SchemaTest, GoesOnWithADatabaseOfLayout1) {
  store_.reset();
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::remove(DatabasePath() + suffix);
  }
  {
    auto database = Database::Open(DatabasePath(), Database::Mode::kReadWrite);
    const std::string sql = Content(LAMBENT_SOURCE_DIR "/tests/collector/store/layout1.sql");
    ASSERT_TRUE(database->Execute(sql.c_str()).ok());
    ASSERT_TRUE(
        database->Execute("PRAGMA application_id = 0x4c4d4254; PRAGMA user_version = 1").ok());
  }
  Reopen();
  ASSERT_NE(store_, nullptr);
  EXPECT_EQ(Count({.request_id = "r1"}), (Sums{10, 4}));
  auto invocations = store_->ReadInvocations({}, 10);
  ASSERT_THAT(*invocations, SizeIs(1));
  EXPECT_EQ((*invocations)[0].status, uint32_t{v1::INVOCATION_STATUS_ERROR});
  EXPECT_EQ((*invocations)[0].duration_us, 49'000);
  EXPECT_TRUE((*invocations)[0].cold);

  // The environment goes on where it was: batch 2 was rejected, so with a new dictionary.
  auto session = Open();
  EXPECT_EQ(session->durable_sequence, 2U);
  v1::BatchContent again = testing::GoodContent();
  again.set_dictionary_epoch(2);
  again.mutable_segments(0)->set_start_unix_us(testing::kTestTimeUs + 60'000'000);
  testing::AddEvent(again, v1::InvocationEvent::INVOKE, "r1", testing::kTestTimeUs + 60'000'000);
  ASSERT_TRUE(Store(*session, 3, again).ok());
  Reopen();
  invocations = store_->ReadInvocations({}, 10);
  ASSERT_THAT(*invocations, SizeIs(2));
  EXPECT_EQ((*invocations)[0].attempt, 2U);
  EXPECT_EQ((*invocations)[0].samples, 5U);
  EXPECT_EQ((*invocations)[1].samples, 10U);
}

TEST_F(SchemaTest, RefusesADatabaseOfAnotherProgram) {
  store_.reset();
  {
    auto database = Database::Open(DatabasePath(), Database::Mode::kReadWrite);
    ASSERT_TRUE(database->Execute("PRAGMA application_id = 7").ok());
  }
  EXPECT_THAT(std::string(OpenError().message()), HasSubstr("not a Lambent database"));
}

TEST_F(SchemaTest, LeavesAFileThatIsNoDatabaseAsItIs) {
  store_.reset();
  const std::string junk(100'000, 'j');
  std::ofstream(DatabasePath(), std::ios::binary | std::ios::trunc) << junk;
  const absl::Status error = OpenError();
  EXPECT_EQ(error.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(error.message()), HasSubstr("is damaged"));
  EXPECT_EQ(Content(DatabasePath()), junk);
}

TEST_F(SchemaTest, FindsADamagedPageAndLeavesTheFileAsItIs) {
  ASSERT_TRUE(Store(*Open(), 1, testing::GoodContent()).ok());
  store_.reset();
  std::string content = Content(DatabasePath());
  ASSERT_GT(content.size(), 5U * 4096);
  content.replace(4096, 4 * 4096, std::string(4 * 4096, '\x5a'));
  std::ofstream(DatabasePath(), std::ios::binary | std::ios::trunc) << content;
  EXPECT_EQ(OpenError().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Content(DatabasePath()), content);
}

TEST_F(SchemaTest, ADirectoryThatCannotBeMadeIsNamed) {
  const auto store = SqliteStore::Create("/proc/lambent-data");
  EXPECT_THAT(std::string(store.status().message()),
              HasSubstr("create the data directory /proc/lambent-data"));
}

}  // namespace
}  // namespace lambent::collector
