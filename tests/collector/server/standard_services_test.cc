// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// gRPC's own services, health checking and reflection, as any client of theirs sees them. Their
// messages are written by hand: no generated code for them is installed.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/byte_buffer.h"
#include "gtest/gtest.h"

#include "collector/server/collector.h"
#include "profiler/os/clock.h"
#include "profiler/os/temp_dir.h"

namespace lambent::collector {
namespace {

using ::testing::HasSubstr;

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.Valid() || !buffer.DumpToSingleSlice(&slice).ok()) return "";
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

class StandardServicesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    CollectorOptions options;
    options.data_directory = dir_.path() + "/data";
    options.grpc.port = options.http.port = 0;
    auto started = Collector::Start(options, os::RealClock());
    ASSERT_TRUE(started.ok()) << started.status();
    collector_ = *std::move(started);
    stub_ = std::make_unique<grpc::GenericStub>(grpc::CreateChannel(
        absl::StrCat("127.0.0.1:", collector_->grpc_port()), grpc::InsecureChannelCredentials()));
  }

  // Sends one message and returns the first that comes back, or "".
  std::string Call(const std::string& method, const std::string& request) {
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    const auto step = [&queue] {
      void* tag = nullptr;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    };
    auto call = stub_->PrepareCall(&context, method, &queue);
    call->StartCall(nullptr);
    if (!step()) return "";
    call->Write(BufferOf(request), nullptr);
    if (!step()) return "";
    call->WritesDone(nullptr);
    if (!step()) return "";
    grpc::ByteBuffer answer;
    call->Read(&answer, nullptr);
    const bool answered = step();
    grpc::Status status;
    context.TryCancel();
    call->Finish(&status, nullptr);
    step();
    queue.Shutdown();
    return answered ? BytesOf(answer) : "";
  }

  const os::TempDir dir_ = *os::TempDir::Create("lambent-services-test-");
  std::unique_ptr<Collector> collector_;
  std::unique_ptr<grpc::GenericStub> stub_;
};

TEST_F(StandardServicesTest, HealthIsServing) {
  // HealthCheckRequest.service (1): empty is the whole server; HealthCheckResponse.status (1):
  // SERVING is 1.
  EXPECT_EQ(Call("/grpc.health.v1.Health/Check", ""), "\x08\x01");
}

TEST_F(StandardServicesTest, ReflectionListsTheServices) {
  // ServerReflectionRequest.list_services (7), any text.
  const std::string list =
      Call("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "\x3a\x01*");
  EXPECT_THAT(list, HasSubstr("lambent.v1.Ingest"));
  EXPECT_THAT(list, HasSubstr("lambent.v1.Query"));
  EXPECT_THAT(list, HasSubstr("grpc.health.v1.Health"));
}

}  // namespace
}  // namespace lambent::collector
