// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// What the README tells a new user to type works, as it stands there.
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/integration_fixture.h"

namespace lambent {
namespace {

namespace fs = std::filesystem;
using support::Finished;
using support::ReadFile;
using support::RunProgram;

class ReadmeTest : public IntegrationTest {
 protected:
  // The first code block below a heading.
  std::string Commands(const std::string& heading) const {
    const std::string text = ReadFile(source() + "/README.md");
    const std::string fence = "```\n";
    const size_t begin = text.find(fence, text.find("\n" + heading + "\n"));
    if (begin == std::string::npos) return "";
    const size_t end = text.find(fence, begin + fence.size());
    return text.substr(begin + fence.size(), end - begin - fence.size());
  }

  // A checkout in which everything is built: ./dev only packs the layer.
  void MakeCheckout() const {
    fs::create_directories(Path("checkout/build/release"));
    fs::create_directory_symlink(binaries(), Path("checkout/build/release/bin"));
    fs::create_directory_symlink(source() + "/extensions", Path("checkout/extensions"));
    support::WriteFile(Path("checkout/dev"),
                       "#!/bin/sh\n[ $1 = build ] ||\n"
                       "  exec extensions/layer/make-layer.sh build/release/bin build/layer\n");
    fs::permissions(Path("checkout/dev"), fs::perms::owner_all);
  }
};

TEST_F(ReadmeTest, ItsCommandsWorkOnAFunction) {
  // The ports are the well-known ones, so this needs a network of its own.
  if (!RunProgram({"unshare", "--net", "busybox", "ifconfig", "lo", "up"}).ok()) {
    GTEST_SKIP() << "a network of its own is refused (needs root and busybox-static)";
  }
  std::string commands = Commands("## Use it on your own function");
  ASSERT_THAT(commands, testing::HasSubstr("lambent-collector --data-dir"));
  // What a person does: wait until the collector has said that it is there; copy a request id.
  commands = absl::StrReplaceAll(
      commands, {{"\n\n# a function",
                  "\nuntil (: </dev/tcp/127.0.0.1/4820) 2>&-; do sleep 0.1; done\n# a function"},
                 {"--request-id ID",
                  "--request-id $(lambent invocations --json | tr , '\\n' | "
                  "sed -n 's/.*\"request_id\": *\"\\([^\"]*\\)\".*/\\1/p' | head -n 1)"}});
  MakeCheckout();
  const std::string script =
      "set -e\nbusybox ifconfig lo up\ncd " + Path("checkout") + "\n" + commands + "kill $!\n";
  const Finished run =
      RunProgram({"unshare", "--net", "bash", "-c", script}, {}, absl::Seconds(60));

  EXPECT_TRUE(run.ok()) << run.Describe();
  for (const char* page : {"slow.html", "init.html", "diff.html"}) {
    EXPECT_THAT(ReadFile(Path("checkout/") + page), testing::HasSubstr("</html>")) << page;
  }
}

}  // namespace
}  // namespace lambent
