// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/stream/uplink.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include "extensions/stream/grpc_batch_stream.h"
#include "lambent/v1/ingest.grpc.pb.h"

namespace lambent {
namespace {

// A real gRPC server on loopback that keeps the rules in the simplest way. Thread-safe.
class LoopbackCollector final : public v1::Ingest::Service {
 public:
  ~LoopbackCollector() override { Kill(); }

  // On any free port.
  int Listen() {
    grpc::ServerBuilder builder;
    int chosen = 0;
    // Without it a port of another test could be shared.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &chosen);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    EXPECT_NE(server_, nullptr);
    return chosen;
  }
  void Kill() {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    server_.reset();
  }

  // Waits until everything up to `sequence` has arrived: for ever, if it does not.
  void AwaitDurable(uint64_t sequence) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [&]()
                             ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return durable_ >= sequence; };
    mutex_.Await(absl::Condition(&reached));
  }
  // Breaks the stream after this many batches, without an answer to the last.
  void BreakAfter(int batches) {
    absl::MutexLock lock(&mutex_);
    break_after_ = batches;
  }
  uint64_t duplicates() {
    absl::MutexLock lock(&mutex_);
    return duplicates_;
  }
  std::string authorization() {
    absl::MutexLock lock(&mutex_);
    return authorization_;
  }

  grpc::Status Stream(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::ServerMessage, v1::ClientMessage>* stream) override {
    const auto token = context->client_metadata().find("authorization");
    if (token != context->client_metadata().end()) {
      absl::MutexLock lock(&mutex_);
      authorization_.assign(token->second.data(), token->second.size());
    }
    v1::ClientMessage message;
    while (stream->Read(&message)) {
      v1::ServerMessage answer;
      {
        absl::MutexLock lock(&mutex_);
        if (message.has_hello()) {
          answer.mutable_welcome()->set_durable_sequence(durable_);
        } else {
          duplicates_ += message.batch().sequence() <= durable_ ? 1 : 0;
          durable_ = std::max(durable_, message.batch().sequence());
          if (break_after_ > 0 && --break_after_ == 0)
            return grpc::Status(grpc::StatusCode::ABORTED, "x");
          answer.mutable_ack()->set_durable_sequence(durable_);
        }
      }
      stream->Write(answer);
    }
    return grpc::Status::OK;
  }

 private:
  std::unique_ptr<grpc::Server> server_;
  absl::Mutex mutex_;
  uint64_t durable_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t duplicates_ ABSL_GUARDED_BY(mutex_) = 0;
  int break_after_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string authorization_ ABSL_GUARDED_BY(mutex_);
};

class UplinkTest : public ::testing::Test {
 protected:
  UplinkTest()
      : outbox_(1 << 20, [this] {
          if (uplink_ != nullptr) uplink_->Wake();
        }) {}

  void Start(int port) {
    port_ = port;
    UplinkOptions options;
    options.flush = FlushMode::kImmediate;
    uplink_ = std::make_unique<Uplink>(
        options, Greeting{}, os::RealClock(), outbox_, [this] { return Open(); },
        UplinkCallbacks{});
    uplink_->Start();
  }
  // Each attempt goes to where the collector is by then.
  std::unique_ptr<BatchStream> Open() {
    ChannelSettings settings;
    settings.collector = "localhost:" + std::to_string(port_);
    settings.token = "secret";
    return GrpcStreamOpener(settings)();
  }
  void Put(uint64_t sequence) {
    EncodedBatch batch;
    batch.sequence = sequence;
    batch.dictionary_epoch = 1;
    batch.content = std::string(500, 'c');
    outbox_.Put(batch);
  }
  // With all the time it needs: what must give up, must do so by itself.
  bool FinalFlush() { return uplink_->FinalFlush(absl::InfiniteFuture()); }

  LoopbackCollector collector_;
  std::atomic<int> port_{0};
  Outbox outbox_;
  std::unique_ptr<Uplink> uplink_;  // after what it uses
};

TEST_F(UplinkTest, DeliversOverARealConnection) {
  Start(collector_.Listen());
  for (uint64_t i = 1; i <= 50; ++i) Put(i);

  collector_.AwaitDurable(50);
  EXPECT_TRUE(FinalFlush());
  EXPECT_EQ(collector_.authorization(), "Bearer secret");
}

TEST_F(UplinkTest, SurvivesARestartOfTheCollector) {
  Start(collector_.Listen());
  Put(1);
  collector_.AwaitDurable(1);

  collector_.Kill();
  for (uint64_t i = 2; i <= 20; ++i) Put(i);
  port_ = collector_.Listen();

  collector_.AwaitDurable(20);
  EXPECT_TRUE(FinalFlush());
}

TEST_F(UplinkTest, ResendsAfterAStreamThatBroke) {
  collector_.BreakAfter(3);
  Start(collector_.Listen());
  for (uint64_t i = 1; i <= 20; ++i) Put(i);

  collector_.AwaitDurable(20);
  EXPECT_TRUE(FinalFlush());
}

TEST_F(UplinkTest, GivesUpEarlyWhenNobodyListens) {
  const int port = collector_.Listen();
  collector_.Kill();
  Start(port);
  Put(1);

  EXPECT_FALSE(FinalFlush());
}

TEST_F(UplinkTest, EndsWhileConnecting) {
  Start(1);  // nobody listens there
  uplink_->OnPhase(Phase::kInvoke, os::RealClock().UnixTime() + absl::Seconds(3));
  uplink_.reset();
}

TEST_F(UplinkTest, CanBeCalledAfterItStopped) {
  Start(collector_.Listen());
  Put(1);
  collector_.AwaitDurable(1);
  uplink_->Stop();
  uplink_->Stop();
  Put(2);  // wakes it
  uplink_->OnPhase(Phase::kInvoke);
  uplink_->SetGreeting(Greeting{});
  EXPECT_FALSE(FinalFlush());
}

TEST_F(UplinkTest, FinalFlushWithoutStartSaysWhatIsLeft) {
  Uplink uplink(UplinkOptions{}, Greeting{}, os::RealClock(), outbox_,
                GrpcStreamOpener(ChannelSettings{}), UplinkCallbacks{});
  EXPECT_TRUE(uplink.FinalFlush(absl::InfiniteFuture()));
  Put(1);
  EXPECT_FALSE(uplink.FinalFlush(absl::InfiniteFuture()));
}

TEST(GrpcBatchStreamTest, AnUnreadableCertificateFileEndsTheAttempt) {
  ChannelSettings settings;
  settings.collector = "127.0.0.1:1";
  settings.tls = true;
  settings.tls_ca_file = "/nonexistent/ca.pem";

  const StreamEvent event = GrpcStreamOpener(settings)()->Next(absl::ZeroDuration());

  EXPECT_EQ(event.kind, StreamEvent::Kind::kClosed);
  EXPECT_EQ(event.status.code(), absl::StatusCode::kFailedPrecondition);
}

TEST(GrpcBatchStreamTest, TlsIsOffOnLoopbackOnly) {
  EXPECT_FALSE(TlsByDefault("localhost:4820"));
  EXPECT_FALSE(TlsByDefault("127.0.0.1:4820"));
  EXPECT_FALSE(TlsByDefault("[::1]:4820"));
  EXPECT_TRUE(TlsByDefault("collector.example:4820"));
  EXPECT_TRUE(TlsByDefault("127.0.0.1.example:4820"));
  EXPECT_TRUE(TlsByDefault("10.0.0.7:4820"));
}

}  // namespace
}  // namespace lambent
