// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include <gtest/gtest.h>

#include "profiler/os/clock.h"
#include "profiler/stacks/ladder.h"
#include "profiler/stacks/rest_until.h"
#include "tests/fakes/forwarding_thread_control.h"
#include "tests/support/emulation.h"
#include "tests/support/program.h"

namespace lambent {

// A machine under load may take long to start a program; nothing waits for it in vain.
inline constexpr absl::Duration kLimit = absl::Seconds(40);
inline constexpr absl::Duration kTick = absl::Milliseconds(5);

using RefusingControl = fakes::RefusingThreadControl;

// The sampler may not choose its CPU.
class FixedAffinity final : public os::Affinity {
 public:
  int CurrentCpu() const override { return -1; }
  bool MoveTo(int) override { return false; }
  void Release() override {}
};

// Counts what is stopped.
class CountingControl final : public fakes::ForwardingThreadControl {
 public:
  explicit CountingControl(int* stops) : stops_(*stops) {}

  os::StopResult Stop(int32_t tid, os::StopPatience patience, os::Registers* registers) override {
    ++stops_;
    return ForwardingThreadControl::Stop(tid, patience, registers);
  }

 private:
  int& stops_;
};

// What one observation said, with names, kept beyond the tick.
struct Seen {
  ThreadSample sample;
  Frame leaf;
  std::vector<std::string> names;  // leaf to root
  std::string thread;
};

class LadderTest : public testing::Test {
 protected:
  void SetUp() override { LAMBENT_SKIP_IF_EMULATED(); }
  void Start(const std::vector<std::string>& command) {
    auto program = support::Program::Start(command);
    ASSERT_TRUE(program.ok()) << program.status();
    program_.emplace(*std::move(program));
    ASSERT_TRUE(program_->CollectUntil(
        [&] { return program_->out().find("ready") != std::string::npos; }, absl::Seconds(30)))
        << program_->err();
  }
  void StartNative(const std::string& mode, const std::string& argument = "") {
    Start({LAMBENT_NATIVE_TARGET, mode, argument});
  }
  void StartPython(const std::string& mode) { Start({Python(), LAMBENT_PYTHON_TARGET, mode}); }
  // The interpreter to test with: $LAMBENT_TEST_PYTHON, else the one in PATH.
  static std::string Python() {
    const char* const python = std::getenv("LAMBENT_TEST_PYTHON");
    return python == nullptr ? "python3" : python;
  }

  void Attach(LadderOptions options = {}) {
    auto ladder = Ladder::Attach(program_->pid(), os::RealClock(), options);
    ASSERT_TRUE(ladder.ok()) << ladder.status();
    ladder_ = *std::move(ladder);
  }
  void AttachWith(LadderParts parts, const LadderOptions& options = {}) {
    auto ladder = Ladder::Attach(program_->pid(), os::RealClock(), options, std::move(parts));
    ASSERT_TRUE(ladder.ok()) << ladder.status();
    ladder_ = *std::move(ladder);
  }
  static LadderParts RealParts() {
    return {.proc = os::CreateProcFiles(),
            .control = os::CreateThreadControl(),
            .affinity = os::CreateAffinity(),
            .open_memory = &os::ProbeRemoteMemory,
            .agent_door = os::CreateAgentDoor()};
  }

  std::vector<Seen> Tick() {
    std::vector<Seen> seen;
    alive_ = ladder_->Observe([&](const ThreadSample& sample) { seen.push_back(Note(sample)); });
    return seen;
  }
  // Until the next tick.
  std::vector<Seen> Rest() {
    std::vector<Seen> seen;
    os::Clock& clock = os::RealClock();
    RestUntil(clock.MonotonicNs() + absl::ToInt64Nanoseconds(kTick), clock, *ladder_,
              [&](const ThreadSample& sample) { seen.push_back(Note(sample)); });
    return seen;
  }
  Seen Note(const ThreadSample& sample) {
    Seen one{sample, {}, {}, std::string(ladder_->ThreadName(sample.thread_name))};
    if (sample.stack != nullptr) {
      one.leaf = sample.stack->front();
      for (const Frame& frame : *sample.stack) {
        const FrameDescription description = ladder_->Describe(frame);
        if (description.hidden) continue;
        one.names.emplace_back(frame.kind == FrameKind::kTruncated ? "[truncated]"
                                                                   : description.name);
      }
    }
    ++rungs_[sample.rung];
    drops_.Add(sample.drop, 1);
    return one;
  }

  // Ticks until an observation satisfies `wanted`; what it was, or none within kLimit.
  std::optional<Seen> Await(const std::function<bool(const Seen&)>& wanted) {
    const int64_t end = os::RealClock().MonotonicNs() + absl::ToInt64Nanoseconds(kLimit);
    while (os::RealClock().MonotonicNs() < end) {
      for (Seen& seen : Tick()) {
        if (wanted(seen)) return std::move(seen);
      }
      if (!alive_) return std::nullopt;
      for (Seen& seen : Rest()) {
        if (wanted(seen)) return std::move(seen);
      }
    }
    return std::nullopt;
  }
  std::optional<Seen> AwaitRung(Rung rung) {
    return Await([rung](const Seen& seen) {
      return seen.sample.rung == rung && seen.sample.stack != nullptr;
    });
  }

  std::optional<Seen> AwaitFunction(const std::string& name, Rung rung) {
    return Await([&](const Seen& seen) {
      return seen.sample.rung == rung &&
             std::find(seen.names.begin(), seen.names.end(), name) != seen.names.end();
    });
  }
  std::optional<Seen> AwaitLeaf(const std::string& name, std::optional<Rung> rung = std::nullopt) {
    return Await([&](const Seen& seen) {
      return (!rung || seen.sample.rung == *rung) && !seen.names.empty() && seen.names[0] == name;
    });
  }

  bool Works(Rung rung) {
    for (const RungProbe& probe : ladder_->rungs()) {
      if (probe.rung == rung) return probe.available;
    }
    return false;
  }

  // What the ladder says of each rung.
  std::string Reasons() {
    std::string reasons;
    for (const RungProbe& probe : ladder_->rungs()) {
      reasons += std::string(RungName(probe.rung)) + ": " + probe.reason + "\n";
    }
    for (const auto& [rung, count] : rungs_) {
      reasons += std::string(RungName(rung)) + " " + std::to_string(count) + "\n";
    }
    for (int reason = 0; reason < kDropReasonCount; ++reason) {
      const auto drop = static_cast<DropReason>(reason);
      reasons += std::string(DropReasonName(drop)) + " " + std::to_string(drops_.of(drop)) + "\n";
    }
    return reasons;
  }

  std::optional<support::Program> program_;
  std::unique_ptr<Ladder> ladder_;
  bool alive_ = true;
  std::map<Rung, int> rungs_;
  DropCounts drops_;
};

// `names` from `function` to the root; empty: it is not there.
inline std::vector<std::string> FromFunction(const std::string& function,
                                             const std::vector<std::string>& names) {
  return {std::find(names.begin(), names.end(), function), names.end()};
}

}  // namespace lambent
