// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/aggregate/naming.h"

#include <string>

#include "profiler/stacks/waiting_frame.h"

namespace lambent {

void Naming::Describe(ProcessSampler& sampler, size_t max_frames) {
  const auto& frames = captured_.frames();
  for (; frame_of_.size() < frames.size() && max_frames > 0; --max_frames) {
    const FrameDescription description = sampler.Describe(frames[frame_of_.size()]);
    frame_of_.push_back(description.hidden ? kHidden : dictionary_.AddFrame(description));
  }
  const auto& threads = threads_.threads();
  while (thread_of_.size() < threads.size()) {
    const ThreadTable::Thread& thread = threads[thread_of_.size()];
    thread_of_.push_back(
        dictionary_.AddThread(thread.pid, thread.tid, sampler.ThreadName(thread.name)));
  }
}

void Naming::GiveUp() {
  const auto& frames = captured_.frames();
  while (frame_of_.size() < frames.size()) {
    const Frame& frame = frames[frame_of_.size()];
    FrameDescription description;
    std::string name;
    if (IsWaiting(frame.kind)) {
      description.kind = frame.kind;
      name = WaitingName(frame);
      description.name = name;
    } else {
      description.kind = frame.kind == FrameKind::kTruncated ? frame.kind : FrameKind::kUnknown;
      // An address within a module would be taken for one of the process.
      if (frame.module == ModuleId{}) description.address = frame.address;
    }
    frame_of_.push_back(dictionary_.AddFrame(description));
  }
  const auto& threads = threads_.threads();
  while (thread_of_.size() < threads.size()) {
    const ThreadTable::Thread& thread = threads[thread_of_.size()];
    thread_of_.push_back(dictionary_.AddThread(thread.pid, thread.tid, ""));
  }
}

uint32_t Naming::StackOf(uint32_t captured_node) {
  const auto& nodes = captured_.nodes();
  if (stack_of_.size() < nodes.size()) stack_of_.resize(nodes.size());
  path_.clear();
  uint32_t node = captured_node;
  for (; node != 0 && stack_of_[node] == 0; node = nodes[node].parent) path_.push_back(node);
  uint32_t stack = stack_of_[node];
  for (; !path_.empty(); path_.pop_back()) {
    const uint32_t frame = frame_of_[nodes[path_.back()].frame];
    if (frame != kHidden) stack = dictionary_.AddStack(stack, frame);
    stack_of_[path_.back()] = stack;
  }
  return stack;
}

void Naming::Clear() {
  frame_of_.clear();
  stack_of_.assign(1, 0);
  thread_of_.assign(1, 0);
}

}  // namespace lambent
