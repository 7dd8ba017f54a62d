// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/cpython_reader.h"

#include <string>
#include <utility>

#include "absl/status/status.h"

#include "profiler/target/rseq_offset.h"

namespace lambent::cpython {

absl::StatusOr<std::unique_ptr<CPythonReader>> CPythonReader::Attach(int32_t pid,
                                                                     const ModuleTable& modules,
                                                                     os::RemoteMemory& memory,
                                                                     StringTable& strings) {
  auto location = LocateRuntime(modules, memory);
  if (!location.ok()) return location.status();
  uint64_t stack_end = 0;
  for (const Mapping& mapping : modules.mappings()) {
    if (mapping.path == "[stack]") stack_end = mapping.end;
  }
  std::unique_ptr<CPythonReader> reader(new CPythonReader(
      pid, *std::move(location), FindRseqOffset(modules, memory), stack_end, memory, strings));
  if (!reader->threads_.Initialised()) {
    return absl::UnavailableError("reading Python's state: the interpreter is not initialised yet");
  }
  return reader;
}

CPythonReader::CPythonReader(int32_t pid, RuntimeLocation location,
                             std::optional<int64_t> rseq_offset, uint64_t main_stack_end,
                             os::RemoteMemory& memory, StringTable& strings)
    : location_(std::move(location)),
      memory_(memory),
      threads_(memory, location_.offsets, location_.runtime, pid, main_stack_end),
      frames_(memory, location_.offsets, location_.runtime, location_.code_type, rseq_offset),
      thread_names_(memory, location_.offsets, ObjectLayoutOf(location_.minor), pid),
      codes_(memory, location_.offsets, location_.code_type, strings),
      strings_(strings) {}

CaptureResult CPythonReader::Capture(int32_t tid, RawPythonStack* stack) {
  stack->Clear();
  for (int attempt = 0; attempt < 2; ++attempt) {
    ThreadStateRef thread = threads_.Find(tid);
    if (thread.address == 0) {
      const auto failure = memory_.last_failure();
      if (failure == os::RemoteMemory::Failure::kGone ||
          failure == os::RemoteMemory::Failure::kRefused) {
        return CaptureResult::kUnreadable;
      }
      return CaptureResult::kNoPython;
    }
    if (predictions_.size() >= kMaxPredictions) predictions_.clear();
    FrameResult result = frames_.Read(thread, tid, &predictions_[tid], stack, threads_.watched());
    for (size_t nth = 1; result == FrameResult::kOk && stack->frames.empty(); ++nth) {
      const ThreadStateRef other = threads_.Find(tid, nth);
      if (other.address == 0) break;
      thread = other;
      result = frames_.Read(other, tid, &predictions_[tid], stack, threads_.watched());
    }
    switch (result) {
      case FrameResult::kOk:
        stack->interpreter = thread.number;
        return CaptureResult::kOk;
      case FrameResult::kInconsistent:
        stack->Clear();
        return CaptureResult::kInconsistent;
      case FrameResult::kOtherThread:
        threads_.Forget();
        break;
    }
  }
  stack->Clear();
  return CaptureResult::kInconsistent;
}

size_t CPythonReader::Decode(const RawPythonStack& stack, bool lines,
                             std::vector<PythonFrame>* frames) {
  frames->clear();
  names_.clear();
  for (const CodeHead& head : stack.codes) names_.push_back(codes_.Find(head));
  size_t unnamed = 0;
  for (const RawFrame& frame : stack.frames) {
    if (frame.code >= names_.size()) continue;
    const CodeCache::Names& names = names_[frame.code];
    unnamed += names.name == StringId{} ? 1 : 0;
    const uint32_t line = lines ? codes_.FindLine(stack.codes[frame.code], frame.instruction) : 0;
    frames->push_back({names.name, names.file, names.line, line, frame.entry});
  }
  if (stack.interpreter != 0 && !frames->empty()) MarkInterpreter(stack.interpreter, frames);
  return unnamed;
}

StringId CPythonReader::ThreadName(int32_t tid) {
  size_t states = 0;
  while (threads_.Find(tid, states).address != 0) ++states;
  // The main interpreter's first: a subinterpreter takes the thread that made it for its main one.
  std::string name;
  while (states > 0) {
    if (thread_names_.Read(threads_.Find(tid, --states), tid, &name)) return strings_.Intern(name);
  }
  return {};
}

void CPythonReader::MarkInterpreter(int64_t number, std::vector<PythonFrame>* frames) {
  if (interpreters_.size() >= kMaxInterpreterNames) interpreters_.clear();
  StringId& name = interpreters_[number];
  if (name == StringId{}) {
    name = strings_.Intern("[subinterpreter " + std::to_string(number) + "]");
  }
  PythonFrame mark{.name = name};
  // The run of the evaluation loop that ended with the frame before ends with this one.
  std::swap(mark.entry, frames->back().entry);
  frames->push_back(mark);
}

bool CPythonReader::IsEval(uint64_t address) const {
  for (const AddressRange& range : location_.eval) {
    if (address >= range.start && address < range.end) return true;
  }
  return false;
}

}  // namespace lambent::cpython
