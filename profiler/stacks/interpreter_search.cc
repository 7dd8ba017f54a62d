// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/interpreter_search.h"

#include <algorithm>
#include <utility>

#include "profiler/interpreters/cpython/cpython_reader.h"
#include "profiler/stacks/python_stacks.h"

namespace lambent {
namespace {

// The longer there was none, the more seldom it is looked for: after t, again after t / 20.
constexpr int64_t kShare = 20;
constexpr int64_t kSoonestNs = 5'000'000;
constexpr int64_t kLatestNs = 2'000'000'000;

}  // namespace

InterpreterSearch::InterpreterSearch(int32_t pid, ModuleTable& modules, os::RemoteMemory& memory,
                                     StringTable& strings, bool lines)
    : pid_(pid), modules_(modules), memory_(memory), strings_(strings), lines_(lines) {}

void InterpreterSearch::Tick(int64_t now_ns) {
  if (stacks_ != nullptr || now_ns < next_ns_) return;
  if (modules_.Refresh() == os::ReadResult::kOk &&
      (initialising_ || modules_.modules().size() != modules_tried_)) {
    Try();
  }
  next_ns_ = now_ns + std::clamp((now_ns - since_ns_) / kShare, kSoonestNs, kLatestNs);
}

void InterpreterSearch::Try() {
  modules_tried_ = modules_.modules().size();
  auto reader = cpython::CPythonReader::Attach(pid_, modules_, memory_, strings_);
  // It is there, but has not started its first thread yet, or is not all mapped.
  initialising_ = absl::IsUnavailable(reader.status());
  if (!reader.ok()) {
    missing_ = std::string(reader.status().message());
    return;
  }
  found_ = "CPython 3." + std::to_string((*reader)->location().minor) + " frames lie in memory";
  owned_ = std::make_unique<PythonStacks>(*std::move(reader), lines_);
  stacks_ = owned_.get();
}

void InterpreterSearch::Reset(int64_t now_ns) {
  stacks_ = nullptr;
  owned_.reset();
  found_.clear();
  missing_.clear();
  since_ns_ = now_ns;
  next_ns_ = now_ns;
  modules_tried_ = 0;
  initialising_ = false;
}

}  // namespace lambent
