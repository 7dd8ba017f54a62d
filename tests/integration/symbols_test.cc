// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// An extension names what its environment's files name. What they do not, the collector names by
// the symbol table that it asks another environment for: one that has the same module with its
// symbols.
#include <filesystem>
#include <string>

#include "gtest/gtest.h"

#include "collector/store/database.h"
#include "profiler/os/file_bytes.h"
#include "profiler/target/elf_image.h"
#include "tests/integration/integration_fixture.h"

namespace lambent {
namespace {

namespace fs = std::filesystem;
using collector::Database;
using support::Arguments;
using support::Finished;
using support::FoldedProfile;

class SymbolsTest : public IntegrationTest {
 protected:
  void SetUp() override {
    IntegrationTest::SetUp();
    for (const char* folder : {"whole", "stripped"}) fs::create_directory(Path(folder));
    fs::create_symlink(LAMBENT_STATIC_BOOTSTRAP, Path("whole/bootstrap"));
    const Finished strip = support::RunProgram(
        {"strip", "--strip-all", "-o", Path("stripped/bootstrap"), LAMBENT_STATIC_BOOTSTRAP});
    ASSERT_TRUE(strip.ok()) << strip.Describe();
    StartCollector();
  }

  // The function of one of these folders, under that name, with the extension.
  Arguments Function(const std::string& folder, const std::string& name, int invocations) const {
    Arguments arguments = WithExtension(const_cast<SymbolsTest*>(this)->collector().grpc());
    arguments.insert(arguments.end(),
                     {"--runtime", "provided", "--task-root", Path(folder), "--function-name", name,
                      "--event", R"({"work": 20, "sleep_ms": 100})", "--timeout", "60",
                      "--invocations", std::to_string(invocations)});
    return arguments;
  }

  FoldedProfile Of(const std::string& name) {
    return Folded({"--function", name, "--phase", "invoke", "--weight", "samples"});
  }
  static void ExpectNamed(const FoldedProfile& profile) {
    EXPECT_GT(profile.WeightOf({"handle_event", "process_order", "price_items", "apply_discounts"}),
              0);
    EXPECT_GT(profile.WeightOf({"handle_event", "process_order", "checksum"}), 0);
    EXPECT_GT(profile.WeightOf({"handle_event", "wait_for_stock"}), 0);
    EXPECT_EQ(profile.WeightOf({"checksum", "price_items"}), 0) << "siblings, not parent and child";
    EXPECT_EQ(profile.WeightOf({"[bootstrap+0x"}), 0);
  }
};

TEST_F(SymbolsTest, AStrippedFunctionIsNamedByATableThatAnotherEnvironmentSendsOnce) {
  const Finished first = Local({Function("stripped", "first", 3)});
  ASSERT_TRUE(first.ok()) << first.Describe();
  const FoldedProfile nameless = Of("first");
  EXPECT_GT(nameless.WeightOf({"[bootstrap+0x"}), 0);
  EXPECT_EQ(nameless.WeightOf({"handle_event"}), 0);

  // Until it was asked for its table and has sent it, which it does when nothing else is to be
  // done.
  auto second = StartLocal({Function("whole", "second", 1'000'000)});
  ASSERT_TRUE(second.ok()) << second.status();
  size_t seen = 0;
  const bool named = second->CollectUntil(
      [&] {
        if (second->out().size() == seen) return false;
        seen = second->out().size();
        return Of("first").WeightOf({"handle_event"}) > 0;
      },
      absl::Seconds(80));
  const Finished ended = second->Stop();
  ASSERT_TRUE(named) << ended.Describe();
  ExpectNamed(Of("first"));
  EXPECT_EQ(Of("first").total(), nameless.total());
  ExpectNamed(Of("second"));

  const Finished third = Local({Function("stripped", "third", 3)});
  ASSERT_TRUE(third.ok()) << third.Describe();
  ExpectNamed(Of("third"));

  EXPECT_TRUE(collector().StopGently().ok());
  const auto file = os::OpenFileBytes(LAMBENT_STATIC_BOOTSTRAP);
  const std::string build_id = ElfImage::Parse(**file)->BuildId();
  ASSERT_FALSE(build_id.empty());
  auto database = Database::Open(collector().data_dir() + "/lambent.db", Database::Mode::kReadOnly);
  ASSERT_TRUE(database.ok()) << database.status();
  auto row = database->Prepare(
      "SELECT t.state, (SELECT COUNT(*) FROM symbol_parts p WHERE p.build_id = t.build_id)"
      " FROM symbol_tables t JOIN strings s ON s.id = t.build_id WHERE s.content = ?");
  ASSERT_TRUE(row.ok()) << row.status();
  ASSERT_TRUE(row->With(build_id).Next().value_or(false));
  EXPECT_EQ(row->Int(0), 1) << "it is there";
  EXPECT_EQ(row->Int(1), 1) << "and in one part, since it is small: sent once";
}

}  // namespace
}  // namespace lambent
