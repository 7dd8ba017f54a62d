// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Programs whose files are not where their paths lead: deleted, replaced, never in a folder, below
// another root, linked for another address. Stacks and names are theirs all the same.
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/os/temp_dir.h"
#include "tests/profiler/stacks/ladder_fixture.h"

namespace lambent {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

class UnusualFilesTest : public LadderTest {
 protected:
  void SetUp() override {
    auto folder = os::TempDir::Create("lambent-files-");
    ASSERT_TRUE(folder.ok()) << folder.status();
    folder_ = std::make_unique<os::TempDir>(std::move(*folder));
  }
  std::string Copy() const {
    const std::string copy = folder_->path() + "/program";
    fs::copy_file(LAMBENT_NATIVE_TARGET, copy);
    return copy;
  }
  void ExpectTheTargetsStacks() {
    Attach();
    if (!Works(Rung::kStop)) GTEST_SKIP() << "ptrace is not permitted here";
    const auto seen = AwaitLeaf("TargetSpinLeaf", Rung::kStop);
    ASSERT_TRUE(seen.has_value()) << Reasons();
    std::vector<std::string> own;
    for (const std::string& name : seen->names) {
      if (name.rfind("Target", 0) == 0 || name == "main") own.push_back(name);
    }
    EXPECT_THAT(own, ElementsAre("TargetSpinLeaf", "TargetMiddle", "TargetOuter", "main"));
    EXPECT_EQ(seen->names.back(), "_start");
  }

  std::unique_ptr<os::TempDir> folder_;
};

TEST_F(UnusualFilesTest, ADeletedProgramHasItsNames) {
  const std::string copy = Copy();
  Start({copy, "spin"});
  fs::remove(copy);
  ExpectTheTargetsStacks();
}

TEST_F(UnusualFilesTest, AReplacedProgramHasItsOwnNames) {
  const std::string copy = Copy();
  Start({copy, "spin"});
  fs::copy_file(LAMBENT_AGENT_TARGET, copy + ".new");
  fs::rename(copy + ".new", copy);
  ExpectTheTargetsStacks();
}

TEST_F(UnusualFilesTest, AProgramThatNoPathLeadsToHasItsNames) {
  StartNative("memfd");
  ExpectTheTargetsStacks();
  // It is what it is said to be.
  std::string exe;
  os::CreateProcFiles()->OpenProcess(program_->pid())->ReadExe(&exe);
  EXPECT_EQ(exe, "/memfd:target");
}

// As in a container: its paths begin at its own root, where ours lead elsewhere.
TEST_F(UnusualFilesTest, AProgramBelowAnotherRootHasItsNames) {
  if (getuid() != 0) GTEST_SKIP() << "only root may change the root";
  Copy();
  const support::Finished listed = support::RunProgram({"ldd", LAMBENT_NATIVE_TARGET});
  if (!listed.ok()) GTEST_SKIP() << "no ldd: " << listed.Describe();
  for (const absl::string_view word : absl::StrSplit(listed.out, absl::ByAnyChar(" \t\n"))) {
    if (word.empty() || word[0] != '/') continue;
    const fs::path library{std::string(word)};
    const fs::path below = folder_->path() / library.relative_path();
    fs::create_directories(below.parent_path());
    fs::copy_file(library, below, fs::copy_options::overwrite_existing);
  }
  Start({"chroot", folder_->path(), "/program", "spin"});
  if (HasFatalFailure()) return;
  ExpectTheTargetsStacks();
}

// Ours are not enough there: libunwind's are.
TEST_F(UnusualFilesTest, RulesBeyondOurLimitsLeadToTheRoot) {
  Start({LAMBENT_LARGE_RULES_TARGET});
  Attach();
  if (!Works(Rung::kStop)) GTEST_SKIP() << "ptrace is not permitted here";
  const auto seen = AwaitFunction("CaseLargeLeaf", Rung::kStop);
  ASSERT_TRUE(seen.has_value()) << Reasons();
  const std::vector<std::string> callers = FromFunction("CaseLargeRules", seen->names);
  ASSERT_GE(callers.size(), 4u);
  EXPECT_EQ(callers[1], "CaseLargeOuter");
  EXPECT_EQ(callers[2], "main");
  EXPECT_EQ(callers.back(), "_start");
}

TEST_F(UnusualFilesTest, ALibraryLinkedForAnAddressHasItsNames) {
  Start({LAMBENT_PRELINKED_TARGET});
  Attach();
  if (!Works(Rung::kStop)) GTEST_SKIP() << "ptrace is not permitted here";
  const auto seen = AwaitLeaf("CasePrelinkedLeaf", Rung::kStop);
  ASSERT_TRUE(seen.has_value()) << Reasons();
  ASSERT_GE(seen->names.size(), 4u);
  EXPECT_EQ(seen->names[1], "CasePrelinkedOuter");
  EXPECT_EQ(seen->names[2], "main");
  EXPECT_EQ(seen->names.back(), "_start");
}

}  // namespace
}  // namespace lambent
