// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/server/collector_options.h"

#include "gtest/gtest.h"

namespace lambent::collector {
namespace {

TEST(CollectorOptionsTest, ListensOnLoopbackByDefault) {
  const auto options = ParseCollectorOptions({});
  EXPECT_EQ(options->grpc.ToString(), "127.0.0.1:4820");
  EXPECT_EQ(options->http.ToString(), "127.0.0.1:4821");
  EXPECT_TRUE(options->grpc.IsLoopback());
}

TEST(CollectorOptionsTest, TakesValuesBehindASpaceOrAnEqualsSign) {
  const auto options = ParseCollectorOptions(
      {"--data-dir", "d=e", "--grpc-address=[::1]:0", "--http-address", "0.0.0.0:80"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->data_directory, "d=e");
  EXPECT_EQ(options->grpc.ToString(), "[::1]:0");
  EXPECT_TRUE(options->grpc.IsLoopback());
  EXPECT_FALSE(options->http.IsLoopback());
}

TEST(CollectorOptionsTest, TakesAsManyDebugDirectoriesAsAreGiven) {
  const auto options = ParseCollectorOptions({"--debug-dir", "a", "--debug-dir=b"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->debug_directories, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(ParseCollectorOptions({"--debug-dir"}).ok());
}

TEST(CollectorOptionsTest, RefusesWhatItDoesNotKnow) {
  EXPECT_FALSE(ParseCollectorOptions({"--dada-dir", "x"}).ok());
  EXPECT_FALSE(ParseCollectorOptions({"--data-dir"}).ok());
  EXPECT_FALSE(ParseCollectorOptions({"stray"}).ok());
}

TEST(CollectorOptionsTest, SaysWhichOptionIsWrong) {
  const auto error = [](const std::vector<std::string>& words) {
    return std::string(ParseCollectorOptions(words).status().message());
  };
  EXPECT_EQ(error({"--data-dir", "--http-address", "127.0.0.1:0"}), "--data-dir needs a value");
  EXPECT_EQ(error({"--http-address", "4821"}),
            "--http-address: \"4821\" is no address: want HOST:PORT, for instance 127.0.0.1:4820");
  EXPECT_EQ(error({"data"}), "unknown argument data");
  EXPECT_EQ(ParseCollectorOptions({"--data-dir=--odd"})->data_directory, "--odd");
}

TEST(CollectorOptionsTest, TlsNeedsACertificateAndItsKey) {
  const auto options =
      ParseCollectorOptions({"--tls-cert", "c", "--tls-key", "k", "--token-file=t"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_TRUE(options->has_tls());
  EXPECT_EQ(options->token_file, "t");
  EXPECT_FALSE(ParseCollectorOptions({"--tls-cert", "c"}).ok());
  EXPECT_FALSE(ParseCollectorOptions({"--tls-key", "k"}).ok());
  EXPECT_FALSE(ParseCollectorOptions({"--tls-client-ca", "a"}).ok());
}

TEST(AddressTest, NeedsAHostAndAPort) {
  for (const char* wrong :
       {"", "4820", ":4820", "host", "host:", "host:x", "host:65536", "host:-1", "::1:4820"}) {
    EXPECT_FALSE(Address::Parse(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace lambent::collector
