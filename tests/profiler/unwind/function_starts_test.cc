// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/function_starts.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include <gtest/gtest.h>

#include "profiler/os/file_bytes.h"
#include "profiler/symbols/function_ranges.h"
#include "tests/fakes/fake_process_files.h"
#include "tests/profiler/unwind/cfi_bytes.h"
#include "tests/profiler/unwind/cfi_image.h"

namespace lambent {
namespace {

// One module, whose file a test may take away.
class FunctionStartsTest : public testing::Test {
 protected:
  FunctionStartsTest() {
    process_.files["/program"] = "";
    process_.maps = "00400000-00404000 r-xp 00000000 08:01 7 /program\n";
    modules_.Refresh();
  }

  std::optional<uint64_t> Find(uint64_t address) {
    return starts_.Find(modules_.modules().front(), address);
  }

  fakes::FakeProcess process_;
  fakes::FakeProcessFiles files_{process_, 1};
  ModuleTable modules_{files_, nullptr};
  FunctionStarts starts_{modules_, [this](const Module& module) { return modules_.Open(module); }};
};

TEST_F(FunctionStartsTest, AreThoseOfTheRules) {
  for (const auto form :
       {CfiImage::Form::kTable, CfiImage::Form::kSection, CfiImage::Form::kDebugFrame}) {
    CfiImage image;
    image.Function(0x100, 0x80, CfiBytes().Bytes({0x0e, 16}).str());
    image.Function(0x200, 0x40, CfiBytes().Byte(0x3f).str());  // not understood
    process_.files["/program"] = image.Build(form);
    FunctionStarts starts(modules_, [this](const Module& module) { return modules_.Open(module); });
    const Module& module = modules_.modules().front();
    EXPECT_EQ(starts.Find(module, CfiImage::kText + 0x100), CfiImage::kText + 0x100);
    EXPECT_EQ(starts.Find(module, CfiImage::kText + 0x17f), CfiImage::kText + 0x100);
    EXPECT_EQ(starts.Find(module, CfiImage::kText + 0x180), std::nullopt) << "between functions";
    EXPECT_EQ(starts.Find(module, CfiImage::kText + 0x23f), CfiImage::kText + 0x200);
    EXPECT_EQ(starts.Find(module, CfiImage::kText + 0x40), std::nullopt) << "before the first";
  }
}

TEST_F(FunctionStartsTest, OfASignalFrameAreNotTakenFromItsRules) {
  // Rules begin a byte before the function that a handler returns to.
  CfiImage image;
  image.Function(0x100, 0x80, CfiBytes().Bytes({0x0e, 16}).str(), /*signal=*/true);
  process_.files["/program"] = image.Build(CfiImage::Form::kTable);
  EXPECT_EQ(Find(CfiImage::kText + 0x101), std::nullopt);
}

TEST_F(FunctionStartsTest, AreUnknownOfAFileThatCannotBeRead) {
  EXPECT_EQ(Find(CfiImage::kText + 0x100), std::nullopt);
  process_.files.clear();
  FunctionStarts starts(modules_, [this](const Module& module) { return modules_.Open(module); });
  EXPECT_EQ(starts.Find(modules_.modules().front(), 0x1100), std::nullopt);
}

// What a program without symbols is told by its rules, and its twin by its symbols.
TEST_F(FunctionStartsTest, AreThoseOfTheTwinThatHasSymbols) {
  const auto read = [](const std::string& name) {
    return os::OpenFileBytes(absl::StrCat(LAMBENT_UNWIND_TARGETS, "/", name));
  };
  auto twin = read("stripped_static_program_names");
  ASSERT_TRUE(twin.ok()) << twin.status();
  auto functions = FunctionRanges::Read(*std::move(twin));
  ASSERT_TRUE(functions.ok()) << functions.status();
  FunctionStarts starts(modules_, [&](const Module&) { return read("stripped_static_program"); });
  const Module& module = modules_.modules().front();
  int same = 0;
  int unknown = 0;
  std::vector<std::string> others;
  for (const FunctionRanges::Range& range : functions->ranges()) {
    for (const uint64_t at : {range.start, (range.start + range.end) / 2, range.end - 1}) {
      const std::optional<uint64_t> start = starts.Find(module, at);
      if (!start.has_value()) {
        ++unknown;
      } else if (*start == range.start) {
        ++same;
      } else {
        others.push_back(absl::StrCat(functions->Name(range), " ", absl::Hex(range.start), " at ",
                                      absl::Hex(at), " is of ", absl::Hex(*start)));
      }
    }
  }

  // Of glibc's assembly a function or two share their rules, or have none.
  RecordProperty("same", same);
  EXPECT_GT(same, 3000);
  EXPECT_LT(others.size() * 1000, static_cast<size_t>(same)) << absl::StrJoin(others, "\n");
  EXPECT_LT(unknown * 100, same);
  EXPECT_LT(starts.memory_bytes(), 256u * 1024);
}

}  // namespace
}  // namespace lambent
