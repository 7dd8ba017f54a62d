// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "profiler/session/sampling_loop.h"
#include "tests/fakes/fake_batch_sink.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_metrics_source.h"
#include "tests/fakes/fake_process_sampler.h"

namespace lambent {

using Kind = InvocationEvent::Kind;

// A sampling loop whose time, process and events a test makes.
class SamplingLoopTest : public ::testing::Test {
 protected:
  SamplingLoopTest() { Restart(SessionOptions{}); }

  void Restart(const SessionOptions& options) {
    loop_ = std::make_unique<SamplingLoop>(
        options, clock_,
        [this]() -> absl::StatusOr<std::unique_ptr<ProcessSampler>> {
          ++attach_calls_;
          if (next_process_ == nullptr) return absl::NotFoundError("no runtime yet");
          return std::move(next_process_);
        },
        metrics_, sink_, inputs_, clock_.MonotonicNs());
  }
  fakes::FakeProcessSampler& Appear(int32_t pid) {
    auto process = std::make_unique<fakes::FakeProcessSampler>(clock_, pid);
    fakes::FakeProcessSampler& borrowed = *process;
    next_process_ = std::move(process);
    return borrowed;
  }
  void RunFor(absl::Duration time) {
    const int64_t until = clock_.MonotonicNs() + absl::ToInt64Nanoseconds(time);
    while (clock_.MonotonicNs() < until) clock_.SleepUntil(std::min(until, loop_->Step()));
  }
  void Post(Kind kind, std::string request_id = "") {
    InvocationEvent event;
    event.kind = kind;
    event.time = clock_.UnixTime();
    event.request_id = std::move(request_id);
    inputs_.Post(std::move(event));
  }
  // Observations by "phase request-id".
  std::map<std::string, uint64_t> ByPhase() const {
    std::map<std::string, uint64_t> counts;
    for (const v1::BatchContent& content : sink_.contents()) {
      for (const v1::Segment& segment : content.segments()) {
        uint64_t& count = counts[std::string(PhaseName(static_cast<Phase>(segment.phase()))) + " " +
                                 segment.request_id()];
        for (const uint32_t n : segment.samples().observations()) count += n;
      }
    }
    return counts;
  }

  // Wall time of all samples together.
  uint64_t SampledWallUs() const {
    uint64_t wall_us = 0;
    for (const v1::BatchContent& content : sink_.contents()) {
      for (const v1::Segment& segment : content.segments()) {
        for (const uint32_t us : segment.samples().wall_us()) wall_us += us;
      }
    }
    return wall_us;
  }

  // Of all segments together: how often it looked, and should have.
  v1::SelfCost Cost() const {
    v1::SelfCost sum;
    for (const v1::BatchContent& content : sink_.contents()) {
      for (const v1::Segment& segment : content.segments()) {
        const v1::SelfCost& cost = segment.cost();
        sum.set_ticks(sum.ticks() + cost.ticks());
        sum.set_sampled_us(sum.sampled_us() + cost.sampled_us());
        sum.set_asked_microticks(sum.asked_microticks() + cost.asked_microticks());
        sum.set_allowed_microticks(sum.allowed_microticks() + cost.allowed_microticks());
      }
    }
    return sum;
  }

  fakes::FakeClock clock_;
  fakes::FakeMetricsSource metrics_{clock_};
  fakes::FakeBatchSink sink_;
  SessionInputs inputs_;
  std::unique_ptr<ProcessSampler> next_process_;
  int attach_calls_ = 0;
  std::unique_ptr<SamplingLoop> loop_;
};

}  // namespace lambent
