// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/query/profile_queries.h"
#include "collector/render/folded.h"
#include "collector/server/collector.h"
#include "extensions/stream/grpc_batch_stream.h"
#include "extensions/stream/symbol_uploads.h"
#include "extensions/stream/uplink.h"
#include "profiler/encode/compress.h"
#include "profiler/os/process_files.h"
#include "profiler/os/temp_dir.h"
#include "profiler/symbols/module_files.h"
#include "profiler/target/elf_image.h"
#include "tests/support/wire_batch.h"

// Set by the linker: where this program's ELF header was loaded.
extern "C" const char __ehdr_start;

namespace lambent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

extern "C" __attribute__((noinline, used)) int LambentSymbolDeliveryMarker(int x) {
  __asm__ volatile("" : "+r"(x));
  return x + 3;
}

// This program, as a module of a sampled process.
Module OwnModule() {
  const auto proc = os::CreateProcFiles();
  Module module;
  proc->OpenProcess(proc->SelfPid())->ReadExe(&module.path);
  const auto file = os::OpenFileBytes(module.path);
  module.build_id = ElfImage::Parse(**file)->BuildId();
  return module;
}

uint64_t MarkerAddress() {
  const auto here = reinterpret_cast<uint64_t>(&LambentSymbolDeliveryMarker) + 1;
  const auto file = os::OpenFileBytes("/proc/self/exe");
  // Linked to a fixed address, the file's addresses are the process's.
  return ElfImage::Parse(**file)->low() != 0 ? here
                                             : here - reinterpret_cast<uint64_t>(&__ehdr_start);
}

// Counts what the collector asks.
class CountingSource final : public SymbolSource {
 public:
  explicit CountingSource(SymbolSource& source) : source_(source) {}
  void Ask(std::vector<std::string> build_ids) override {
    asked += static_cast<int>(build_ids.size());
    source_.Ask(std::move(build_ids));
  }
  std::optional<EncodedSymbols> Take() override {
    std::optional<EncodedSymbols> part = source_.Take();
    if (part.has_value() && part->last) ++tables;
    return part;
  }
  void Forget() override { source_.Forget(); }

  std::atomic<int> asked{0};
  std::atomic<int> tables{0};

 private:
  SymbolSource& source_;
};

// The extension's half of one execution environment, whose samples are in this program's code.
class Environment {
 public:
  Environment(char id, int port, const Module& module)
      : module_(module), outbox_(1 << 20, [this] { uplink_->Wake(); }) {
    files_.Add(os::CreateProcFiles()->SelfPid(), module_);
    Greeting greeting;
    greeting.environment_id = std::string(16, id);
    greeting.function_name = "native";
    greeting.provides_symbols = true;
    UplinkOptions options;
    options.flush = FlushMode::kImmediate;
    ChannelSettings channel;
    channel.collector = absl::StrCat("127.0.0.1:", port);
    uplink_ = std::make_unique<Uplink>(options, greeting, os::RealClock(), outbox_,
                                       GrpcStreamOpener(channel), UplinkCallbacks{}, &counted);
    uplink_->Start();
  }
  // Ends the uplink's thread before what it uses, and that before the uplink.
  ~Environment() { uplink_->Stop(); }

  // A batch with one sample, and its acknowledgement.
  void Deliver() {
    v1::BatchContent content;
    content.set_dictionary_epoch(1);
    content.set_epoch_first_sequence(1);
    if (++sequence_ == 1) {
      v1::Dictionary& dictionary = *content.mutable_dictionary();
      dictionary.add_strings(module_.path);
      dictionary.add_strings("main");
      dictionary.add_module_path(1);
      dictionary.add_module_build_id(module_.build_id);
      testing::AddFrame(dictionary, v1::FRAME_KIND_NATIVE, 0, 1, MarkerAddress());
      dictionary.add_stack_parent(0);
      dictionary.add_stack_frame(1);
      dictionary.add_thread_pid(1);
      dictionary.add_thread_tid(1);
      dictionary.add_thread_name(2);
    }
    v1::Segment& segment = *content.add_segments();
    segment.set_phase(v1::PHASE_INVOKE);
    segment.set_request_id("r");
    segment.set_start_unix_us(testing::kTestTimeUs);
    testing::AddRow(*segment.mutable_samples(), 0, 1, 1, 1);
    const std::string raw = content.SerializeAsString();
    EncodedBatch batch;
    batch.sequence = sequence_;
    batch.dictionary_epoch = 1;
    batch.content = batch.remainder = Compressor().Compress(raw);
    batch.content_bytes = batch.remainder_bytes = static_cast<uint32_t>(raw.size());
    batch.samples = 1;
    outbox_.Put(batch);
    while (outbox_.backlog().batches != 0) absl::SleepFor(absl::Milliseconds(1));
  }

  void BeginInvocation() { uplink_->OnPhase(Phase::kInvoke); }

 private:
  const Module module_;
  ModuleFiles files_{os::CreateProcFiles()};
  Outbox outbox_;
  uint64_t sequence_ = 0;
  std::unique_ptr<Uplink> uplink_;
  SymbolUploads uploads_{[this](const std::string& id) { return files_.Open(id); },
                         [this] { uplink_->Wake(); }};

 public:
  CountingSource counted{uploads_};
};

class SymbolDeliveryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    collector::CollectorOptions options;
    options.data_directory = directory_.path();
    options.grpc.port = 0;
    options.http.port = 0;
    auto collector = collector::Collector::Start(options, os::RealClock());
    ASSERT_TRUE(collector.ok()) << collector.status();
    collector_ = *std::move(collector);
    ASSERT_FALSE(module_.build_id.empty()) << "linked without --build-id";
  }

  std::string Folded() {
    const auto profile = collector::MergeProfile(collector_->store(), collector::Selection{});
    EXPECT_TRUE(profile.ok()) << profile.status();
    return collector::RenderFolded(*profile, collector::Weight::kSamples);
  }

  const os::TempDir directory_ = *os::TempDir::Create("lambent-symbols-");
  const Module module_ = OwnModule();
  std::unique_ptr<collector::Collector> collector_;
};

TEST_F(SymbolDeliveryTest, FramesAreNamedAfterByOneEnvironmentForAll) {
  Environment first('a', collector_->grpc_port(), module_);
  first.Deliver();
  first.Deliver();
  // In init, when nothing is sent that can wait.
  EXPECT_THAT(Folded(), HasSubstr("+0x"));
  EXPECT_THAT(Folded(), Not(HasSubstr("LambentSymbolDeliveryMarker")));
  EXPECT_EQ(first.counted.asked, 1);

  first.BeginInvocation();
  while (collector_->counters().symbol_tables_stored == 0) absl::SleepFor(absl::Milliseconds(1));

  EXPECT_THAT(Folded(), HasSubstr("LambentSymbolDeliveryMarker"));
  EXPECT_THAT(Folded(), Not(HasSubstr("+0x")));
  EXPECT_EQ(first.counted.tables, 1);

  // A question would follow the answer to a batch: with the second, there was none.
  Environment second('b', collector_->grpc_port(), module_);
  second.BeginInvocation();
  second.Deliver();
  second.Deliver();
  first.Deliver();
  first.Deliver();
  EXPECT_EQ(second.counted.asked, 0);
  EXPECT_EQ(first.counted.asked, 1);
  EXPECT_EQ(collector_->counters().symbol_tables_stored, 1u);
  EXPECT_EQ(collector_->counters().batches_rejected, 0u);
}

TEST_F(SymbolDeliveryTest, AnEnvironmentMayEndAtAnyTime) {
  for (int i = 0; i < 5; ++i) {
    Environment environment(static_cast<char>('a' + i), collector_->grpc_port(), module_);
    environment.BeginInvocation();
    environment.Deliver();
    absl::SleepFor(absl::Milliseconds(10 * i));  // somewhere in reading, encoding, sending
  }
  EXPECT_EQ(collector_->counters().batches_rejected, 0u);
}

TEST_F(SymbolDeliveryTest, WhatIsGoneIsSaidAndAskedOfAnother) {
  Module gone = module_;
  gone.path = directory_.path() + "/gone";
  Environment first('a', collector_->grpc_port(), gone);
  first.BeginInvocation();
  first.Deliver();
  while (collector_->counters().symbol_tables_refused == 0) absl::SleepFor(absl::Milliseconds(1));
  Environment second('b', collector_->grpc_port(), module_);
  second.BeginInvocation();
  second.Deliver();
  while (collector_->counters().symbol_tables_stored == 0) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_THAT(Folded(), HasSubstr("LambentSymbolDeliveryMarker"));
  EXPECT_THAT(Folded(), Not(HasSubstr("+0x")));
  EXPECT_EQ(first.counted.asked, 1);
  EXPECT_EQ(second.counted.asked, 1);
}

}  // namespace
}  // namespace lambent
