// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include "extensions/stream/grpc_batch_stream.h"
#include "extensions/stream/hello.h"
#include "lambent/v1/ingest.grpc.pb.h"
#include "tests/support/certificates.h"
#include "tests/support/program.h"

namespace lambent {
namespace {

using support::Certificates;
using ::testing::HasSubstr;

// Welcomes everybody whom its credentials let in.
class WelcomingCollector final : public v1::Ingest::Service {
 public:
  explicit WelcomingCollector(const std::shared_ptr<grpc::ServerCredentials>& credentials) {
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  int port() const { return port_; }

  grpc::Status Stream(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::ServerMessage, v1::ClientMessage>* stream) override {
    v1::ClientMessage message;
    v1::ServerMessage answer;
    answer.mutable_welcome()->set_collector_version("tls");
    while (stream->Read(&message)) stream->Write(answer);
    return grpc::Status::OK;
  }

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

class TlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto ours = Certificates::Create("DNS:localhost,IP:127.0.0.1");
    if (!ours.ok()) GTEST_SKIP() << "no certificates without openssl: " << ours.status();
    ours_ = std::make_unique<Certificates>(*std::move(ours));
  }

  std::shared_ptr<grpc::ServerCredentials> Tls(bool asks_clients = false) const {
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs.push_back({support::ReadFile(ours_->server_key_file()),
                                          support::ReadFile(ours_->server_certificate_file())});
    if (asks_clients) {
      options.pem_root_certs = support::ReadFile(ours_->ca_file());
      options.client_certificate_request =
          GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
    }
    return grpc::SslServerCredentials(options);
  }

  // OK when a Hello was answered, else how the stream ended.
  static absl::Status Greet(const ChannelSettings& settings) {
    const std::unique_ptr<BatchStream> stream = GrpcStreamOpener(settings)();
    stream->Write(HelloMessage(Greeting{}, 0));
    for (;;) {
      const StreamEvent event = stream->Next(absl::InfiniteDuration());
      if (event.kind == StreamEvent::Kind::kMessage) return absl::OkStatus();
      if (event.kind == StreamEvent::Kind::kClosed) return event.status;
    }
  }
  ChannelSettings To(const WelcomingCollector& collector, const char* host = "localhost") const {
    ChannelSettings settings;
    settings.collector = std::string(host) + ":" + std::to_string(collector.port());
    settings.tls = true;
    settings.tls_ca_file = ours_->ca_file();
    return settings;
  }

  std::unique_ptr<Certificates> ours_;
};

TEST_F(TlsTest, ConnectsToACollectorOfItsAuthority) {
  const WelcomingCollector collector(Tls());
  EXPECT_TRUE(Greet(To(collector)).ok()) << Greet(To(collector));
  EXPECT_TRUE(Greet(To(collector, "127.0.0.1")).ok());
}

TEST_F(TlsTest, RefusesACollectorOfAnotherAuthority) {
  const WelcomingCollector collector(Tls());
  const auto others = Certificates::Create("DNS:localhost");
  ASSERT_TRUE(others.ok());
  ChannelSettings settings = To(collector);
  settings.tls_ca_file = others->ca_file();
  const absl::Status refused = Greet(settings);
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("its certificate is not of an authority"));
}

TEST_F(TlsTest, RefusesACertificateForAnotherName) {
  auto others = Certificates::Create("DNS:collector.example");
  ASSERT_TRUE(others.ok());
  *ours_ = *std::move(others);
  const WelcomingCollector collector(Tls());
  const absl::Status refused = Greet(To(collector));
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("its certificate is for another name"));
}

TEST_F(TlsTest, TellsACollectorWithoutTls) {
  const WelcomingCollector collector(grpc::InsecureServerCredentials());
  const absl::Status refused = Greet(To(collector));
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("it speaks plain text"));
}

TEST_F(TlsTest, PlainTextToACollectorWithTlsFails) {
  const WelcomingCollector collector(Tls());
  ChannelSettings settings = To(collector);
  settings.tls = false;
  EXPECT_EQ(Greet(settings).code(), absl::StatusCode::kUnavailable);
}

TEST_F(TlsTest, ShowsItsOwnCertificate) {
  const WelcomingCollector collector(Tls(true));
  EXPECT_EQ(Greet(To(collector)).code(), absl::StatusCode::kUnavailable);
  ChannelSettings settings = To(collector);
  settings.tls_certificate_file = ours_->client_certificate_file();
  settings.tls_key_file = ours_->client_key_file();
  EXPECT_TRUE(Greet(settings).ok()) << Greet(settings);
}

}  // namespace
}  // namespace lambent
