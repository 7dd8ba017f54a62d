// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "profiler/interpreters/cpython/cpython_reader.h"
#include "profiler/stacks/interpreter_stacks.h"
#include "profiler/stacks/merge_stacks.h"

namespace lambent {

// CPython's stacks, for the rungs. Confined to the sampler thread.
class PythonStacks final : public InterpreterStacks {
 public:
  // `lines`: name frames with the line they execute.
  PythonStacks(std::unique_ptr<cpython::CPythonReader> reader, bool lines)
      : reader_(std::move(reader)), lines_(lines) {}

  CaptureResult Copy(int32_t tid) override;
  int CpuOfCopy() const override { return reader_->cpu(); }
  bool HoldsLock() const override { return copies_[last_].holds_gil; }
  bool IsLock(uint64_t address) const override {
    const uint64_t gil = copies_[last_].gil;
    return gil != 0 && address >= gil && address - gil < cpython::kGilBytes;
  }
  bool SameAsBefore() const override { return SameCalls(copies_[0], copies_[1]); }
  CaptureResult Name(Stack* stack) override;
  CaptureResult NameAmong(absl::Span<const uint64_t> pcs, Stack* stack, bool* partial) override;
  StringId ThreadName(int32_t tid) override { return reader_->ThreadName(tid); }
  void Forget(int32_t tid) override { reader_->ForgetThread(tid); }

 private:
  std::unique_ptr<cpython::CPythonReader> reader_;
  const bool lines_;
  cpython::RawPythonStack copies_[2];
  int last_ = 0;  // index of the last copy
  std::vector<cpython::PythonFrame> frames_;
  std::vector<NativeFrame> native_;
  std::vector<InterpretedFrame> interpreted_;
};

}  // namespace lambent
