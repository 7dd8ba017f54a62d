// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Looks at this very process, whose addresses the compiler knows.
#include "profiler/target/module_table.h"

#include <cstdint>
#include <memory>
#include <string>

#include "gtest/gtest.h"

#include "profiler/os/process_files.h"
#include "profiler/os/remote_memory.h"
#include "profiler/target/elf_image.h"
#include "tests/fakes/fake_process_files.h"
#include "tests/support/emulation.h"

extern "C" int ModuleTableTestLandmark() { return 42; }

namespace lambent {
namespace {

class OwnModules : public testing::Test {
 protected:
  std::unique_ptr<os::ProcFiles> proc_ = os::CreateProcFiles();
  std::unique_ptr<os::ProcessFiles> self_ = proc_->OpenProcess(proc_->SelfPid());
  std::unique_ptr<os::RemoteMemory> memory_ = os::CreateVmReadMemory(proc_->SelfPid());
  ModuleTable modules_{*self_, memory_.get()};
};

TEST_F(OwnModules, AddressLeadsToModuleAndSymbolBackToAddress) {
  LAMBENT_SKIP_IF_EMULATED();
  ASSERT_EQ(modules_.Refresh(), os::ReadResult::kOk);
  const auto address = reinterpret_cast<uint64_t>(&ModuleTableTestLandmark);
  const ModuleAddress found = modules_.Find(address);
  ASSERT_NE(found.module, nullptr);
  std::string exe;
  ASSERT_EQ(self_->ReadExe(&exe), os::ReadResult::kOk);
  EXPECT_EQ(found.module->path, exe);
  const auto file = modules_.Open(*found.module);
  ASSERT_TRUE(file.ok()) << file.status();
  const auto image = ElfImage::Parse(**file);
  ASSERT_TRUE(image.ok()) << image.status();
  const auto symbol = image->FindSymbol("ModuleTableTestLandmark");
  ASSERT_TRUE(symbol.has_value());
  EXPECT_EQ(symbol->st_value, found.address);
  EXPECT_FALSE(image->FindSymbol("NoSuchLandmark").has_value());
  // The file's bytes at the symbol are those in memory.
  uint64_t in_file = 0;
  uint64_t in_memory = 0;
  ASSERT_TRUE(image->ReadAddress(symbol->st_value, &in_file, sizeof(in_file)));
  ASSERT_TRUE(ReadRemote(*memory_, address, &in_memory));
  EXPECT_EQ(in_file, in_memory);
}

TEST_F(OwnModules, StackAndHeapAreInNoModule) {
  ASSERT_EQ(modules_.Refresh(), os::ReadResult::kOk);
  const int on_stack = 0;
  const auto address = reinterpret_cast<uint64_t>(&on_stack);
  EXPECT_EQ(modules_.Find(address).module, nullptr);
  EXPECT_EQ(modules_.Find(address).address, address);
  EXPECT_NE(modules_.FindMapping(address), nullptr);
  EXPECT_EQ(modules_.FindMapping(8), nullptr);
}

TEST_F(OwnModules, VdsoIsReadOutOfMemory) {
  ASSERT_EQ(modules_.Refresh(), os::ReadResult::kOk);
  const Module* vdso = nullptr;
  for (const Module& module : modules_.modules()) {
    if (module.path == "[vdso]") vdso = &module;
  }
  if (vdso == nullptr) GTEST_SKIP() << "this machine maps no vdso";
  const auto file = modules_.Open(*vdso);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(ElfImage::Parse(**file)->FindSymbol("__vdso_clock_gettime").has_value());
  EXPECT_FALSE(vdso->build_id.empty());
}

TEST(ModuleTableTest, IdsSurviveARefreshAndUnchangedMapsCostNothing) {
  fakes::FakeProcess process;
  process.maps = "1000-2000 r-xp 00000000 fd:01 1 /a\n";
  fakes::FakeProcessFiles files(process, 5);
  ModuleTable modules(files, nullptr);
  ASSERT_EQ(modules.Refresh(), os::ReadResult::kOk);
  const Module* const a = modules.Find(0x1800).module;
  ASSERT_NE(a, nullptr);
  // Its file can not be read: taken to be laid out as it is mapped.
  EXPECT_EQ(modules.Find(0x1800).address, 0x800u);
  const uint64_t generation = modules.generation();
  ASSERT_EQ(modules.Refresh(), os::ReadResult::kOk);
  EXPECT_EQ(modules.generation(), generation);
  process.maps += "3000-4000 r-xp 00000000 fd:01 2 /b\n";
  ASSERT_EQ(modules.Refresh(), os::ReadResult::kOk);
  EXPECT_EQ(modules.generation(), generation + 1);
  EXPECT_EQ(modules.Find(0x1800).module, a);
  EXPECT_EQ(modules.Find(0x3800).module->path, "/b");
  EXPECT_NE(modules.Find(0x3800).module->id, a->id);
}

TEST(ModuleTableTest, EndingProcessWithoutMapsIsGone) {
  fakes::FakeProcess process;
  fakes::FakeProcessFiles files(process, 5);
  ModuleTable modules(files, nullptr);
  EXPECT_EQ(modules.Refresh(), os::ReadResult::kGone);
}

TEST(ElfImageTest, WhatIsNoElfFileIsRefused) {
  EXPECT_FALSE(ElfImage::Parse(os::MemoryFileBytes("")).ok());
  EXPECT_FALSE(ElfImage::Parse(os::MemoryFileBytes(std::string(4096, '\x7f'))).ok());
}

}  // namespace
}  // namespace lambent
