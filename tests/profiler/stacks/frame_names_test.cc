// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/frame_names.h"

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "profiler/os/file_bytes.h"
#include "profiler/os/temp_dir.h"
#include "profiler/symbols/symbol_index.h"
#include "tests/fakes/fake_process_files.h"
#include "tests/profiler/stacks/ladder_fixture.h"
#include "tests/support/elf_image.h"
#include "tests/support/xz.h"

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

// Programs without symbols, sampled where they are on a CPU.
class NamelessFramesTest : public LadderTest {
 protected:
  // Different native frames of the program itself, until there are `count` of them or `stacks` were
  // seen.
  std::set<uint64_t> Collect(const std::string& program, size_t count, int stacks) {
    std::set<uint64_t> addresses;
    const int64_t end = os::RealClock().MonotonicNs() + absl::ToInt64Nanoseconds(kLimit);
    while (addresses.size() < count && stacks > 0 && os::RealClock().MonotonicNs() < end) {
      ladder_->Observe([&](const ThreadSample& sample) {
        if (sample.stack == nullptr || sample.rung != Rung::kStop) return;
        --stacks;
        for (const Frame& frame : *sample.stack) {
          if (frame.kind != FrameKind::kNative || frame.module == ModuleId{}) continue;
          if (ladder_->Describe(frame).module_path != program) continue;
          if (addresses.insert(frame.address).second) frames_.push_back(frame);
        }
      });
    }
    return addresses;
  }

  std::vector<Frame> frames_;
};

TEST_F(NamelessFramesTest, AreOneForEachFunction) {
  Start({LAMBENT_STRIPPED_TARGET});
  Attach();
  if (!Works(Rung::kStop)) GTEST_SKIP() << "ptrace is not permitted here";
  const std::set<uint64_t> addresses = Collect(LAMBENT_STRIPPED_TARGET, 100, 20000);
  ASSERT_GE(addresses.size(), 30u) << Reasons();
  auto twin = SymbolIndex::Create(*os::OpenFileBytes(LAMBENT_STRIPPED_TARGET_NAMES));
  ASSERT_TRUE(twin.ok()) << twin.status();

  std::set<uint64_t> described;
  std::set<uint64_t> functions;
  for (const Frame& frame : frames_) {
    const FrameDescription description = ladder_->Describe(frame);
    EXPECT_EQ(description.name, "");
    EXPECT_EQ(description.code_address, 0u);
    // The collector would name both alike. Stubs of the linker have no names.
    const FunctionSymbol real = (*twin)->Find(frame.address);
    if (real.name.empty()) continue;
    EXPECT_EQ((*twin)->Find(description.address).name, real.name) << std::hex << frame.address;
    described.insert(description.address);
    functions.insert(real.start);
  }
  EXPECT_EQ(described, functions);
  EXPECT_LT(described.size(), addresses.size());
  RecordProperty("addresses", static_cast<int>(addresses.size()));
  RecordProperty("functions", static_cast<int>(described.size()));
}

TEST_F(NamelessFramesTest, KeepTheirCodesAddressWhereLinesAreWanted) {
  Start({LAMBENT_STRIPPED_TARGET});
  Attach({.code_addresses = true});
  if (!Works(Rung::kStop)) GTEST_SKIP() << "ptrace is not permitted here";
  ASSERT_FALSE(Collect(LAMBENT_STRIPPED_TARGET, 20, 2000).empty()) << Reasons();
  for (const Frame& frame : frames_) {
    const FrameDescription description = ladder_->Describe(frame);
    EXPECT_EQ(description.code_address, frame.address);
    EXPECT_LE(description.address, frame.address);
  }
}

// One entry of rules may hold for several functions written by hand.
TEST_F(NamelessFramesTest, AreNotTakenForAFunctionWhoseEndIsKnown) {
  Start({LAMBENT_SHARED_RULES_TARGET});
  Attach();
  if (!Works(Rung::kStop)) GTEST_SKIP() << "ptrace is not permitted here";
  const auto seen = AwaitRung(Rung::kStop);
  ASSERT_TRUE(seen.has_value()) << Reasons();
  const FrameDescription leaf = ladder_->Describe(seen->leaf);
  auto symbols = SymbolIndex::Create(*os::OpenFileBytes(LAMBENT_SHARED_RULES_TARGET));
  ASSERT_TRUE(symbols.ok()) << symbols.status();
  EXPECT_EQ(leaf.name, "");
  EXPECT_EQ((*symbols)->Find(leaf.address).name, "");
  EXPECT_EQ((*symbols)->Find(leaf.address - 1).name, "SharedNamed") << std::hex << leaf.address;
}

TEST(FrameNamesBudgetTest, MiniDebugInfoIsBoundedForAllModulesTogether) {
  const std::string inner = support::ElfImage().Function("hidden", 0x1100, 0x10).Build();
  const std::string library = support::ElfImage()
                                  .DynamicFunction("exported", 0x1000, 0x10)
                                  .Section(".gnu_debugdata", support::Xz(inner))
                                  .Build();
  fakes::FakeProcess process;
  for (int i = 1; i <= 3; ++i) {
    const std::string path = "/lib/" + std::to_string(i) + ".so";
    process.files[path] = library;
    process.maps += std::to_string(i) + "00000-" + std::to_string(i) +
                    "10000 r-xp 00000000 08:01 " + std::to_string(i) + " " + path + "\n";
  }
  fakes::FakeProcessFiles files{process, 7};
  ModuleTable modules{files, nullptr};
  ASSERT_EQ(modules.Refresh(), os::ReadResult::kOk);
  ASSERT_EQ(modules.modules().size(), 3u);
  StringTable strings;
  FrameNames names{files, modules, strings, {.mini_debug_info_bytes = 2 * inner.size()}};

  std::vector<std::string> found;
  for (const Module& module : modules.modules()) {
    const Frame frame{.kind = FrameKind::kNative, .module = module.id, .address = 0x1108};
    const FrameDescription description = names.Describe(frame);
    found.emplace_back(description.name);
    EXPECT_EQ(description.module_path, module.path);
  }

  EXPECT_EQ(found, (std::vector<std::string>{"hidden", "hidden", ""}));
}

TEST(FrameNamesHiddenTest, HidesOfTheInterpretersFramesOnlyThoseKnownToCarryCalls) {
  fakes::FakeProcess process;
  process.files["/bin/python"] = support::ElfImage()
                                     .DynamicFunction("PyObject_Vectorcall", 0x1000, 0x10)
                                     .DynamicFunction("PyList_Sort", 0x1100, 0x10)
                                     .Build();
  process.maps = "100000-110000 r-xp 00000000 08:01 1 /bin/python\n";
  fakes::FakeProcessFiles files{process, 7};
  ModuleTable modules{files, nullptr};
  ASSERT_EQ(modules.Refresh(), os::ReadResult::kOk);
  StringTable strings;
  FrameNames names{files, modules, strings, {}};
  const auto describe = [&](uint64_t address) {
    return names.Describe({.kind = FrameKind::kNative,
                           .module = modules.modules()[0].id,
                           .address = address,
                           .internal = true});
  };

  EXPECT_TRUE(describe(0x1008).hidden);
  EXPECT_FALSE(describe(0x1108).hidden);
  const FrameDescription unnamed = describe(0x1208);
  EXPECT_FALSE(unnamed.hidden);
  EXPECT_EQ(unnamed.name, "");
  EXPECT_EQ(unnamed.module_path, "/bin/python");
  EXPECT_EQ(unnamed.address, 0x1208u);
}

}  // namespace
}  // namespace lambent
