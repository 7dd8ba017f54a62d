// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/render/gperftools.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/collector/render/profile_builder.h"

namespace lambent::collector {
namespace {

constexpr char kEndOfSymbols[] = "---\n--- profile\n";

std::string SymbolsOf(const std::string& bytes) {
  return bytes.substr(0, bytes.find("\n---\n") + 1);
}

std::vector<uint64_t> WordsOf(const std::string& bytes) {
  const size_t begin = bytes.find(kEndOfSymbols) + sizeof(kEndOfSymbols) - 1;
  EXPECT_EQ((bytes.size() - begin) % 8, 0u);
  std::vector<uint64_t> words;
  for (size_t at = begin; at + 8 <= bytes.size(); at += 8) {
    uint64_t word = 0;
    for (size_t i = 8; i-- > 0;) word = word << 8 | static_cast<unsigned char>(bytes[at + i]);
    words.push_back(word);
  }
  return words;
}

// main;work on two threads, main alone, and time without a stack.
Profile TwoFrames() {
  ProfileBuilder builder;
  builder.Thread("a");
  builder.Thread("b");
  const uint32_t main = builder.Frame(FrameKind::kNative, "main");
  const uint32_t work = builder.Frame(FrameKind::kNative, "work");
  builder.Add({main, work}, {0, 0, 2, 300'000'000, 1499, 5});
  builder.Add({main, work}, {0, 1, 2, 1400, 1, 6});
  builder.Add({main}, {0, 0, 2, 499, 500, 1});
  builder.Add({}, {0, 0, 2, 2000, 0, 3});
  return builder.Build();
}

std::string Named(FrameKind kind, const std::string& name) {
  ProfileBuilder builder;
  builder.Frame(kind, name);
  const std::string symbols = SymbolsOf(RenderGperftools(builder.Build(), Weight::kWall));
  const std::string before = "0x0000000000000020 ";
  return symbols.substr(symbols.find(before) + before.size());
}

TEST(GperftoolsTest, NamesEveryFrameByAnAddressOfItsOwn) {
  EXPECT_EQ(SymbolsOf(RenderGperftools(TwoFrames(), Weight::kWall)),
            "--- symbol\nbinary=lambent\n"
            "0x0000000000000010 all\n"
            "0x0000000000000020 main\n"
            "0x0000000000000030 work\n");
}

TEST(GperftoolsTest, RoundsTimeOfAStackToMilliseconds) {
  EXPECT_EQ(WordsOf(RenderGperftools(TwoFrames(), Weight::kWall)),
            (std::vector<uint64_t>{0, 3, 0, 1000, 0,        // header
                                   0, 1, 0x10,              // no caller, no times
                                   2, 1, 0x10,              // without a stack
                                   300'001, 2, 0x30, 0x20,  // both threads, leaf first
                                   0, 1, 0}));              // end
  EXPECT_EQ(WordsOf(RenderGperftools(TwoFrames(), Weight::kCpu)),
            (std::vector<uint64_t>{0, 3, 0, 1000, 0,  //
                                   0, 1, 0x10,        //
                                   1, 1, 0x20,        // 500 µs
                                   2, 2, 0x30, 0x20,  // 1499 + 1 µs: merged, then rounded
                                   0, 1, 0}));
}

TEST(GperftoolsTest, CountsSamplesAsTheyAre) {
  EXPECT_EQ(WordsOf(RenderGperftools(TwoFrames(), Weight::kSamples)),
            (std::vector<uint64_t>{0,  3, 0,    1000, 0,  //
                                   0,  1, 0x10,           //
                                   3,  1, 0x10,           //
                                   1,  1, 0x20,           //
                                   11, 2, 0x30, 0x20,     //
                                   0,  1, 0}));
}

TEST(GperftoolsTest, NamesStayOneLineAndWhole) {
  EXPECT_EQ(Named(FrameKind::kNative, "line\nbreak\r\x1b[31m"), "line break  [31m\n");
  EXPECT_EQ(Named(FrameKind::kNative, std::string("nul\0inside", 10)), "nul inside\n");
  EXPECT_EQ(Named(FrameKind::kNative, "It::operator--()"), "It::operator- -()\n");
  EXPECT_EQ(Named(FrameKind::kNative, "---\n--- profile"), "- - - - - - profile\n");
  EXPECT_EQ(Named(FrameKind::kNative, "sort<int>(int*)"), "sort<int>(int*)\n");
  EXPECT_EQ(Named(FrameKind::kNative, "<T as Drop>::drop"), "[T as Drop]::drop\n");
  EXPECT_EQ(Named(FrameKind::kPython, "<module>"), "[module]\n");
  EXPECT_EQ(Named(FrameKind::kPython, "f.<locals>.g"), "f.[locals].g\n");
}

}  // namespace
}  // namespace lambent::collector
