// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A collector that asks who is there, and clients that are or are not let in.
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"
#include <httplib.h>

#include "collector/server/collector.h"
#include "lambent/v1/ingest.grpc.pb.h"
#include "lambent/v1/query.grpc.pb.h"
#include "profiler/os/temp_dir.h"
#include "tests/fakes/fake_clock.h"
#include "tests/support/certificates.h"
#include "tests/support/program.h"
#include "tests/support/wire_batch.h"

namespace lambent::collector {
namespace {

using support::Certificates;
using ::testing::HasSubstr;

class AccessTest : public ::testing::Test {
 protected:
  AccessTest() : folder_(*os::TempDir::Create("lambent-access-")) {
    options_.data_directory = folder_.path() + "/data";
    options_.grpc = options_.http = {"127.0.0.1", 0};
  }
  absl::Status Start() {
    auto collector = Collector::Start(options_, clock_);
    if (!collector.ok()) return collector.status();
    collector_ = *std::move(collector);
    return absl::OkStatus();
  }
  void UseToken(const std::string& content) {
    options_.token_file = folder_.path() + "/token";
    support::WriteFile(options_.token_file, content);
  }
  void UseTls(const Certificates& certificates) {
    options_.tls_certificate_file = certificates.server_certificate_file();
    options_.tls_key_file = certificates.server_key_file();
  }
  std::shared_ptr<grpc::Channel> Channel(
      const std::shared_ptr<grpc::ChannelCredentials>& credentials) const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(collector_->grpc_port()),
                                     credentials, arguments);
  }
  // How asking for a list, and greeting, end.
  static grpc::StatusCode Ask(const std::shared_ptr<grpc::Channel>& channel,
                              const std::string& token) {
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    v1::ListFunctionsResponse answer;
    return v1::Query::NewStub(channel)->ListFunctions(&context, {}, &answer).error_code();
  }
  static grpc::StatusCode Greet(const std::shared_ptr<grpc::Channel>& channel,
                                const std::string& token) {
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    const auto stub = v1::Ingest::NewStub(channel);
    const auto stream = stub->Stream(&context);
    v1::ClientMessage hello;
    *hello.mutable_hello() = testing::GoodHello();
    stream->Write(hello);
    stream->WritesDone();
    v1::ServerMessage answer;
    while (stream->Read(&answer)) {
    }
    return stream->Finish().error_code();
  }

  const os::TempDir folder_;
  fakes::FakeClock clock_;
  CollectorOptions options_;
  std::unique_ptr<Collector> collector_;
};

TEST_F(AccessTest, OnlyTheTokenOpensIt) {
  UseToken(" secret\n");
  ASSERT_TRUE(Start().ok());
  const auto channel = Channel(grpc::InsecureChannelCredentials());
  EXPECT_EQ(Ask(channel, "secret"), grpc::StatusCode::OK);
  EXPECT_EQ(Greet(channel, "secret"), grpc::StatusCode::OK);
  for (const char* wrong : {"", "other"}) {
    EXPECT_EQ(Ask(channel, wrong), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(Greet(channel, wrong), grpc::StatusCode::UNAUTHENTICATED);
  }
  httplib::Client web("127.0.0.1", collector_->http_port());
  EXPECT_EQ(web.Get("/")->status, 401);
  EXPECT_EQ(web.Get("/metrics")->status, 401);
  EXPECT_EQ(web.Get("/healthz")->status, 200);
  web.set_basic_auth("anybody", "secret");
  EXPECT_EQ(web.Get("/")->status, 200);
}

TEST_F(AccessTest, SpeaksTlsOnBothPorts) {
  const auto ours = Certificates::Create("DNS:localhost,IP:127.0.0.1");
  if (!ours.ok()) GTEST_SKIP() << "no certificates without openssl: " << ours.status();
  UseTls(*ours);
  ASSERT_TRUE(Start().ok());
  grpc::SslCredentialsOptions trust;
  trust.pem_root_certs = support::ReadFile(ours->ca_file());
  EXPECT_EQ(Greet(Channel(grpc::SslCredentials(trust)), ""), grpc::StatusCode::OK);
  EXPECT_EQ(Greet(Channel(grpc::InsecureChannelCredentials()), ""), grpc::StatusCode::UNAVAILABLE);
  httplib::SSLClient web("127.0.0.1", collector_->http_port());
  web.set_ca_cert_path(ours->ca_file().c_str());
  web.enable_server_certificate_verification(true);
  const auto page = web.Get("/healthz");
  ASSERT_TRUE(page) << httplib::to_string(page.error());
  EXPECT_EQ(page->status, 200);
}

TEST_F(AccessTest, OnlyACertificateOfTheAuthorityOpensIt) {
  const auto ours = Certificates::Create("DNS:localhost,IP:127.0.0.1");
  if (!ours.ok()) GTEST_SKIP() << "no certificates without openssl: " << ours.status();
  UseTls(*ours);
  options_.tls_client_ca_file = ours->ca_file();
  ASSERT_TRUE(Start().ok());
  grpc::SslCredentialsOptions trust;
  trust.pem_root_certs = support::ReadFile(ours->ca_file());
  EXPECT_EQ(Greet(Channel(grpc::SslCredentials(trust)), ""), grpc::StatusCode::UNAVAILABLE);
  trust.pem_cert_chain = support::ReadFile(ours->client_certificate_file());
  trust.pem_private_key = support::ReadFile(ours->client_key_file());
  EXPECT_EQ(Greet(Channel(grpc::SslCredentials(trust)), ""), grpc::StatusCode::OK);
}

TEST_F(AccessTest, SaysWhichFileIsWrong) {
  UseToken(" \n");
  EXPECT_THAT(std::string(Start().message()), HasSubstr("--token-file"));
  options_.token_file = "/nonexistent/token";
  EXPECT_THAT(std::string(Start().message()), HasSubstr("--token-file /nonexistent/token"));
  options_.token_file.clear();
  options_.tls_certificate_file = options_.tls_key_file = "/nonexistent/pem";
  EXPECT_THAT(std::string(Start().message()), HasSubstr("--tls-cert /nonexistent/pem"));
  options_.tls_certificate_file = options_.tls_key_file = folder_.path() + "/junk";
  support::WriteFile(options_.tls_key_file, "junk");
  EXPECT_THAT(std::string(Start().message()), HasSubstr("not a certificate"));
}

}  // namespace
}  // namespace lambent::collector
