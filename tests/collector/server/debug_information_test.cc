// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// What the collector makes of code addresses when it has the debugging information.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"
#include <httplib.h>

#include "collector/receive/batch_validator.h"
#include "collector/server/collector.h"
#include "lambent/v1/query.grpc.pb.h"
#include "profiler/os/temp_dir.h"
#include "tests/collector/symbolize/inlined_target.h"
#include "tests/support/wire_batch.h"

namespace lambent::collector {
namespace {

using support::BuildIdOf;
using support::DeepestCode;
using support::LineOf;
using ::testing::HasSubstr;

constexpr char kProgram[] = LAMBENT_INLINED_TARGETS "/inlined_target";

class DebugInformationTest : public ::testing::Test {
 protected:
  DebugInformationTest() : folder_(*os::TempDir::Create("lambent-debug-")) {
    CollectorOptions options;
    options.data_directory = folder_.path() + "/data";
    options.grpc.port = 0;
    options.http.port = 0;
    options.debug_directories = {folder_.path() + "/none", folder_.path() + "/debug"};
    auto collector = Collector::Start(options, os::RealClock());
    EXPECT_TRUE(collector.ok()) << collector.status();
    collector_ = *std::move(collector);
  }

  // One native frame of a stripped program, in another machine's folder.
  void StoreFrame() {
    v1::BatchContent content = testing::GoodContent();
    v1::Dictionary& dictionary = *content.mutable_dictionary();
    dictionary.set_module_build_id(0, BuildIdOf(kProgram));
    dictionary.set_frame_address(2, DeepestCode(kProgram));
    for (const uint64_t address : {uint64_t{0}, uint64_t{0}, DeepestCode(kProgram)}) {
      dictionary.add_frame_code_address(address);
    }
    auto session = collector_->store().OpenEnvironment(*ValidateHello(testing::GoodHello()), 1);
    ASSERT_TRUE(session.ok()) << session.status();
    const auto batch = ValidateBatch(testing::Sealed(1, content), (*session)->extent);
    ASSERT_TRUE(batch.ok()) << batch.status();
    ASSERT_TRUE(collector_->store().StoreBatch(**session, *batch, 1).ok());
  }

  std::string OverHttp(const std::string& format) {
    httplib::Client client("127.0.0.1", collector_->http_port());
    const auto answer = client.Get(absl::StrCat("/export?format=", format).c_str());
    return answer ? answer->body : std::string();
  }

  std::string OverGrpc(v1::Format format) {
    const auto query = v1::Query::NewStub(grpc::CreateChannel(
        absl::StrCat("127.0.0.1:", collector_->grpc_port()), grpc::InsecureChannelCredentials()));
    v1::ExportRequest request;
    request.set_format(format);
    grpc::ClientContext context;
    const auto reader = query->Export(&context, request);
    std::string content;
    for (v1::ExportChunk chunk; reader->Read(&chunk);) content += chunk.content();
    EXPECT_TRUE(reader->Finish().ok());
    return content;
  }

  const os::TempDir folder_;
  std::unique_ptr<Collector> collector_;
};

const std::string kInlined = absl::StrCat(
    "main;inlined::Outer(unsigned long);void inlined::Middle<unsigned long>(unsigned long);"
    "inlined::Worker::Inner(unsigned long);",
    support::kHidden, " ");

TEST_F(DebugInformationTest, ShowsInlinedFunctionsOnceTheDebugFileIsThere) {
  StoreFrame();
  EXPECT_THAT(OverHttp("folded"), HasSubstr("main;[libx.so+0x"));

  support::SplitDebugInformation(kProgram, folder_.path() + "/debug", folder_.path() + "/stripped");

  EXPECT_THAT(OverHttp("folded"), HasSubstr(kInlined));
  EXPECT_THAT(OverGrpc(v1::FORMAT_FOLDED), HasSubstr(kInlined));
}

TEST_F(DebugInformationTest, SaysTheLinesThatWereExecuted) {
  StoreFrame();
  support::SplitDebugInformation(kProgram, folder_.path() + "/debug", folder_.path() + "/stripped");

  const std::string json = OverHttp("json");

  EXPECT_THAT(json, HasSubstr(absl::StrCat(
                        "\"current_line\":", LineOf("inlined_work.h", "the spinning line"),
                        ",\"inlined\":true")));
  EXPECT_THAT(json, HasSubstr(absl::StrCat(
                        "\"current_line\":", LineOf("inlined_target.cc", "the outer call"),
                        ",\"module\":\"/opt/libx.so\"")));
}

}  // namespace
}  // namespace lambent::collector
