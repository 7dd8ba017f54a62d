// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/python_stacks.h"

namespace lambent {
namespace {

Frame FrameOf(const cpython::PythonFrame& frame) {
  return {.kind = FrameKind::kPython,
          .name = frame.name,
          .file = frame.file,
          .line = frame.line,
          .current_line = frame.current_line};
}

}  // namespace

CaptureResult PythonStacks::Copy(int32_t tid) {
  last_ = 1 - last_;
  switch (reader_->Capture(tid, &copies_[last_])) {
    case cpython::CaptureResult::kOk:
      return copies_[last_].frames.empty() ? CaptureResult::kNotInterpreted
                                           : CaptureResult::kCaptured;
    case cpython::CaptureResult::kNoPython:
      return CaptureResult::kNotInterpreted;
    case cpython::CaptureResult::kInconsistent:
      return CaptureResult::kInconsistent;
    case cpython::CaptureResult::kUnreadable:
      return CaptureResult::kUnreadable;
  }
  return CaptureResult::kUnreadable;
}

CaptureResult PythonStacks::Name(Stack* stack) {
  const cpython::RawPythonStack& raw = copies_[last_];
  reader_->Decode(raw, lines_, &frames_);
  stack->clear();
  for (const cpython::PythonFrame& frame : frames_) {
    if (stack->size() == kMaxStackDepth) break;
    stack->push_back(FrameOf(frame));
  }
  if (raw.truncated || stack->size() < frames_.size()) {
    stack->push_back({.kind = FrameKind::kTruncated});
  }
  return stack->empty() ? CaptureResult::kInconsistent : CaptureResult::kCaptured;
}

CaptureResult PythonStacks::NameAmong(absl::Span<const uint64_t> pcs, Stack* stack, bool* partial) {
  const cpython::RawPythonStack& raw = copies_[last_];
  *partial = true;
  // One that was cut off has another frame than its last address, or one more.
  if (raw.truncated || stack->size() != pcs.size() || stack->back().kind == FrameKind::kTruncated) {
    return Name(stack);
  }
  native_.clear();
  for (size_t i = 0; i < pcs.size(); ++i) {
    Frame frame = (*stack)[i];
    frame.internal = frame.module == reader_->location().module;
    native_.push_back({frame, reader_->IsEval(pcs[i])});
  }
  reader_->Decode(raw, lines_, &frames_);
  interpreted_.clear();
  for (const cpython::PythonFrame& frame : frames_) {
    interpreted_.push_back({FrameOf(frame), frame.entry});
  }
  if (!MergeStacks(native_, interpreted_, stack)) return Name(stack);
  *partial = false;
  return CaptureResult::kCaptured;
}

}  // namespace lambent
