// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "profiler/os/temp_dir.h"
#include "tests/support/folded_profile.h"
#include "tests/support/program.h"

namespace lambent::support {

// Runs `lambent record` on real programs, its output in a folder of the test's own.
class RecordTest : public ::testing::Test {
 protected:
  using Words = std::vector<std::string>;

  void SetUp() override {
    auto folder = os::TempDir::Create("lambent-record-test");
    ASSERT_TRUE(folder.ok()) << folder.status();
    folder_ = std::make_unique<os::TempDir>(std::move(*folder));
  }

  static Words Join(std::initializer_list<Words> parts) {
    Words all;
    for (const Words& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
  }
  static Words Target(const std::string& mode, const std::string& seconds) {
    return {LAMBENT_RECORD_TARGET, mode, seconds};
  }
  static Words Script(const std::string& name, const std::string& seconds) {
    return {"python3", std::string(LAMBENT_RECORD_SCRIPTS) + "/" + name, seconds};
  }
  // `lambent record FLAGS --format folded -o FILE -- COMMAND`.
  Words Command(const Words& flags, const Words& command) const {
    return Join({{LAMBENT_BINARY_DIR "/lambent", "record"},
                 flags,
                 {"--format", "folded", "-o", File()},
                 command.empty() ? Words{} : Join({{"--"}, command})});
  }
  Finished Record(const Words& flags, const Words& command) {
    return RunProgram(Command(flags, command), {}, absl::Seconds(120));
  }
  FoldedProfile Profile() const { return FoldedProfile(ReadFile(File())); }

  std::string File() const { return folder_->path() + "/out.folded"; }
  const std::string& folder() const { return folder_->path(); }

  // Whether something besides a stop shows the stacks of running native threads.
  static bool Mentions(const Finished& ran, const std::string& text) {
    return ran.err.find(text) != std::string::npos;
  }

 private:
  std::unique_ptr<os::TempDir> folder_;
};

}  // namespace lambent::support
