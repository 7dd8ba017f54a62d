// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include "lambent/v1/ingest.pb.h"
#include "lambent/v1/profile.pb.h"

// Messages as a good extension sends them; tests then spoil or vary them. Header-only.
namespace lambent::testing {

inline constexpr int64_t kTestTimeUs = 1'800'000'000'000'000;

inline v1::Hello GoodHello(char id = 'e') {
  v1::Hello hello;
  hello.set_environment_id(std::string(16, id));
  hello.set_function_name("orders");
  hello.set_function_version("7");
  hello.set_runtime("python3.12");
  hello.set_architecture("x86_64");
  hello.set_memory_mb(256);
  hello.set_started_unix_us(kTestTimeUs);
  return hello;
}

inline void AddFrame(v1::Dictionary& dictionary, v1::FrameKind kind, uint32_t name,
                     uint32_t module = 0, uint64_t address = 0) {
  dictionary.add_frame_kind(kind);
  dictionary.add_frame_name(name);
  dictionary.add_frame_file(0);
  dictionary.add_frame_line(0);
  dictionary.add_frame_module(module);
  dictionary.add_frame_address(address);
}

inline void AddRow(v1::SampleColumns& samples, int64_t delta_us, uint32_t thread, uint32_t stack,
                   uint32_t observations) {
  samples.add_start_delta_us(delta_us);
  samples.add_thread(thread);
  samples.add_stack(stack);
  samples.add_observations(observations);
  samples.add_wall_us(observations * 10'000);
  samples.add_cpu_us(observations * 4'000);
  samples.add_state(v1::THREAD_STATE_RUNNING);
  samples.add_rung(v1::RUNG_CONSISTENT_READ);
}

// Stacks 1: main, 2: main;work, 3: main;[libx.so+0x40]; thread 1 "worker".
inline void AddDictionary(v1::BatchContent& content) {
  v1::Dictionary& dictionary = *content.mutable_dictionary();
  for (const char* text : {"main", "work", "worker", "/opt/libx.so"}) dictionary.add_strings(text);
  dictionary.add_module_path(4);
  dictionary.add_module_build_id("\x01\x02");
  AddFrame(dictionary, v1::FRAME_KIND_PYTHON, 1);
  AddFrame(dictionary, v1::FRAME_KIND_PYTHON, 2);
  AddFrame(dictionary, v1::FRAME_KIND_NATIVE, 0, 1, 0x40);
  for (const auto& [parent, frame] : {std::pair{0U, 1U}, std::pair{1U, 2U}, std::pair{1U, 3U}}) {
    dictionary.add_stack_parent(parent);
    dictionary.add_stack_frame(frame);
  }
  dictionary.add_thread_pid(10);
  dictionary.add_thread_tid(11);
  dictionary.add_thread_name(3);
}

// A segment of 5 samples in two rows, and 2 dropped ones.
inline v1::Segment& AddSegment(v1::BatchContent& content, const std::string& request_id,
                               v1::Phase phase, int64_t start_us = kTestTimeUs) {
  v1::Segment& segment = *content.add_segments();
  segment.set_request_id(request_id);
  segment.set_phase(phase);
  segment.set_start_unix_us(start_us);
  AddRow(*segment.mutable_samples(), 0, 1, 2, 3);
  AddRow(*segment.mutable_samples(), 30'000, 1, 3, 2);
  v1::Drop& drop = *segment.add_drops();
  drop.set_reason(v1::DROP_REASON_REFUSED);
  drop.set_samples(2);
  segment.mutable_cost()->set_self_cpu_us(100);
  segment.mutable_cost()->set_target_cpu_us(20'000);
  return segment;
}

inline v1::InvocationEvent& AddEvent(v1::BatchContent& content, v1::InvocationEvent::Kind kind,
                                     const std::string& request_id, int64_t time_us) {
  v1::InvocationEvent& event = *content.add_events();
  event.set_kind(kind);
  event.set_request_id(request_id);
  event.set_time_unix_us(time_us);
  return event;
}

// The batch of a content, with its sums right. A content with a dictionary begins its epoch.
inline v1::Batch Sealed(uint64_t sequence, v1::BatchContent content) {
  if (content.dictionary().strings_size() > 0 && content.epoch_first_sequence() == 0) {
    content.set_epoch_first_sequence(sequence);
  }
  v1::Batch batch;
  batch.set_sequence(sequence);
  batch.set_compression(v1::COMPRESSION_NONE);
  batch.set_content(content.SerializeAsString());
  batch.set_content_bytes(static_cast<uint32_t>(batch.content().size()));
  uint64_t samples = 0;
  for (const v1::Segment& segment : content.segments()) {
    for (const uint32_t observations : segment.samples().observations()) samples += observations;
  }
  batch.set_samples(samples);
  return batch;
}

// Dictionary and one invoke segment of request "r1": sequence 1 of a new environment.
inline v1::BatchContent GoodContent() {
  v1::BatchContent content;
  content.set_dictionary_epoch(1);
  AddDictionary(content);
  AddSegment(content, "r1", v1::PHASE_INVOKE);
  return content;
}

}  // namespace lambent::testing
