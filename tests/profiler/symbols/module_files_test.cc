// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/symbols/module_files.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "profiler/os/temp_dir.h"
#include "profiler/target/elf_image.h"
#include "tests/fakes/fake_process_files.h"

namespace lambent {
namespace {

class ModuleFilesTest : public ::testing::Test {
 protected:
  ModuleFilesTest() {
    auto proc = std::make_unique<fakes::FakeProcFiles>();
    proc_ = proc.get();
    files_ = std::make_unique<ModuleFiles>(std::move(proc));
    auto exe = os::OpenFileBytes("/proc/self/exe");
    content_.resize((*exe)->size());
    (*exe)->ReadAt(0, content_.data(), content_.size());
    build_id_ = ElfImage::Parse(**exe)->BuildId();
  }

  void SetUp() override { ASSERT_FALSE(build_id_.empty()) << "linked without --build-id"; }

  void Add(const std::string& path) {
    Module module;
    module.path = path;
    module.build_id = build_id_;
    files_->Add(42, module);
  }

  fakes::FakeProcFiles* proc_ = nullptr;
  std::unique_ptr<ModuleFiles> files_;
  std::string content_;
  std::string build_id_;
};

TEST_F(ModuleFilesTest, OpensTheFileAsItsProcessSeesIt) {
  Add("/var/task/bootstrap");
  proc_->processes[42].files["/var/task/bootstrap"] = content_;
  const auto file = files_->Open(build_id_);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->size(), content_.size());
}

TEST_F(ModuleFilesTest, KnowsOnlyWhatItWasTold) {
  EXPECT_EQ(files_->Open(build_id_).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ModuleFilesTest, AnotherFileInItsPlaceIsNotTaken) {
  Add("/var/task/bootstrap");
  proc_->processes[42].files["/var/task/bootstrap"] = "another program";
  EXPECT_EQ(files_->Open(build_id_).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ModuleFilesTest, OutlivesItsProcessWhereTheFileIsSeenFromHere) {
  const os::TempDir folder = *os::TempDir::Create("lambent-module-");
  const std::string path = folder.path() + "/program";
  Add(path);
  std::ofstream(path, std::ios::binary) << content_;
  EXPECT_TRUE(files_->Open(build_id_).ok());
  std::ofstream(path, std::ios::binary) << "another program";
  EXPECT_FALSE(files_->Open(build_id_).ok());
}

}  // namespace
}  // namespace lambent
