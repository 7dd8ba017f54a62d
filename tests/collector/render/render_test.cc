// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/render/render.h"

#include <zlib.h>

#include <string>

#include "nlohmann/json.hpp"
#include <gtest/gtest.h>

#include "collector/render/gzip.h"
#include "collector/render/viewer_blob.h"
#include "tests/collector/render/golden.h"
#include "tests/collector/render/sample_profiles.h"

namespace lambent::collector {
namespace {

std::string Drawn(const Profile& profile, Format format, Weight weight = Weight::kWall) {
  const absl::StatusOr<std::string> bytes = Render(profile, format, weight);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.ok() ? *bytes : std::string();
}

std::string DrawnDiff(Format format) {
  const absl::StatusOr<std::string> bytes = RenderDiff(SmallDiff(), format);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.ok() ? *bytes : std::string();
}

std::string Gunzip(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1 << 20, '\0');
  std::string in = bytes;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

size_t CountOf(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// One function at two lines, which calls another one.
Profile LinesProfile() {
  ProfileBuilder builder;
  const uint32_t thread = builder.Thread("main");
  const uint32_t outer = builder.Frame(FrameKind::kPython, "outer", "a.py", 10);
  const uint32_t again = builder.Frame(FrameKind::kPython, "outer", "a.py", 10);
  const uint32_t leaf = builder.Frame(FrameKind::kPython, "leaf", "a.py", 30);
  builder.profile().frames[outer].current_line = 11;
  builder.profile().frames[again].current_line = 12;
  for (const uint32_t line : {outer, again}) {
    builder.Add({line, leaf}, {.thread = thread, .phase = 2, .wall_us = 5, .samples = 1});
  }
  return builder.Build();
}

TEST(RenderLinesTest, FoldedStacksAreOfFunctions) {
  EXPECT_EQ(Drawn(LinesProfile(), Format::kFolded), "outer;leaf 10\n");
}

TEST(RenderLinesTest, SpeedscopeLeadsToTheLineExecuted) {
  const auto json = nlohmann::json::parse(Drawn(LinesProfile(), Format::kSpeedscope));
  EXPECT_EQ(json["shared"]["frames"][1]["line"], 11);
  EXPECT_EQ(json["shared"]["frames"][2]["line"], 12);
  EXPECT_EQ(json["shared"]["frames"][3]["line"], 30);
}

TEST(RenderLinesTest, JsonTellsBothLines) {
  const auto json = nlohmann::json::parse(Drawn(LinesProfile(), Format::kJson));
  EXPECT_EQ(json["frames"][2]["line"], 10);
  EXPECT_EQ(json["frames"][2]["current_line"], 12);
  EXPECT_FALSE(json["frames"][3].contains("current_line"));
}

TEST(RenderRungsTest, JsonTellsWhichRungTookTheSamples) {
  const auto json = nlohmann::json::parse(Drawn(SmallProfile(), Format::kJson));
  EXPECT_EQ(json["rungs"]["stop"], (nlohmann::json{{"samples", 9}, {"wall_us", 90'000}}));
  EXPECT_EQ(json["rungs"]["unchanged"]["samples"], 74);
  EXPECT_FALSE(json["rungs"].contains("agent"));
  uint64_t stopped = 0;
  for (const auto& row : json["rows"]) {
    if (row["rung"] == "stop") stopped += row["samples"].get<uint64_t>();
  }
  EXPECT_EQ(stopped, 9U);
}

TEST(RenderRungsTest, JsonTellsWhatIsPartial) {
  const auto json = nlohmann::json::parse(Drawn(SmallProfile(), Format::kJson));
  EXPECT_EQ(json["totals"]["partial_samples"], 3);
  uint64_t partial = 0;
  for (const auto& row : json["rows"]) {
    if (row.contains("partial")) partial += row["samples"].get<uint64_t>();
  }
  EXPECT_EQ(partial, 3U);
}

// A function that calls another one and has it inlined elsewhere.
Profile InlinedProfile() {
  ProfileBuilder builder;
  const uint32_t thread = builder.Thread("main");
  const uint32_t outer = builder.Frame(FrameKind::kNative, "outer", "a.cc", 10);
  const uint32_t called = builder.Frame(FrameKind::kNative, "leaf", "a.cc", 30);
  const uint32_t inlined = builder.Frame(FrameKind::kNative, "leaf", "a.cc", 30);
  builder.profile().frames[inlined].inlined = true;
  for (const uint32_t leaf : {called, inlined}) {
    builder.Add({outer, leaf}, {.thread = thread, .phase = 2, .wall_us = 5, .samples = 1});
  }
  return builder.Build();
}

TEST(RenderInlinedTest, FoldedStacksHaveItsName) {
  EXPECT_EQ(Drawn(InlinedProfile(), Format::kFolded), "outer;leaf 10\n");
}

TEST(RenderInlinedTest, JsonAndTitlesMarkIt) {
  const auto json = nlohmann::json::parse(Drawn(InlinedProfile(), Format::kJson));
  EXPECT_FALSE(json["frames"][2].contains("inlined"));
  EXPECT_EQ(json["frames"][3]["inlined"], true);
  EXPECT_EQ(CountOf(Drawn(InlinedProfile(), Format::kSvg), "inlined into its caller"), 1U);
}

TEST(RenderGoldenTest, Folded) {
  ExpectGolden("small.folded", Drawn(SmallProfile(), Format::kFolded));
  ExpectGolden("hostile.folded", Drawn(HostileProfile(), Format::kFolded));
  ExpectGolden("diff.folded", DrawnDiff(Format::kFolded));
}

// Before compression, whose bytes are zlib's affair.
TEST(RenderGoldenTest, Pprof) {
  ExpectGolden("small.pprof", Gunzip(Drawn(SmallProfile(), Format::kPprof)));
  ExpectGolden("hostile.pprof", Gunzip(Drawn(HostileProfile(), Format::kPprof)));
}

TEST(RenderGoldenTest, Speedscope) {
  ExpectGolden("small.speedscope.json", Drawn(SmallProfile(), Format::kSpeedscope));
  ExpectGolden("hostile.speedscope.json", Drawn(HostileProfile(), Format::kSpeedscope));
}

TEST(RenderGoldenTest, Json) {
  ExpectGolden("small.json", Drawn(SmallProfile(), Format::kJson));
  ExpectGolden("hostile.json", Drawn(HostileProfile(), Format::kJson));
  ExpectGolden("diff.json", DrawnDiff(Format::kJson));
}

TEST(RenderGoldenTest, Svg) {
  ExpectGolden("small.svg", Drawn(SmallProfile(), Format::kSvg));
  ExpectGolden("hostile.svg", Drawn(HostileProfile(), Format::kSvg));
  ExpectGolden("diff.svg", DrawnDiff(Format::kSvg));
}

// What the page is given; the page around it is tested in a browser (tests/browser).
TEST(RenderGoldenTest, ViewerBlob) {
  ExpectGolden("small.blob", ViewerBlob(SmallProfile(), Weight::kWall));
  ExpectGolden("hostile.blob", ViewerBlob(HostileProfile(), Weight::kWall));
  ExpectGolden("diff.blob", ViewerBlob(SmallDiff()));
}

TEST(RenderTest, FoldedSumsToTheProfilesWeight) {
  for (const Weight weight : {Weight::kWall, Weight::kCpu, Weight::kSamples}) {
    int64_t sum = 0;
    std::string text = Drawn(SmallProfile(), Format::kFolded, weight);
    for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
      const size_t end = text.find('\n', at);
      sum += std::stoll(text.substr(text.rfind(' ', end) + 1, end));
    }
    EXPECT_EQ(sum, NodeTotals(SmallProfile(), weight)[0]);
  }
}

TEST(RenderTest, SpeedscopeWeightsBelongToSamples) {
  const auto json = nlohmann::json::parse(Drawn(SmallProfile(), Format::kSpeedscope));
  EXPECT_EQ(json.at("$schema"), "https://www.speedscope.app/file-format-schema.json");
  const size_t frames = json.at("shared").at("frames").size();
  for (const auto& profile : json.at("profiles")) {
    EXPECT_EQ(profile.at("type"), "sampled");
    ASSERT_EQ(profile.at("samples").size(), profile.at("weights").size());
    int64_t sum = 0;
    for (const int64_t weight : profile.at("weights")) sum += weight;
    EXPECT_EQ(profile.at("endValue"), sum);
    for (const auto& stack : profile.at("samples")) {
      ASSERT_FALSE(stack.empty());
      for (const size_t frame : stack) EXPECT_LT(frame, frames);
    }
  }
}

TEST(RenderTest, HostileNamesLeaveTheMarkupAlone) {
  const std::string html = Drawn(HostileProfile(), Format::kHtml);
  EXPECT_EQ(CountOf(html, "<script"), CountOf(Drawn(SmallProfile(), Format::kHtml), "<script"));
  EXPECT_EQ(CountOf(html, "</script"), CountOf(Drawn(SmallProfile(), Format::kHtml), "</script"));
  EXPECT_EQ(CountOf(html, "__pwned=1"), 1u) << "in the escaped title, nowhere else";
  EXPECT_NE(html.find("default-src 'none'"), std::string::npos);
  const std::string svg = Drawn(HostileProfile(), Format::kSvg);
  EXPECT_EQ(CountOf(svg, "<script"), 0u);
  EXPECT_EQ(CountOf(svg, "<img"), 0u);
  for (const Format format : {Format::kJson, Format::kSpeedscope}) {
    EXPECT_TRUE(nlohmann::json::accept(Drawn(HostileProfile(), format)));
  }
}

TEST(RenderTest, AnEmptyProfileIsDrawnInEveryFormat) {
  ProfileBuilder builder;
  const Profile empty = builder.Build();
  for (const Format format : {Format::kHtml, Format::kSvg, Format::kPprof, Format::kSpeedscope,
                              Format::kJson, Format::kGperftools}) {
    EXPECT_FALSE(Drawn(empty, format).empty()) << FormatName(format);
  }
  EXPECT_EQ(Drawn(empty, Format::kFolded), "");
}

TEST(RenderTest, SvgCountsWhatIsTooNarrowToDraw) {
  ProfileBuilder builder;
  builder.Thread("t");
  const uint32_t wide = builder.Frame(FrameKind::kNative, "wide");
  const uint32_t narrow = builder.Frame(FrameKind::kNative, "narrow");
  builder.Add({wide}, {0, 0, 2, 1000000, 0, 1});
  builder.Add({narrow}, {0, 0, 2, 1, 0, 1});
  const std::string svg = Drawn(builder.Build(), Format::kSvg);
  EXPECT_EQ(svg.find("narrow\n"), std::string::npos);
  EXPECT_NE(svg.find("1 frames in 1 branches are narrower"), std::string::npos);
}

TEST(RenderTest, ColumnsThatContradictAreRefused) {
  const auto code = [](const Profile& profile) {
    return Render(profile, Format::kFolded, Weight::kWall).status().code();
  };
  Profile broken = SmallProfile();
  broken.node_frame[1] = 1000;
  EXPECT_EQ(code(broken), absl::StatusCode::kInvalidArgument) << "frame out of range";
  broken = SmallProfile();
  broken.node_parent[2] = 9;
  EXPECT_EQ(code(broken), absl::StatusCode::kInvalidArgument) << "parent behind its child";
  broken = SmallProfile();
  broken.subtree_end.pop_back();
  EXPECT_EQ(code(broken), absl::StatusCode::kInvalidArgument) << "columns of different lengths";
  broken = SmallProfile();
  broken.rows[0].leaf = 1000;
  EXPECT_EQ(code(broken), absl::StatusCode::kInvalidArgument) << "leaf out of range";
  broken = SmallProfile();
  broken.rows[0].thread = 1000;
  EXPECT_EQ(code(broken), absl::StatusCode::kInvalidArgument) << "thread out of range";
  broken = SmallProfile();
  broken.rows[0].rung = static_cast<Rung>(kRungCount);
  EXPECT_EQ(code(broken), absl::StatusCode::kInvalidArgument) << "rung out of range";
  EXPECT_EQ(code(Profile()), absl::StatusCode::kInvalidArgument) << "no root";
}

TEST(RenderTest, FormatsWithoutDifferencesSaySo) {
  for (const Format format : {Format::kPprof, Format::kSpeedscope, Format::kGperftools}) {
    EXPECT_EQ(RenderDiff(SmallDiff(), format).status().code(), absl::StatusCode::kUnimplemented);
  }
}

TEST(FormatTest, NamesAreTheirOwnInverse) {
  for (int i = 1; i <= 7; ++i) {
    const auto format = static_cast<Format>(i);
    EXPECT_EQ(ParseFormat(FormatName(format)), format);
    EXPECT_NE(ContentType(format), "");
  }
  EXPECT_FALSE(ParseFormat("unknown").has_value());
  EXPECT_FALSE(ParseFormat("png").has_value());
}

TEST(GzipTest, EqualInputGivesEqualOutput) {
  EXPECT_EQ(Gzip("abc"), Gzip("abc"));
  EXPECT_EQ(Gunzip(Gzip("")), "");
  EXPECT_EQ(Gunzip(Gzip(std::string(100000, 'x'))), std::string(100000, 'x'));
}

}  // namespace
}  // namespace lambent::collector
