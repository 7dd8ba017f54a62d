// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/frame_names.h"

#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "profiler/os/temp_dir.h"
#include "tests/profiler/stacks/ladder_fixture.h"

namespace lambent {
namespace {

// Frames that are described when their process is gone.
class FrameNamesTest : public LadderTest {
 protected:
  void SetUp() override {
    std::filesystem::copy_file(LAMBENT_NATIVE_TARGET, program_path_);
    Start({program_path_, "spin"});
    Attach({.module_files = &files_});
    // Not described while the process is there. After so much CPU time it spins.
    const int64_t end = os::RealClock().MonotonicNs() + absl::ToInt64Nanoseconds(kLimit);
    for (int64_t cpu_ns = 0; cpu_ns < 20'000'000 || leaf_.kind != FrameKind::kNative;) {
      ASSERT_LT(os::RealClock().MonotonicNs(), end) << Reasons();
      ASSERT_TRUE(ladder_->Observe([&](const ThreadSample& sample) {
        cpu_ns += sample.cpu_ns;
        if (sample.stack != nullptr) leaf_ = sample.stack->front();
      }));
    }
    program_.reset();
  }

  const os::TempDir folder_ = *os::TempDir::Create("lambent-names-");
  const std::string program_path_ = folder_.path() + "/program";
  ModuleFiles files_{os::CreateProcFiles()};
  Frame leaf_;
};

TEST_F(FrameNamesTest, AreStillFoundWhereTheFileIsSeenFromHere) {
  const FrameDescription description = ladder_->Describe(leaf_);
  EXPECT_EQ(description.name, "TargetSpinLeaf");
  EXPECT_EQ(description.module_path, program_path_);
}

TEST_F(FrameNamesTest, ModuleAndBuildIdOutliveTheFile) {
  std::filesystem::remove(program_path_);
  const FrameDescription description = ladder_->Describe(leaf_);
  EXPECT_EQ(description.kind, FrameKind::kNative);
  EXPECT_EQ(description.name, "");
  EXPECT_EQ(description.module_path, program_path_);
  EXPECT_FALSE(description.module_build_id.empty());
  EXPECT_EQ(description.address, leaf_.address);
}

TEST_F(FrameNamesTest, AnotherProgramInItsPlaceNamesNothing) {
  std::filesystem::copy_file(LAMBENT_JIT_TARGET, program_path_,
                             std::filesystem::copy_options::overwrite_existing);
  const FrameDescription description = ladder_->Describe(leaf_);
  EXPECT_EQ(description.name, "");
  EXPECT_FALSE(description.module_build_id.empty());
}

TEST_F(FrameNamesTest, TellsWhereTheModulesFileIs) {
  const std::string build_id(ladder_->Describe(leaf_).module_build_id);
  EXPECT_TRUE(files_.Open(build_id).ok());
  std::filesystem::remove(program_path_);
  EXPECT_FALSE(files_.Open(build_id).ok());
}

}  // namespace
}  // namespace lambent
