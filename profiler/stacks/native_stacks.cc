// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/native_stacks.h"

#include <algorithm>
#include <utility>

namespace lambent {

NativeStacks::NativeStacks(const os::Clock& clock, os::RemoteMemory& memory, ModuleTable& modules,
                           std::unique_ptr<Unwinder> unwinder)
    : clock_(clock), memory_(memory), modules_(modules), unwinder_(std::move(unwinder)) {
  pcs_.reserve(kMaxStackDepth);
}

bool NativeStacks::CopyStopped(const ObservedThread& thread, const os::Registers& registers) {
  snapshot_.SetRegisters(registers, clock_.MonotonicNs());
  return Copy(thread);
}

bool NativeStacks::CopyBlocked(const ObservedThread& thread, uint64_t pc, uint64_t sp) {
  snapshot_.SetCallRegisters(pc, sp, clock_.MonotonicNs());
  return Copy(thread);
}

bool NativeStacks::TakeCopy(const os::Registers& registers, os::RemoteMemory& stack) {
  snapshot_.SetRegisters(registers, clock_.MonotonicNs());
  return snapshot_.CopyStack(stack, kMaxStackBytes, UINT64_MAX) > 0;
}

bool NativeStacks::Copy(const ObservedThread& thread) {
  // By the maps last read: a thread is not held for reading maps. A new stack has no mapping yet
  // and is read as far as it is readable.
  const Mapping* stack = modules_.FindMapping(snapshot_.registers().sp());
  const uint64_t limit = stack == nullptr ? UINT64_MAX : stack->end;
  return snapshot_.CopyStack(memory_, thread.stack_bytes, limit) > 0;
}

bool NativeStacks::RefreshMaps() {
  if (maps_are_fresh_) return false;
  maps_are_fresh_ = true;
  const uint64_t before = modules_.generation();
  return modules_.Refresh() == os::ReadResult::kOk && modules_.generation() != before;
}

void NativeStacks::Unwind(ObservedThread& thread, bool standing) {
  os::RemoteMemory* live = standing ? &memory_ : nullptr;
  UnwindEnd end = unwinder_->Unwind(snapshot_, live, kMaxStackDepth, &pcs_);
  if (end == UnwindEnd::kUnknownCode && RefreshMaps()) {
    end = unwinder_->Unwind(snapshot_, live, kMaxStackDepth, &pcs_);
  }
  // The next copy of this thread's stack is larger; this one stays truncated.
  const bool more = snapshot_.stack_size() >= thread.stack_bytes;
  if (end == UnwindEnd::kNoBytes && more && thread.stack_bytes < kMaxStackBytes) {
    thread.stack_bytes = std::min(kMaxStackBytes, thread.stack_bytes * 2);
  }
  thread.stack.clear();
  for (const uint64_t pc : pcs_) {
    const ModuleAddress at = modules_.Find(pc);
    Frame frame;
    frame.kind = at.module == nullptr ? FrameKind::kUnknown : FrameKind::kNative;
    frame.module = at.module == nullptr ? ModuleId{} : at.module->id;
    frame.address = at.address;
    thread.stack.push_back(frame);
  }
  if (end != UnwindEnd::kComplete) thread.stack.push_back({.kind = FrameKind::kTruncated});
}

}  // namespace lambent
