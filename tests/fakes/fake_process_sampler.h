// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <string_view>
#include <utility>

#include "profiler/base/string_table.h"
#include "profiler/os/clock.h"
#include "profiler/stacks/process_sampler.h"

namespace lambent::fakes {

// A process whose threads do what the test says. Each Observe() reports every thread as it is set
// at that moment; weights come from the clock. Describe() knows the names the test gave.
//
//   FakeProcessSampler process(clock, 42);
//   process.Run(42, {"leaf", "handler", "main"});     // on-CPU, leaf first
//   process.Block(43, {"read", "worker"});            // asleep
//   process.Drop(44, DropReason::kRefused);           // observed, but no stack
//   process.Exit(43);                                 // this thread is gone
//   process.End();                                    // the process is gone
//
// Thread-compatible.
class FakeProcessSampler final : public ProcessSampler {
 public:
  FakeProcessSampler(const os::Clock& clock, int32_t pid) : clock_(clock), pid_(pid) {}

  // The thread runs `names` (leaf to root, Python frames of "app.py"), using all its wall time.
  void Run(int32_t tid, std::initializer_list<std::string_view> names,
           Rung rung = Rung::kConsistentRead) {
    Set(tid, names, ThreadState::kRunning, rung);
  }
  // The thread sleeps in `names`, using no CPU; its second observation on is Rung::kUnchanged.
  void Block(int32_t tid, std::initializer_list<std::string_view> names) {
    Set(tid, names, ThreadState::kBlocked, Rung::kBlocked);
  }
  // The thread is observed but no stack can be had of it, for `reason`, until Run() or Block().
  void Drop(int32_t tid, DropReason reason) { Find(tid).drop = reason; }
  void Exit(int32_t tid) { threads_.erase(tid); }
  // The process ends: the next Observe() reports every thread kTargetGone and returns false.
  void End() { ended_ = true; }

  void NameThread(int32_t tid, std::string_view name) { Find(tid).name = strings_.Intern(name); }
  // The next observations of `tid` each report that it was held stopped for so long.
  void StopFor(int32_t tid, int64_t stopped_ns) { Find(tid).stopped_ns = stopped_ns; }
  // The next observations of `tid` each waited so long for a CPU.
  void QueueFor(int32_t tid, int64_t run_queue_ns) { Find(tid).run_queue_ns = run_queue_ns; }
  // The next observations of `tid` lack native frames, or do not.
  void MarkPartial(int32_t tid, bool partial) { Find(tid).partial = partial; }
  // Replaces the stack by native frames of a module; Describe() leaves their names empty.
  void RunNative(int32_t tid, std::initializer_list<uint64_t> addresses, Rung rung = Rung::kStop) {
    Thread& thread = Set(tid, {}, ThreadState::kRunning, rung);
    for (uint64_t address : addresses) {
      thread.stack.push_back(
          {.kind = FrameKind::kNative, .module = ModuleId{1}, .address = address});
    }
  }
  // Appends a kTruncated frame at the root end of the thread's present stack.
  // Frames of modules are described with what they execute: all are of one function at 0x10.
  void TellCodeAddresses() { code_addresses_ = true; }
  void Truncate(int32_t tid) { Find(tid).stack.push_back({.kind = FrameKind::kTruncated}); }
  // What TakeLosses() says next, once.
  void LoseToAgent(const AgentLosses& losses) { losses_ = losses; }
  // The thread is left out of ticks until it stands: asked to stop, it waits for a CPU, until
  // Stand().
  void Delay(int32_t tid) { Find(tid).late = true; }
  void Stand(int32_t tid) { Find(tid).stands = true; }
  // Threads let go unobserved.
  int let_go() const { return let_go_; }
  // Called at the start of each Observe(), with the number of ticks before it: for scripts in time.
  void OnTick(std::function<void(uint64_t)> script) { script_ = std::move(script); }

  uint64_t ticks() const { return ticks_; }

  int32_t pid() const override { return pid_; }

  bool Observe(absl::FunctionRef<void(const ThreadSample&)> sink) override {
    if (script_) script_(ticks_);
    ++ticks_;
    const int64_t now = clock_.MonotonicNs();
    for (auto& [tid, thread] : threads_) {
      if (!thread.late) sink(ObserveThread(tid, thread, now));
    }
    if (!ended_) return true;
    threads_.clear();
    return false;
  }

  bool AwaitStop(int64_t until_ns) override {
    bool late = false;
    for (const auto& [tid, thread] : threads_) late = late || thread.late;
    if (late && on_await_) on_await_(until_ns);
    return late;
  }
  // What happens while AwaitStop() sleeps, until a time.
  void OnAwait(std::function<void(int64_t)> script) { on_await_ = std::move(script); }

  void TakeStops(absl::FunctionRef<void(const ThreadSample&)> sink) override {
    for (auto& [tid, thread] : threads_) {
      if (!thread.stands) continue;
      thread.late = thread.stands = false;
      sink(ObserveThread(tid, thread, clock_.MonotonicNs()));
    }
  }
  void LetGo() override {
    for (auto& [tid, thread] : threads_) {
      let_go_ += thread.stands ? 1 : 0;
      if (thread.stands) thread.late = thread.stands = false;
    }
  }

  FrameDescription Describe(const Frame& frame) override {
    FrameDescription description;
    description.kind = frame.kind;
    description.name = strings_.Get(frame.name);
    description.file = strings_.Get(frame.file);
    description.line = frame.line;
    description.current_line = frame.current_line;
    description.address = frame.address;
    description.hidden = frame.internal;
    if (frame.module != ModuleId{}) {
      description.module_path = "/var/task/bootstrap";
      description.module_build_id = "\x01\x02\x03\x04";
      if (code_addresses_) description.code_address = frame.address;
      if (code_addresses_) description.address = 0x10;
    }
    return description;
  }

  std::string_view ThreadName(StringId id) const override { return strings_.Get(id); }
  AgentLosses TakeLosses() override { return std::exchange(losses_, {}); }

 private:
  struct Thread {
    Stack stack;
    StringId name{};
    ThreadState state = ThreadState::kUnspecified;
    Rung rung = Rung::kMetricsOnly;
    DropReason drop = DropReason::kUnspecified;
    bool changed = true;  // since the last observation
    int64_t seen_ns = 0;
    int64_t stopped_ns = 0;
    int64_t run_queue_ns = 0;
    bool partial = false;
    bool late = false;
    bool stands = false;
  };

  Thread& Find(int32_t tid) {
    auto [it, added] = threads_.try_emplace(tid);
    if (added) {
      it->second.seen_ns = clock_.MonotonicNs();
      it->second.name = strings_.Intern("thread");
    }
    return it->second;
  }

  Thread& Set(int32_t tid, std::initializer_list<std::string_view> names, ThreadState state,
              Rung rung) {
    Thread& thread = Find(tid);
    thread.stack.clear();
    uint32_t line = 1;
    for (std::string_view name : names) {
      thread.stack.push_back({.kind = FrameKind::kPython,
                              .name = strings_.Intern(name),
                              .file = strings_.Intern("app.py"),
                              .line = line++});
    }
    thread.state = state;
    thread.rung = rung;
    thread.drop = DropReason::kUnspecified;
    thread.changed = true;
    return thread;
  }

  ThreadSample ObserveThread(int32_t tid, Thread& thread, int64_t now) const {
    ThreadSample sample;
    sample.pid = pid_;
    sample.tid = tid;
    sample.time_ns = now;
    sample.wall_ns = now - thread.seen_ns;
    sample.cpu_ns = thread.state == ThreadState::kRunning ? sample.wall_ns : 0;
    sample.state = thread.state;
    const bool unchanged = thread.state == ThreadState::kBlocked && !thread.changed;
    sample.rung = unchanged ? Rung::kUnchanged : thread.rung;
    sample.drop = ended_ ? DropReason::kTargetGone : thread.drop;
    if (sample.drop == DropReason::kUnspecified) sample.stack = &thread.stack;
    sample.thread_name = thread.name;
    sample.stopped_ns = thread.stopped_ns;
    sample.run_queue_ns = thread.run_queue_ns;
    sample.partial = thread.partial;
    thread.seen_ns = now;
    thread.changed = false;
    return sample;
  }

  const os::Clock& clock_;
  const int32_t pid_;
  StringTable strings_;
  std::map<int32_t, Thread> threads_;  // ordered, so that a test knows the order of samples
  std::function<void(uint64_t)> script_;
  std::function<void(int64_t)> on_await_;
  int let_go_ = 0;
  AgentLosses losses_;
  bool code_addresses_ = false;
  bool ended_ = false;
  uint64_t ticks_ = 0;
};

}  // namespace lambent::fakes
