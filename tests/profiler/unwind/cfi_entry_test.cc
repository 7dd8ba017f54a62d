// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/cfi_entry.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "tests/profiler/unwind/cfi_bytes.h"

namespace lambent {
namespace {

absl::Span<const uint8_t> SpanOf(const std::string& bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

TEST(CfiEntryTest, ReadsHeadsOfBothFormats) {
  const std::string eh = CfiBytes().Value(uint32_t{0x20}).Value(uint32_t{0x44}).str();
  auto head = ParseEntryHead(SpanOf(eh), CfiFormat::kEhFrame);
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->next, 0x24u);
  EXPECT_EQ(head->content, 8u);
  EXPECT_FALSE(head->is_cie);
  EXPECT_EQ(head->CieOf(CfiFormat::kEhFrame, 0x1000), 0x1004u - 0x44) << "back from the id";

  const std::string wide =
      CfiBytes().Value(uint32_t{0xffffffff}).Value(uint64_t{0x30}).Value(UINT64_MAX).str();
  head = ParseEntryHead(SpanOf(wide), CfiFormat::kDebugFrame);
  ASSERT_TRUE(head.has_value());
  EXPECT_TRUE(head->is_cie);
  EXPECT_EQ(head->next, 12u + 0x30);
  EXPECT_EQ(head->content, 20u);
}

TEST(CfiEntryTest, EndMarkLeadsNowhere) {
  const std::string end(4, '\0');
  const auto head = ParseEntryHead(SpanOf(end), CfiFormat::kEhFrame);
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->next, 0u);
}

TEST(CfiEntryTest, RefusesHeadsThatLie) {
  const std::string cut = CfiBytes().Value(uint16_t{7}).str();
  EXPECT_FALSE(ParseEntryHead(SpanOf(cut), CfiFormat::kEhFrame).has_value());
  const std::string small = CfiBytes().Value(uint32_t{2}).Value(uint32_t{0}).str();
  EXPECT_FALSE(ParseEntryHead(SpanOf(small), CfiFormat::kEhFrame).has_value()) << "no room for id";
  const std::string huge =
      CfiBytes().Value(uint32_t{0xffffffff}).Value(UINT64_MAX).Value(uint64_t{0}).str();
  EXPECT_FALSE(ParseEntryHead(SpanOf(huge), CfiFormat::kEhFrame).has_value());
}

TEST(CfiEntryTest, ReadsWhatACieSaysOfItsFunctions) {
  // "zPLR": personality (absptr), language table (pcrel sdata4), addresses (pcrel sdata4).
  const std::string bytes = CfiBytes()
                                .Byte(1)
                                .Text(std::string("zPLRS", 6))
                                .Uleb(1)
                                .Sleb(-8)
                                .Byte(16)
                                .Uleb(11)
                                .Byte(0)
                                .Value(uint64_t{0x1234})
                                .Bytes({0x1b, 0x1b})
                                .Bytes({0x0c, 7, 8})
                                .str();
  Cie cie;
  ASSERT_TRUE(ParseCie(SpanOf(bytes), CfiFormat::kEhFrame, &cie));
  EXPECT_EQ(cie.data_factor, -8);
  EXPECT_EQ(cie.return_column, 16u);
  EXPECT_EQ(cie.address_encoding, 0x1b);
  EXPECT_TRUE(cie.signal_frame);
  EXPECT_EQ(cie.instructions.size(), 3u);
}

TEST(CfiEntryTest, RefusesCiesItCannotRead) {
  Cie cie;
  const auto refuses = [&cie](const CfiBytes& bytes) {
    return !ParseCie(SpanOf(bytes.str()), CfiFormat::kEhFrame, &cie);
  };
  EXPECT_TRUE(refuses(CfiBytes()));
  EXPECT_TRUE(refuses(CfiBytes().Byte(2).Byte(0).Bytes({1, 0x78, 16}))) << "no such version";
  EXPECT_TRUE(refuses(CfiBytes().Byte(1).Text(std::string("eh", 3)).Bytes({1, 0x78, 16})));
  EXPECT_TRUE(refuses(CfiBytes().Byte(1).Text(std::string(40, 'z')))) << "a string without end";
  EXPECT_TRUE(refuses(CfiBytes().Byte(1).Byte(0).Bytes({1, 0x78, 200}))) << "no such register";
  EXPECT_TRUE(refuses(CfiBytes().Byte(4).Byte(0).Bytes({4, 0, 1, 0x78, 16}))) << "32-bit addresses";
  EXPECT_TRUE(refuses(CfiBytes().Byte(1).Text(std::string("zR", 3)).Bytes({1, 0x78, 16, 90})));
}

TEST(CfiEntryTest, ReadsAddressesInEveryEncoding) {
  const auto read = [](uint8_t encoding, const CfiBytes& bytes) {
    ByteCursor cursor(SpanOf(bytes.str()));
    const uint64_t value = ReadEncoded(cursor, encoding, 0x1000);
    return cursor.ok() ? value : 0xbad;
  };
  EXPECT_EQ(read(0x00, CfiBytes().Value(uint64_t{0x5000})), 0x5000u);
  EXPECT_EQ(read(0x03, CfiBytes().Value(uint32_t{0x5000})), 0x5000u);
  EXPECT_EQ(read(0x02, CfiBytes().Value(uint16_t{0x5000})), 0x5000u);
  EXPECT_EQ(read(0x0a, CfiBytes().Value(int16_t{-1})), UINT64_MAX);
  EXPECT_EQ(read(0x01, CfiBytes().Uleb(0x5000)), 0x5000u);
  EXPECT_EQ(read(0x09, CfiBytes().Sleb(-2)), UINT64_MAX - 1);
  EXPECT_EQ(read(0x1b, CfiBytes().Value(int32_t{-0x10})), 0x1000u - 0x10);
  EXPECT_EQ(read(0x1c, CfiBytes().Value(int64_t{0x10})), 0x1010u);
  EXPECT_EQ(read(0x9b, CfiBytes().Value(int32_t{0})), 0xbadu) << "indirect";
  EXPECT_EQ(read(0x3b, CfiBytes().Value(int32_t{0})), 0xbadu) << "relative to what is not known";
  EXPECT_EQ(read(0x1b, CfiBytes().Value(int16_t{0})), 0xbadu) << "cut off";
}

}  // namespace
}  // namespace lambent
