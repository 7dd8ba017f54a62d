// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/render/text_escape.h"

#include <string>

#include <gtest/gtest.h>

namespace lambent::collector {
namespace {

std::string Json(std::string_view text) {
  std::string out;
  AppendJsonString(text, &out);
  return out;
}

std::string Xml(std::string_view text) {
  std::string out;
  AppendXmlText(text, &out);
  return out;
}

std::string Folded(std::string_view text) {
  std::string out;
  AppendFoldedName(text, &out);
  return out;
}

TEST(ValidUtf8Test, KeepsWellFormedText) {
  EXPECT_EQ(ValidUtf8("plain é 日本 👩"), "plain é 日本 👩");
  EXPECT_EQ(ValidUtf8(""), "");
}

TEST(ValidUtf8Test, ReplacesEachMalformedByte) {
  EXPECT_EQ(ValidUtf8("a\xff"
                      "b"),
            "a\uFFFDb");
  EXPECT_EQ(ValidUtf8("\xc0\xaf"), "\uFFFD\uFFFD") << "overlong";
  EXPECT_EQ(ValidUtf8("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD") << "surrogate";
  EXPECT_EQ(ValidUtf8("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD") << "beyond U+10FFFF";
  EXPECT_EQ(ValidUtf8("cut \xe6\x97"), "cut \uFFFD\uFFFD");
}

TEST(JsonStringTest, EscapesWhatEndsStringsAndScripts) {
  EXPECT_EQ(Json("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(Json("</script>&"), "\"\\u003c/script\\u003e\\u0026\"");
  EXPECT_EQ(Json(std::string("\0\n\x7f", 3)), "\"\\u0000\\u000a\\u007f\"");
  EXPECT_EQ(Json("\u2028"), "\"\\u2028\"");
}

TEST(XmlTextTest, EscapesMarkupAndReplacesWhatXmlCannotCarry) {
  EXPECT_EQ(Xml("<a href='x'>\"&"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;");
  EXPECT_EQ(Xml(std::string("\0\x1b", 2)), "\uFFFD\uFFFD");
  EXPECT_EQ(Xml("\uFFFE"), "\uFFFD");
  EXPECT_EQ(Xml("\u202Eexe"), "\uFFFDexe") << "text must not be reordered";
}

TEST(FoldedNameTest, KeepsOneFrameOneFieldOnOneLine) {
  EXPECT_EQ(Folded("a;b"), "a:b");
  EXPECT_EQ(Folded("a\r\nb\u2028c"), "a  b c");
  EXPECT_EQ(Folded(std::string("nul\0", 4)), "nul ");
}

TEST(ShortenTest, CutsBetweenCodePoints) {
  EXPECT_EQ(Shorten("short", 5), "short");
  EXPECT_EQ(Shorten("longer", 5), "long…");
  EXPECT_EQ(Shorten("日本語文字", 3), "日本…");
  EXPECT_EQ(Shorten("日本語", 3), "日本語");
}

}  // namespace
}  // namespace lambent::collector
