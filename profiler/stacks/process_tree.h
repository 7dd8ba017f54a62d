// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

#include "profiler/os/clock.h"
#include "profiler/os/process_files.h"
#include "profiler/stacks/joined_frames.h"
#include "profiler/stacks/process_sampler.h"
#include "profiler/target/process_family.h"

namespace lambent {

struct ProcessTreeOptions {
  bool children = true;       // descendants of the root too
  bool process_roots = true;  // each stack hangs under its program's name
  bool thread_roots = false;  // and under its thread's name and id
  // Processes sampled at once; of more, each is counted as one thread too many.
  size_t max_processes = 128;
};

// Samples a process and its descendants as if they were one: a ladder for each. Lives as long as
// its root. Confined to the sampler thread.
class ProcessTree final : public ProcessSampler {
 public:
  // Makes the sampler of one process; called for the root too.
  using Attach = std::function<absl::StatusOr<std::unique_ptr<ProcessSampler>>(int32_t pid)>;

  // `clock` must outlive it. Errors: those of attaching to the root.
  static absl::StatusOr<std::unique_ptr<ProcessTree>> Create(int32_t root, const os::Clock& clock,
                                                             std::unique_ptr<os::ProcFiles> proc,
                                                             const ProcessTreeOptions& options,
                                                             Attach attach);

  int32_t pid() const override { return root_; }
  bool Observe(absl::FunctionRef<void(const ThreadSample&)> sink) override;
  bool AwaitStop(int64_t until_ns) override;
  void TakeStops(absl::FunctionRef<void(const ThreadSample&)> sink) override;
  void LetGo() override;
  FrameDescription Describe(const Frame& frame) override { return frames_.Describe(frame); }
  std::string_view ThreadName(StringId id) const override { return frames_.Text(id); }
  AgentLosses TakeLosses() override;

  size_t processes() const { return members_.size(); }

 private:
  // A listing costs at most this share of the time.
  static constexpr int64_t kListingShare = 200;
  static constexpr int64_t kListEveryNs = 10'000'000;
  // Processes attached to in one tick: it takes some 0.3 ms each.
  static constexpr size_t kAttachPerTick = 4;
  static constexpr uint64_t kNameEvery = 32;

  struct Translated {
    Stack stack;
    StringId thread_name{};  // as in the roots
  };
  struct Member {
    std::unique_ptr<ProcessSampler> sampler;
    std::unique_ptr<os::ThreadFiles> main_thread;
    uint32_t frames = 0;  // its number in frames_
    uint64_t ticks = 0;
    std::string name;                                 // comm
    absl::flat_hash_map<int32_t, Translated> stacks;  // by thread
  };

  ProcessTree(int32_t root, const os::Clock& clock, std::unique_ptr<os::ProcFiles> proc,
              const ProcessTreeOptions& options, Attach attach);
  absl::Status Join(int32_t pid);
  void Follow(int64_t now_ns);
  bool ObserveMember(Member& member, absl::FunctionRef<void(const ThreadSample&)> sink);
  // Hands on a sample of a member as one of the tree.
  void Deliver(Member& member, const ThreadSample& own,
               absl::FunctionRef<void(const ThreadSample&)> sink);
  const Stack* Translate(Member& member, const ThreadSample& sample);
  void AddRoots(const Member& member, const ThreadSample& sample, Stack* stack);

  const int32_t root_;
  const os::Clock& clock_;
  const std::unique_ptr<os::ProcFiles> proc_;
  const ProcessTreeOptions options_;
  const Attach attach_;
  ProcessFamily family_;
  JoinedFrames frames_;
  absl::flat_hash_map<int32_t, std::unique_ptr<Member>> members_;
  std::vector<int32_t> order_;    // members, the root first
  std::vector<int32_t> waiting_;  // to be attached to
  AgentLosses losses_;            // of members that have ended
  int64_t list_at_ns_ = 0;
  int64_t last_tick_ns_ = 0;
};

}  // namespace lambent
