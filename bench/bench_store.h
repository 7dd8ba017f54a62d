// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "collector/receive/batch_validator.h"
#include "collector/receive/validated_hello.h"
#include "collector/store/sqlite_store.h"
#include "lambent/v1/ingest.pb.h"
#include "lambent/v1/profile.pb.h"
#include "profiler/os/temp_dir.h"

// What the collector's benchmarks store: the same on every run. Header-only.
namespace lambent::collector::bench {

inline constexpr int kFunctions = 500;
inline constexpr uint32_t kDepth = 20;
inline constexpr uint32_t kStacks = 2000;
inline constexpr int64_t kStartUs = 1'800'000'000'000'000;

// A small generator, so that every run stores the same.
class Random {
 public:
  uint32_t Below(uint32_t bound) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<uint32_t>(state_ >> 33) % bound;
  }

 private:
  uint64_t state_ = 42;
};

inline v1::Hello Hello(int number) {
  v1::Hello hello;
  std::string id = std::to_string(number);
  id.resize(16, '.');
  hello.set_environment_id(id);
  hello.set_function_name("orders");
  hello.set_function_version("1");
  return hello;
}

// 2000 stacks over 500 functions, about 20 deep.
inline void AddDictionary(v1::BatchContent& content, Random& random) {
  v1::Dictionary& dictionary = *content.mutable_dictionary();
  dictionary.add_strings("MainThread");
  for (int i = 0; i < kFunctions; ++i) {
    dictionary.add_strings("handler_module.function_number_" + std::to_string(i));
    dictionary.add_frame_kind(v1::FRAME_KIND_PYTHON);
    dictionary.add_frame_name(static_cast<uint32_t>(i) + 2);
    dictionary.add_frame_file(0);
    dictionary.add_frame_line(0);
    dictionary.add_frame_module(0);
    dictionary.add_frame_address(0);
  }
  for (uint32_t i = 1; i <= kStacks; ++i) {
    dictionary.add_stack_parent(i <= kDepth ? i - 1 : random.Below(i - 1) + 1);
    dictionary.add_stack_frame(random.Below(kFunctions) + 1);
  }
  dictionary.add_thread_pid(7);
  dictionary.add_thread_tid(7);
  dictionary.add_thread_name(1);
}

// One invocation of `rows` samples at 99 Hz, each with a stack of its own.
inline v1::Batch InvocationBatch(uint64_t sequence, int rows, Random& random) {
  v1::BatchContent content;
  content.set_dictionary_epoch(1);
  content.set_epoch_first_sequence(1);
  if (sequence == 1) AddDictionary(content, random);
  v1::Segment& segment = *content.add_segments();
  segment.set_request_id("8476a536-e9f4-11e8-9739-" + std::to_string(100'000'000 + sequence));
  segment.set_phase(v1::PHASE_INVOKE);
  segment.set_start_unix_us(kStartUs + static_cast<int64_t>(sequence) * 1'000'000);
  v1::SampleColumns& samples = *segment.mutable_samples();
  for (int i = 0; i < rows; ++i) {
    samples.add_start_delta_us(10'101 + random.Below(200));
    samples.add_thread(1);
    samples.add_stack(random.Below(random.Below(kStacks) + 1) + 1);
    samples.add_observations(1);
    samples.add_wall_us(10'101 + random.Below(200));
    samples.add_cpu_us(random.Below(10'000));
    samples.add_state(v1::THREAD_STATE_RUNNING);
    samples.add_rung(v1::RUNG_CONSISTENT_READ);
  }
  v1::Batch batch;
  batch.set_sequence(sequence);
  batch.set_compression(v1::COMPRESSION_NONE);
  batch.set_content(content.SerializeAsString());
  batch.set_content_bytes(static_cast<uint32_t>(batch.content().size()));
  batch.set_samples(static_cast<uint64_t>(rows));
  return batch;
}

// A store in a directory of its own. Thread-safe but for Reopen and BytesAtRest.
class BenchStore {
 public:
  BenchStore() : directory_(*os::TempDir::Create("lambent-bench-")) { Reopen(); }

  SqliteStore& operator*() { return *store_; }
  std::unique_ptr<WriteSession> Open(int environment) {
    return *store_->OpenEnvironment(*ValidateHello(Hello(environment)), kStartUs);
  }
  // Validates and stores the session's next batch.
  bool Send(WriteSession& session, int rows, Random& random) {
    const v1::Batch batch = InvocationBatch(session.durable_sequence + 1, rows, random);
    const auto valid = ValidateBatch(batch, session.extent);
    return valid.ok() && store_->StoreBatch(session, *valid, kStartUs).ok();
  }
  // Size of the file when closed, its log merged into it. Sessions end.
  uint64_t BytesAtRest() {
    store_ = nullptr;
    const uint64_t bytes = std::filesystem::file_size(directory_.path() + "/lambent.db");
    Reopen();
    return bytes;
  }
  void Reopen() {
    store_ = nullptr;
    store_ = *SqliteStore::Create(directory_.path());
  }

 private:
  const os::TempDir directory_;
  std::unique_ptr<SqliteStore> store_;
};

}  // namespace lambent::collector::bench
