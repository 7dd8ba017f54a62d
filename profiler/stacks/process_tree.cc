// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/process_tree.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "profiler/base/absl_view.h"

namespace lambent {
namespace {

// What the collector accepts: kMaxStackDepth and the frame that says "truncated".
constexpr size_t kMaxFrames = kMaxStackDepth + 1;

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessTree>> ProcessTree::Create(
    int32_t root, const os::Clock& clock, std::unique_ptr<os::ProcFiles> proc,
    const ProcessTreeOptions& options, Attach attach) {
  std::unique_ptr<ProcessTree> tree(
      new ProcessTree(root, clock, std::move(proc), options, std::move(attach)));
  if (absl::Status joined = tree->Join(root); !joined.ok()) return joined;
  return tree;
}

ProcessTree::ProcessTree(int32_t root, const os::Clock& clock, std::unique_ptr<os::ProcFiles> proc,
                         const ProcessTreeOptions& options, Attach attach)
    : root_(root),
      clock_(clock),
      proc_(std::move(proc)),
      options_(options),
      attach_(std::move(attach)),
      family_(*proc_, root) {}

absl::Status ProcessTree::Join(int32_t pid) {
  absl::StatusOr<std::unique_ptr<ProcessSampler>> sampler = attach_(pid);
  if (!sampler.ok()) return sampler.status();
  auto member = std::make_unique<Member>();
  member->sampler = *std::move(sampler);
  member->main_thread = proc_->OpenProcess(pid)->OpenThread(pid);
  member->frames = frames_.Join(*member->sampler);
  members_.insert_or_assign(pid, std::move(member));
  order_.push_back(pid);
  return absl::OkStatus();
}

void ProcessTree::Follow(int64_t now_ns) {
  if (!options_.children) return;
  if (now_ns >= list_at_ns_) {
    family_.Refresh(&waiting_);
    const int64_t cost_ns = clock_.MonotonicNs() - now_ns;
    list_at_ns_ = now_ns + std::max(kListEveryNs, cost_ns * kListingShare);
  }
  size_t attached = 0;
  auto next = waiting_.begin();
  for (; next != waiting_.end() && attached < kAttachPerTick; ++next, ++attached) {
    if (members_.size() >= options_.max_processes) break;
    // One that has ended meanwhile was never observed, so nothing of it is lost.
    if (!members_.contains(*next)) (void)Join(*next);
  }
  waiting_.erase(waiting_.begin(), next);
}

bool ProcessTree::Observe(absl::FunctionRef<void(const ThreadSample&)> sink) {
  const int64_t now_ns = clock_.MonotonicNs();
  Follow(now_ns);
  std::vector<int32_t> ended;
  for (const int32_t pid : order_) {
    if (!ObserveMember(*members_[pid], sink)) ended.push_back(pid);
  }
  if (members_.size() >= options_.max_processes) {
    std::erase_if(waiting_, [this](int32_t pid) {
      os::ProcessStat stat;
      return proc_->OpenProcess(pid)->ReadStat(&stat) != os::ReadResult::kOk;
    });
    for (const int32_t pid : waiting_) {
      ThreadSample left_out;
      left_out.pid = left_out.tid = pid;
      left_out.time_ns = now_ns;
      left_out.wall_ns = last_tick_ns_ == 0 ? 0 : now_ns - last_tick_ns_;
      left_out.drop = DropReason::kTooManyThreads;
      sink(left_out);
    }
  }
  last_tick_ns_ = now_ns;
  for (const int32_t pid : ended) {
    frames_.Leave(members_[pid]->frames);
    if (pid == root_) continue;  // ends with us
    losses_.Add(members_[pid]->sampler->TakeLosses());
    members_.erase(pid);
    std::erase(order_, pid);
  }
  return std::find(ended.begin(), ended.end(), root_) == ended.end();
}

bool ProcessTree::ObserveMember(Member& member, absl::FunctionRef<void(const ThreadSample&)> sink) {
  // Exec gives a process another name, soon after its start as a rule.
  if (member.ticks < kNameEvery || member.ticks % kNameEvery == 0) {
    member.main_thread->ReadName(&member.name);
  }
  ++member.ticks;
  return member.sampler->Observe([&](const ThreadSample& own) { Deliver(member, own, sink); });
}

void ProcessTree::Deliver(Member& member, const ThreadSample& own,
                          absl::FunctionRef<void(const ThreadSample&)> sink) {
  ThreadSample sample = own;
  sample.stack = Translate(member, own);
  sample.thread_name = frames_.Intern(member.sampler->ThreadName(own.thread_name));
  sink(sample);
  if (own.drop == DropReason::kTargetGone) member.stacks.erase(own.tid);
}

// The first member that waits for a stop sleeps for all: it wakes for those of the others too.
bool ProcessTree::AwaitStop(int64_t until_ns) {
  return std::any_of(order_.begin(), order_.end(),
                     [&](int32_t pid) { return members_[pid]->sampler->AwaitStop(until_ns); });
}

void ProcessTree::TakeStops(absl::FunctionRef<void(const ThreadSample&)> sink) {
  for (const int32_t pid : order_) {
    Member& member = *members_[pid];
    member.sampler->TakeStops([&](const ThreadSample& own) { Deliver(member, own, sink); });
  }
}

void ProcessTree::LetGo() {
  for (const int32_t pid : order_) members_[pid]->sampler->LetGo();
}

AgentLosses ProcessTree::TakeLosses() {
  AgentLosses losses = std::exchange(losses_, {});
  for (const auto& [pid, member] : members_) losses.Add(member->sampler->TakeLosses());
  return losses;
}

const Stack* ProcessTree::Translate(Member& member, const ThreadSample& sample) {
  if (sample.stack == nullptr) return nullptr;
  Translated& known = member.stacks[sample.tid];
  Stack& stack = known.stack;
  if (sample.rung == Rung::kUnchanged && !stack.empty() &&
      known.thread_name == sample.thread_name) {
    return &stack;
  }
  known.thread_name = sample.thread_name;
  stack.clear();
  for (const Frame& frame : *sample.stack) stack.push_back(frames_.Of(member.frames, frame));
  AddRoots(member, sample, &stack);
  return &stack;
}

void ProcessTree::AddRoots(const Member& member, const ThreadSample& sample, Stack* stack) {
  const size_t roots = size_t{options_.process_roots} + size_t{options_.thread_roots};
  if (stack->size() + roots > kMaxFrames) {
    // The last frame says that callers are missing, and stays.
    const Frame last = stack->back();
    stack->resize(kMaxFrames - roots);
    stack->back() = last;
    stack->back().kind = FrameKind::kTruncated;
  }
  if (options_.thread_roots) {
    stack->push_back(frames_.Named(absl::StrCat(
        AbslView(member.sampler->ThreadName(sample.thread_name)), " (", sample.tid, ")")));
  }
  if (options_.process_roots) stack->push_back(frames_.Named(member.name));
}

}  // namespace lambent
