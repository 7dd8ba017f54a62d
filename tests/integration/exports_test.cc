// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// Every format of one real profile, read by somebody else's program where there is one.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/integration_fixture.h"

namespace lambent {
namespace {

using support::Finished;
using support::ReadFile;
using testing::HasSubstr;
using testing::Not;

class ExportsTest : public IntegrationTest {
 protected:
  void SetUp() override {
    IntegrationTest::SetUp();
    StartCollector();
    const Finished run =
        Local({WithCountingExtension(collector().grpc()),
               PythonFunction(kExample, "handler.handler"),
               {"--event", R"({"work": 30})", "--invocations", "2", "--timeout", "20"}});
    ExpectBalanced(run, 1, 1);
  }

  std::string Export(const std::string& format, const std::string& file) {
    Cli({"export", "--function", "function", "--format", format, "-o", Path(file)});
    return ReadFile(Path(file));
  }
};

TEST_F(ExportsTest, PprofIsAGzippedProtobufOfItsNames) {
  Export("pprof", "all.pb.gz");
  const Finished decoded =
      support::RunProgram({"sh", "-c", "gzip -dc " + Path("all.pb.gz") + " | protoc --decode_raw"});

  EXPECT_TRUE(decoded.ok()) << decoded.err;
  EXPECT_THAT(decoded.out, HasSubstr("process_order"));
}

TEST_F(ExportsTest, SpeedscopeIsJsonOfItsSchema) {
  const auto content = nlohmann::json::parse(Export("speedscope", "s.json"), nullptr, false);

  ASSERT_TRUE(content.is_object());
  EXPECT_THAT(content.value("$schema", ""), HasSubstr("speedscope"));
  EXPECT_FALSE(content["shared"]["frames"].empty());
  EXPECT_FALSE(content["profiles"].empty());
}

TEST_F(ExportsTest, SvgIsWellFormedXml) {
  Export("svg", "all.svg");
  const Finished parsed = support::RunProgram(
      {"/usr/bin/python3", "-c", "import sys, xml.dom.minidom as m; m.parse(sys.argv[1])",
       Path("all.svg")});
  EXPECT_TRUE(parsed.ok()) << parsed.Describe();
}

TEST_F(ExportsTest, HtmlIsOneFileThatAsksNobody) {
  const std::string page = Export("html", "all.html");

  EXPECT_THAT(page, HasSubstr("default-src 'none'")) << "and the browser holds it to that";
  EXPECT_GT(page.size(), 20'000u);
  for (const char* reference :
       {"src=\"http", "href=\"http", "src=\"//", "@import", "fetch(", "XMLHttp"}) {
    EXPECT_THAT(page, Not(HasSubstr(reference)));
  }
}

TEST_F(ExportsTest, TheCollectorsPageListsAndLinks) {
  const std::string fetch =
      "import sys, urllib.request as r; sys.stdout.write(r.urlopen(sys.argv[1]).read().decode())";
  const Finished page = support::RunProgram({"/usr/bin/python3", "-c", fetch, collector().http()});
  EXPECT_TRUE(page.ok()) << page.Describe();
  EXPECT_THAT(page.out, HasSubstr("function"));
  EXPECT_THAT(page.out, HasSubstr("python3.")) << "its runtime";

  const Finished health =
      support::RunProgram({"/usr/bin/python3", "-c", fetch, collector().http() + "healthz"});
  EXPECT_TRUE(health.ok()) << health.Describe();
  const Finished metrics =
      support::RunProgram({"/usr/bin/python3", "-c", fetch, collector().http() + "metrics"});
  EXPECT_TRUE(metrics.ok()) << metrics.Describe();
  EXPECT_THAT(metrics.out, HasSubstr("lambent_"));
}

TEST_F(ExportsTest, ColdAgainstWarmIsDrawn) {
  for (const char* format : {"html", "folded"}) {
    const Finished diff = TryCli({"diff", "--base", "function=function,cold=false", "--compare",
                                  "function=function,cold=true", "--format", format, "-o",
                                  Path(std::string("diff.") + format)});
    EXPECT_TRUE(diff.ok()) << diff.Describe();
  }
  EXPECT_THAT(ReadFile(Path("diff.folded")), HasSubstr("process_order"));
  EXPECT_THAT(ReadFile(Path("diff.html")), HasSubstr("<canvas"));
}

}  // namespace
}  // namespace lambent
