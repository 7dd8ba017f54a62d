// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/python_stacks.h"

namespace lambent {

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
  reader_->Decode(raw, &frames_);
  stack->clear();
  for (const cpython::PythonFrame& frame : frames_) {
    if (stack->size() + 1 >= kMaxStackDepth) break;
    stack->push_back(
        {.kind = FrameKind::kPython, .name = frame.name, .file = frame.file, .line = frame.line});
  }
  if (raw.truncated || stack->size() < frames_.size()) {
    stack->push_back({.kind = FrameKind::kTruncated});
  }
  return stack->empty() ? CaptureResult::kInconsistent : CaptureResult::kCaptured;
}

}  // namespace lambent
