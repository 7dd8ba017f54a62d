// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/engine/node_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/os/process_files.h"

namespace lambent::bench {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A file of this size, empty, that this process maps as code.
class MappedFile {
 public:
  MappedFile(const std::filesystem::path& path, off_t bytes) {
    const int file = open(path.c_str(), O_RDWR | O_CREAT, 0700);
    if (file < 0 || ftruncate(file, bytes) != 0) return;
    memory_ = mmap(nullptr, kMapped, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
    close(file);
  }
  ~MappedFile() {
    if (mapped()) munmap(memory_, kMapped);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  bool mapped() const { return memory_ != MAP_FAILED; }

 private:
  static constexpr size_t kMapped = 4096;
  void* memory_ = MAP_FAILED;
};

class NodeFileTest : public ::testing::Test {
 protected:
  NodeFileTest() {
    std::string name = testing::TempDir() + "lambent-node-XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~NodeFileTest() override { std::filesystem::remove_all(folder_); }

  static NodeFile Find() {
    const auto proc = os::CreateProcFiles();
    const auto files = proc->OpenProcess(getpid());
    ModuleTable modules(*files, nullptr);
    EXPECT_EQ(modules.Refresh(), os::ReadResult::kOk);
    return LargestNodeFile(modules);
  }

  std::filesystem::path folder_;
};

TEST_F(NodeFileTest, IsTheLibraryWhereTheExecutableIsSmall) {
  const MappedFile node(folder_ / "node", 90'000);
  const MappedFile library(folder_ / "libnode.so.108", 40'000'000);
  if (!node.mapped() || !library.mapped()) GTEST_SKIP() << "nothing there may be mapped as code";
  const NodeFile found = Find();
  EXPECT_THAT(found.path, EndsWith("/libnode.so.108"));
  EXPECT_EQ(found.bytes, 40'000'000);
  EXPECT_THAT(WhyNotJudged(found), IsEmpty());
}

TEST_F(NodeFileTest, SmallExecutableAloneIsNotJudged) {
  const MappedFile node(folder_ / "node", 20'000'000);
  if (!node.mapped()) GTEST_SKIP() << "nothing there may be mapped as code";
  EXPECT_THAT(WhyNotJudged(Find()), HasSubstr("/node of 20 MB"));
}

TEST_F(NodeFileTest, NoneIsNotJudged) {
  EXPECT_THAT(WhyNotJudged(Find()), HasSubstr("neither node nor libnode.so"));
}

}  // namespace
}  // namespace lambent::bench
