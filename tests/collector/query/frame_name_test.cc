// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/query/frame_name.h"

#include <string>

#include "gtest/gtest.h"

namespace lambent::collector {
namespace {

TEST(SafeTextTest, KeepsUtf8AndEscapesTheRest) {
  EXPECT_EQ(SafeText("café 漢字 🜁"), "café 漢字 🜁");
  EXPECT_EQ(SafeText("a\xff"
                     "b"),
            "a\\xffb");
  EXPECT_EQ(SafeText(std::string("a\0b\n\x1b", 5)), "a\\x00b\\x0a\\x1b");
  EXPECT_EQ(SafeText("\xc0\xaf"), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(SafeText("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(SafeText("\xe2\x82"), "\\xe2\\x82");           // cut short
  EXPECT_EQ(SafeText("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
}

TEST(SafeTextTest, CutsEndlessNames) {
  const std::string safe = SafeText(std::string(100'000, 'n'));
  EXPECT_LT(safe.size(), 5000U);
  EXPECT_EQ(safe.substr(safe.size() - 3), "…");
}

TEST(ShownFrameTest, NamesWhatHasNoName) {
  FrameRecord frame;
  frame.kind = FrameKind::kNative;
  frame.module = "/usr/lib/libc.so.6";
  frame.address = 0x1f2e;
  EXPECT_EQ(ShownFrame(frame).name, "[libc.so.6+0x1f2e]");
  frame.module.clear();
  EXPECT_EQ(ShownFrame(frame).name, "[unknown 0x1f2e]");
  EXPECT_EQ(ShownFrame({}).name, "[unknown]");
  frame.kind = FrameKind::kTruncated;
  EXPECT_EQ(ShownFrame(frame).name, "[truncated]");
}

TEST(ShownFrameTest, PutsWhatAThreadWaitsForInBrackets) {
  FrameRecord frame;
  frame.kind = FrameKind::kSystemCall;
  frame.name = "epoll_wait";
  EXPECT_EQ(ShownFrame(frame).name, "[epoll_wait]");
  frame.name = "_ZN1a1bEv\n";  // a stranger's: neither demangled nor a line of its own
  EXPECT_EQ(ShownFrame(frame).name, "[_ZN1a1bEv\\x0a]");
  frame.name = "";
  EXPECT_EQ(ShownFrame(frame).name, "[blocked]");
  frame.kind = FrameKind::kRunQueue;
  EXPECT_EQ(ShownFrame(frame).name, "[run-queue wait]");
  frame.kind = FrameKind::kInterpreterLock;
  EXPECT_EQ(ShownFrame(frame).name, "[waiting for the GIL]");
}

TEST(ShownFrameTest, DoesNotDemanglePythonNames) {
  FrameRecord frame;
  frame.kind = FrameKind::kPython;
  frame.name = "_ZN3foo3barEi";
  EXPECT_EQ(ShownFrame(frame).name, "_ZN3foo3barEi");
}

TEST(ShownFrameTest, SaysWhoseModuleALambdaOrAModuleBodyIs) {
  FrameRecord frame;
  frame.kind = FrameKind::kPython;
  frame.name = "<module>";
  EXPECT_EQ(ShownFrame(frame).name, "<module>");
  frame.file = "/usr/lib/python3.11/asyncio/base_events.py";
  EXPECT_EQ(ShownFrame(frame).name, "<module> asyncio/base_events.py");
  frame.file = "/handler.py";
  EXPECT_EQ(ShownFrame(frame).name, "<module> /handler.py");
  frame.name = "named";
  EXPECT_EQ(ShownFrame(frame).name, "named");
}

}  // namespace
}  // namespace lambent::collector
