// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/external/configuration.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lambent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Configuration Read(os::Environment more) {
  more.emplace("LAMBENT_COLLECTOR", "collector.example:4820");
  return ReadConfiguration(more);
}

TEST(ConfigurationTest, TheCollectorAloneIsEnough) {
  const Configuration result = Read({});
  EXPECT_TRUE(result.enabled);
  EXPECT_THAT(result.complaints, IsEmpty());
  EXPECT_EQ(result.channel.collector, "collector.example:4820");
  EXPECT_TRUE(result.channel.tls);
  EXPECT_EQ(result.session.sample_hz, 99u);
  EXPECT_EQ(result.session.overhead_budget, 0.01);
  EXPECT_EQ(result.uplink.outbox_limit_bytes, 8u << 20);
  EXPECT_EQ(result.uplink.flush, FlushMode::kAdaptive);
  EXPECT_EQ(result.log_level, LogLevel::kWarn);
}

TEST(ConfigurationTest, ReadsEveryVariable) {
  const Configuration result = Read({{"LAMBENT_SAMPLE_HZ", " 250 "},
                                     {"LAMBENT_OVERHEAD_BUDGET", "0.05"},
                                     {"LAMBENT_FLUSH", "End"},
                                     {"LAMBENT_LINES", "on"},
                                     {"LAMBENT_MAX_BUFFER_BYTES", "1048576"},
                                     {"LAMBENT_LOG", "INFO"},
                                     {"LAMBENT_TLS", "off"},
                                     {"LAMBENT_TLS_CA_FILE", "/opt/ca.pem"},
                                     {"LAMBENT_TLS_CERT_FILE", "/opt/cert.pem"},
                                     {"LAMBENT_TLS_KEY_FILE", "/opt/key.pem"},
                                     {"LAMBENT_TOKEN_FILE", "/tmp/token"},
                                     {"AWS_LAMBDA_FUNCTION_NAME", "f"},
                                     {"AWS_LAMBDA_FUNCTION_VERSION", "7"},
                                     {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"},
                                     {"AWS_REGION", "eu-central-1"},
                                     {"AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start"}});
  EXPECT_THAT(result.complaints, IsEmpty());
  EXPECT_EQ(result.session.sample_hz, 250u);
  EXPECT_TRUE(result.lines);
  EXPECT_EQ(result.session.overhead_budget, 0.05);
  EXPECT_EQ(result.uplink.flush, FlushMode::kEnd);
  EXPECT_EQ(result.uplink.outbox_limit_bytes, 1u << 20);
  EXPECT_EQ(result.log_level, LogLevel::kInfo);
  EXPECT_FALSE(result.channel.tls);
  EXPECT_EQ(result.channel.tls_ca_file, "/opt/ca.pem");
  EXPECT_EQ(result.channel.tls_certificate_file, "/opt/cert.pem");
  EXPECT_EQ(result.channel.tls_key_file, "/opt/key.pem");
  EXPECT_EQ(result.token_file, "/tmp/token");
  EXPECT_EQ(result.function.name, "f");
  EXPECT_EQ(result.function.version, "7");
  EXPECT_EQ(result.function.memory_mb, 256u);
  EXPECT_EQ(result.function.region, "eu-central-1");
  EXPECT_TRUE(result.function.snap_start());
}

TEST(ConfigurationTest, AWrongValueIsOneLineAndItsDefault) {
  for (const auto& [name, value] : os::Environment{{"LAMBENT_SAMPLE_HZ", "a thousand"},
                                                   {"LAMBENT_SAMPLE_HZ ", "0"},
                                                   {"LAMBENT_OVERHEAD_BUDGET", "nan"},
                                                   {"LAMBENT_OVERHEAD_BUDGET ", "-1"},
                                                   {"LAMBENT_FLUSH", "never"},
                                                   {"LAMBENT_MAX_BUFFER_BYTES", "8 MiB"},
                                                   {"LAMBENT_TLS", "maybe"},
                                                   {"LAMBENT_LOG", "loud"},
                                                   {"LAMBENT_DISABLED", "perhaps"}}) {
    const std::string variable = name.substr(0, name.find(' '));
    const Configuration result = Read({{variable, value}});
    ASSERT_EQ(result.complaints.size(), 1u) << variable << "=" << value;
    EXPECT_THAT(result.complaints[0], HasSubstr(variable + "=\"" + value + "\""));
    EXPECT_THAT(result.complaints[0], HasSubstr("; using "));
    EXPECT_TRUE(result.enabled);
    EXPECT_EQ(result.session.sample_hz, 99u);
    EXPECT_EQ(result.session.overhead_budget, 0.01);
    EXPECT_TRUE(result.channel.tls);
  }
}

TEST(ConfigurationTest, SaysTheBoundsOfANumber) {
  EXPECT_THAT(Read({{"LAMBENT_SAMPLE_HZ", "5000"}}).complaints,
              ElementsAre("LAMBENT_SAMPLE_HZ=\"5000\" is not a whole number from 1 to 1000; "
                          "using 99"));
}

TEST(ConfigurationTest, WithoutACollectorNothingIsProfiledAndThatIsSaid) {
  const Configuration none = ReadConfiguration({});
  EXPECT_FALSE(none.enabled);
  ASSERT_EQ(none.complaints.size(), 1u);
  EXPECT_THAT(none.complaints[0], HasSubstr("LAMBENT_COLLECTOR is not set"));
  for (const char* wrong : {"collector", ":4820", "host:0", "host:99999", "http://host:4820/",
                            "host:4820,other:4820", "a b:4820"}) {
    const Configuration result = ReadConfiguration({{"LAMBENT_COLLECTOR", wrong}});
    EXPECT_FALSE(result.enabled) << wrong;
    ASSERT_EQ(result.complaints.size(), 1u) << wrong;
    EXPECT_THAT(result.complaints[0], HasSubstr("is not host:port; nothing is profiled"));
  }
}

TEST(ConfigurationTest, DisabledIsSilent) {
  for (const char* on : {"1", "true", "on", "YES"}) {
    const Configuration result =
        ReadConfiguration({{"LAMBENT_DISABLED", on}, {"LAMBENT_SAMPLE_HZ", "wrong"}});
    EXPECT_FALSE(result.enabled);
    EXPECT_THAT(result.complaints, IsEmpty());
  }
  EXPECT_TRUE(Read({{"LAMBENT_DISABLED", "0"}}).enabled);
}

TEST(ConfigurationTest, TlsIsOffOnLoopbackUnlessWished) {
  EXPECT_FALSE(ReadConfiguration({{"LAMBENT_COLLECTOR", "127.0.0.1:4820"}}).channel.tls);
  EXPECT_TRUE(ReadConfiguration({{"LAMBENT_COLLECTOR", "127.0.0.1:4820"}, {"LAMBENT_TLS", "on"}})
                  .channel.tls);
}

TEST(ConfigurationTest, HalfAClientCertificateIsNone) {
  const Configuration result = Read({{"LAMBENT_TLS_CERT_FILE", "/opt/cert.pem"}});
  EXPECT_EQ(result.channel.tls_certificate_file, "");
  ASSERT_EQ(result.complaints.size(), 1u);
  EXPECT_THAT(result.complaints[0], HasSubstr("belong together"));
}

TEST(ConfigurationTest, LongValuesAreCutInComplaints) {
  EXPECT_LT(Read({{"LAMBENT_FLUSH", std::string(10'000, 'x')}}).complaints.at(0).size(), 300u);
}

}  // namespace
}  // namespace lambent
