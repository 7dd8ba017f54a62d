// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/channel_access.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "profiler/os/temp_dir.h"
#include "tests/support/program.h"

namespace lambent::cli {
namespace {

absl::StatusOr<ChannelAccess> Read(const std::string& collector,
                                   const std::map<std::string, std::string>& variables) {
  return ChannelAccess::Read(collector, [&variables](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(ChannelAccessTest, TlsIsOnBeyondThisMachine) {
  for (const char* here : {"127.0.0.1:1", "localhost:1", "[::1]:1"}) {
    EXPECT_FALSE(Read(here, {})->tls) << here;
    EXPECT_TRUE(Read(here, {{"LAMBENT_TLS", "on"}})->tls) << here;
  }
  for (const char* there : {"collector.example:1", "127.0.0.1.example:1", "10.0.0.7:1"}) {
    EXPECT_TRUE(Read(there, {})->tls) << there;
    EXPECT_FALSE(Read(there, {{"LAMBENT_TLS", "OFF"}})->tls) << there;
  }
  EXPECT_EQ(Read("c:1", {{"LAMBENT_TLS", "maybe"}}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ChannelAccessTest, ReadsTheTokenFromItsFile) {
  const auto folder = os::TempDir::Create("lambent-token-");
  ASSERT_TRUE(folder.ok());
  const std::string path = folder->path() + "/token";
  support::WriteFile(path, "secret\n");
  EXPECT_EQ(Read("c:1", {{"LAMBENT_TOKEN_FILE", path}})->token, "secret");
  EXPECT_EQ(Read("c:1", {{"LAMBENT_TOKEN_FILE", path}, {"LAMBENT_TOKEN", "other"}})->token,
            "other");
  EXPECT_EQ(Read("c:1", {{"LAMBENT_TOKEN_FILE", path + "2"}}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ChannelAccessTest, NamesTheFileThatCannotBeRead) {
  const auto access =
      Read("c:1", {{"LAMBENT_TLS", "on"}, {"LAMBENT_TLS_CA_FILE", "/nonexistent/ca.pem"}});
  EXPECT_EQ(std::string(access->Credentials().status().message()),
            "LAMBENT_TLS_CA_FILE=/nonexistent/ca.pem: cannot be read, or is empty");
}

}  // namespace
}  // namespace lambent::cli
