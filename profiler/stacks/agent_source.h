// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"

#include "profiler/os/agent_door.h"
#include "profiler/stacks/agent_reader.h"
#include "profiler/stacks/native_stacks.h"
#include "profiler/stacks/own_cpu.h"
#include "profiler/stacks/stack_source.h"

namespace lambent {

// Rung 3: the agent inside the process (extensions/internal) copies registers and stack top of
// running threads, each by a timer on its own CPU time; here the latest copy of the tick's period
// is unwound. Nothing is stopped, and nothing but the shared memory is read.
//
// A thread met on a CPU without copies is asked to set its timer up (AgentDoor::Request), from its
// own CPU: so it cannot be in a call that the signal would interrupt. A thread that used too little
// CPU for the timer since its last copy is kPending: the copy that comes will account for the time.
class AgentSource final : public StackSource {
 public:
  // All must outlive this. `period_ns`: of the ticks, as planned.
  AgentSource(int32_t pid, os::AgentDoor& door, OwnCpu& own_cpu, NativeStacks& native,
              int64_t period_ns)
      : pid_(pid),
        door_(door),
        own_cpu_(own_cpu),
        native_(native),
        period_ns_(period_ns),
        smooth_ns_(period_ns) {}

  // Looks for the agent if it has not been found, often at first and seldom later; takes what is
  // new since the tick before.
  void BeginTick(int64_t now_ns);

  // The process runs another program: another agent, or none.
  void Reset();

  // The thread has ended.
  void Forget(int32_t tid) { threads_.erase(tid); }

  bool present() const { return reader_ != nullptr; }
  // What the agent could not do since the last call.
  AgentLosses TakeLosses() { return std::exchange(losses_, {}); }
  // How it works, or why it does not.
  const std::string& reason() const { return reason_; }

  Rung rung() const override { return Rung::kAgent; }
  CaptureResult Capture(ObservedThread& thread, CaptureAttempt& attempt) override;

 private:
  // What is known of a thread's timer.
  struct Timed {
    uint64_t cpu_ns = 0;     // the thread's, at its last copy or request
    uint64_t waits = 0;      // observations since
    uint64_t seen_tick = 0;  // when there was a copy last, used or not
    int requests = 0;        // since the last copy
    size_t stack_bytes = RawSnapshot::kDefaultStackBytes;  // as wished last
  };

  // The memory, if there is one.
  std::unique_ptr<AgentReader> Open();
  void Look();
  // A thread does not answer. Perhaps the process runs another program, by exec of its own file.
  void Doubt();
  void FollowRate(int64_t now_ns);
  CaptureResult Use(ObservedThread& thread, Timed& timed);
  CaptureResult Request(ObservedThread& thread, const CaptureAttempt& attempt, Timed& timed);

  const int32_t pid_;
  os::AgentDoor& door_;
  OwnCpu& own_cpu_;
  NativeStacks& native_;
  std::unique_ptr<AgentReader> reader_;
  std::unique_ptr<AgentSnapshot> snapshot_ = std::make_unique<AgentSnapshot>();
  absl::flat_hash_map<int32_t, Timed> threads_;
  std::string reason_ = "no agent in the process";
  uint64_t ticks_ = 0;  // since the last Reset
  uint64_t look_at_ = 0;
  int64_t last_tick_ns_ = 0;
  int64_t period_ns_;   // of the ticks, as the agent knows it
  int64_t smooth_ns_;   // of the ticks, as they come
  int unanswered_ = 0;  // requests in a row without any copy
  AgentLosses losses_;
  uint64_t rest_ = 0;  // ticks not to look for it again, the next time nobody answers
};

}  // namespace lambent
