// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/server/collector.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"

#include "collector/query/profile_queries.h"
#include "lambent/v1/ingest.grpc.pb.h"
#include "lambent/v1/query.grpc.pb.h"
#include "profiler/os/temp_dir.h"
#include "tests/support/collector_process.h"
#include "tests/support/wire_batch.h"

namespace lambent::collector {
namespace {

using testing::GoodContent;
using testing::GoodHello;
using ::testing::HasSubstr;
using testing::Sealed;

// A connection of its own, not one shared with (and as tired as) an earlier one to the address.
std::shared_ptr<grpc::Channel> OwnChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// One environment's stream to a collector, sent as the extension does.
class Client {
 public:
  explicit Client(const std::string& address, char id = 'e')
      : channel_(OwnChannel(address)), stub_(v1::Ingest::NewStub(channel_)) {
    context_.set_wait_for_ready(true);
    stream_ = stub_->Stream(&context_);
    v1::ClientMessage hello;
    *hello.mutable_hello() = GoodHello(id);
    stream_->Write(hello);
    welcomed_ = stream_->Read(&answer_);
  }

  bool welcomed() const { return welcomed_; }
  uint64_t durable() const { return answer_.welcome().durable_sequence(); }
  bool Send(const v1::Batch& batch) {
    v1::ClientMessage message;
    *message.mutable_batch() = batch;
    return stream_->Write(message);
  }
  // The next answer's acknowledged sequence, 0 when there is none.
  uint64_t Acked() {
    v1::ServerMessage answer;
    return stream_->Read(&answer) ? answer.ack().durable_sequence() : 0;
  }
  grpc::Status Finish() {
    stream_->WritesDone();
    return stream_->Finish();
  }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Ingest::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ClientMessage, v1::ServerMessage>> stream_;
  v1::ServerMessage answer_;
  bool welcomed_ = false;
};

v1::BatchContent Repeated(const std::string& request_id) {
  v1::BatchContent content;
  content.set_dictionary_epoch(1);
  testing::AddSegment(content, request_id, v1::PHASE_INVOKE);
  return content;
}

class CollectorTest : public ::testing::Test {
 protected:
  CollectorTest() : directory_(*os::TempDir::Create("lambent-collector-")) {
    CollectorOptions options;
    options.data_directory = directory_.path();
    options.grpc.port = 0;
    options.http.port = 0;
    auto collector = Collector::Start(options, os::RealClock());
    EXPECT_TRUE(collector.ok()) << collector.status();
    collector_ = *std::move(collector);
    address_ = absl::StrCat("127.0.0.1:", collector_->grpc_port());
    query_ = v1::Query::NewStub(grpc::CreateChannel(address_, grpc::InsecureChannelCredentials()));
  }

  std::string Export(const v1::ExportRequest& request, grpc::Status* status) {
    grpc::ClientContext context;
    auto reader = query_->Export(&context, request);
    std::string content;
    for (v1::ExportChunk chunk; reader->Read(&chunk);) content += chunk.content();
    *status = reader->Finish();
    return content;
  }

  const os::TempDir directory_;
  std::unique_ptr<Collector> collector_;
  std::string address_;
  std::unique_ptr<v1::Query::Stub> query_;
};

TEST_F(CollectorTest, EverySampleSentIsInTheProfileOrAmongTheDrops) {
  constexpr int kEnvironments = 6;
  constexpr uint64_t kBatches = 20;
  std::vector<std::thread> threads;
  for (int i = 0; i < kEnvironments; ++i) {
    threads.emplace_back([this, i] {
      Client client(address_, static_cast<char>('a' + i));
      ASSERT_TRUE(client.welcomed());
      client.Send(Sealed(1, GoodContent()));
      for (uint64_t sequence = 2; sequence <= kBatches; ++sequence) {
        client.Send(Sealed(sequence, Repeated(absl::StrCat("r", i, "-", sequence))));
      }
      while (client.Acked() != kBatches) {
      }
      EXPECT_TRUE(client.Finish().ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto profile = MergeProfile(collector_->store(), {});
  ASSERT_TRUE(profile.ok()) << profile.status();
  uint64_t rendered = 0;
  for (const Profile::Row& row : profile->rows) rendered += row.samples;
  EXPECT_EQ(rendered, 5U * kEnvironments * kBatches);
  ASSERT_EQ(profile->drops.size(), 1U);
  EXPECT_EQ(profile->drops[0].second, 2U * kEnvironments * kBatches);

  v1::ExportRequest request;
  request.set_format(v1::FORMAT_FOLDED);
  request.set_weight(v1::WEIGHT_SAMPLES);
  grpc::Status status;
  uint64_t folded = 0;
  for (const std::string& line : std::vector<std::string>(
           absl::StrSplit(Export(request, &status), '\n', absl::SkipEmpty()))) {
    if (line[0] == '#') continue;
    folded += std::stoull(line.substr(line.rfind(' ')));
  }
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(folded, rendered);
}

TEST_F(CollectorTest, AnswersQueriesOverTheWire) {
  Client client(address_);
  client.Send(Sealed(1, GoodContent()));
  ASSERT_EQ(client.Acked(), 1U);
  {
    grpc::ClientContext context;
    v1::ListFunctionsResponse functions;
    ASSERT_TRUE(query_->ListFunctions(&context, {}, &functions).ok());
    ASSERT_EQ(functions.functions_size(), 1);
    EXPECT_EQ(functions.functions(0).name(), "orders");
    EXPECT_EQ(functions.functions(0).samples(), 5U);
  }
  {
    grpc::ClientContext context;
    v1::ListInvocationsResponse invocations;
    ASSERT_TRUE(query_->ListInvocations(&context, {}, &invocations).ok());
    ASSERT_EQ(invocations.invocations_size(), 1);
    EXPECT_EQ(invocations.invocations(0).request_id(), "r1");
    EXPECT_EQ(invocations.invocations(0).drops(0).samples(), 2U);
  }
  {
    grpc::ClientContext context;
    v1::GetStatusResponse answer;
    ASSERT_TRUE(query_->GetStatus(&context, {}, &answer).ok());
    EXPECT_EQ(answer.batches_accepted(), 1U);
    EXPECT_EQ(answer.environments_connected(), 1U);
    EXPECT_GT(answer.database_bytes(), 0U);
  }
}

TEST_F(CollectorTest, SaysWhenNothingMatchesOrTheRequestIsWrong) {
  v1::ExportRequest request;
  grpc::Status status;
  Export(request, &status);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  request.mutable_selection()->set_environment_id("xyz");
  Export(request, &status);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(CollectorTest, RefusesAnAddressInUse) {
  const auto other_directory = os::TempDir::Create("lambent-collector-");
  CollectorOptions options;
  options.data_directory = other_directory->path();
  options.http.port = 0;
  options.grpc.port = collector_->grpc_port();
  const auto second = Collector::Start(options, os::RealClock());
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), ::testing::HasSubstr("is in use"));
}

TEST_F(CollectorTest, StopsWhileStreamsAreOpen) {
  Client client(address_);
  client.Send(Sealed(1, GoodContent()));
  ASSERT_EQ(client.Acked(), 1U);
  collector_->Stop();
  EXPECT_FALSE(client.Finish().ok());
}

// The real program, killed with SIGKILL while it writes, several times over: what it acknowledged
// is there, and what it did not can be sent again without counting twice.
TEST(CollectorKilledTest, WhatWasAcknowledgedSurvives) {
  constexpr uint64_t kBatches = 120;
  const auto directory = os::TempDir::Create("lambent-killed-");
  support::CollectorProcess collector(LAMBENT_BINARY_DIR, directory->path());
  ASSERT_TRUE(collector.Start().ok());
  uint64_t acked = 0;
  for (int round = 0; round < 4; ++round) {
    Client client(collector.grpc());
    ASSERT_TRUE(client.welcomed());
    EXPECT_GE(client.durable(), acked);
    const uint64_t last = kBatches * static_cast<uint64_t>(round + 1) / 4;
    for (uint64_t sequence = client.durable() + 1; sequence <= last; ++sequence) {
      if (!client.Send(Sealed(sequence, sequence == 1 ? GoodContent() : Repeated("r1")))) break;
    }
    // Only half of them are waited for: the rest is under way when the program dies.
    while (acked < last - kBatches / 8) {
      const uint64_t next = client.Acked();
      ASSERT_GT(next, 0U);
      acked = next;
    }
    collector.KillHard();
    ASSERT_TRUE(collector.Start().ok());
  }
  Client client(collector.grpc());
  ASSERT_GE(client.durable(), acked);
  const uint64_t missing = kBatches - client.durable();
  for (uint64_t sequence = client.durable() + 1; sequence <= kBatches; ++sequence) {
    client.Send(Sealed(sequence, Repeated("r1")));
  }
  for (uint64_t i = 0; i < missing; ++i) client.Acked();
  auto query =
      v1::Query::NewStub(grpc::CreateChannel(collector.grpc(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  v1::ListInvocationsResponse invocations;
  ASSERT_TRUE(query->ListInvocations(&context, {}, &invocations).ok());
  ASSERT_EQ(invocations.invocations_size(), 1);
  EXPECT_EQ(invocations.invocations(0).samples(), 5 * kBatches);
  EXPECT_EQ(invocations.invocations(0).drops(0).samples(), 2 * kBatches);
}

TEST(CollectorProgramTest, EndsCleanlyWhenAsked) {
  const auto directory = os::TempDir::Create("lambent-program-");
  support::CollectorProcess collector(LAMBENT_BINARY_DIR, directory->path());
  ASSERT_TRUE(collector.Start().ok());
  const support::Finished finished = collector.StopGently();
  EXPECT_TRUE(finished.ok()) << finished.Describe();
}

TEST(CollectorProgramTest, AStrangersTextsDoNotFillItsLog) {
  const auto directory = os::TempDir::Create("lambent-program-");
  support::CollectorProcess collector(LAMBENT_BINARY_DIR, directory->path());
  ASSERT_TRUE(collector.Start().ok());
  auto query = v1::Query::NewStub(OwnChannel(collector.grpc()));
  v1::ListInvocationsRequest request;
  request.mutable_selection()->set_function_name("\xff\xfe");
  ::testing::internal::CaptureStderr();  // protobuf speaks here, too
  for (int i = 0; i < 20; ++i) {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    v1::ListInvocationsResponse response;
    EXPECT_FALSE(query->ListInvocations(&context, request, &response).ok());
  }
  ::testing::internal::GetCapturedStderr();
  const support::Finished finished = collector.StopGently();
  EXPECT_TRUE(finished.ok()) << finished.Describe();
  EXPECT_THAT(finished.err, HasSubstr("lambent_malformed_messages_total"));
  const std::vector<std::string> lines = absl::StrSplit(finished.err, '\n', absl::SkipEmpty());
  EXPECT_EQ(lines.size(), 1U) << finished.err;
}

}  // namespace
}  // namespace lambent::collector
