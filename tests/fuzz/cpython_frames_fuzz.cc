// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Stacks read out of memory made of the input: whatever it holds, reading ends and stays in bounds.
// Input: byte 0 picks the version, and another one for the layout of objects that hold the names of
// threads; then records of 10 bytes: where (u16, in words), and a word put
// there which, when small but not below kFirst, becomes an address in the same memory. Line tables
// are read of every frame; those forms that the version does not have, out of the input as it is.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "profiler/base/string_table.h"
#include "profiler/interpreters/cpython/code_cache.h"
#include "profiler/interpreters/cpython/frame_reader.h"
#include "profiler/interpreters/cpython/line_table.h"
#include "profiler/interpreters/cpython/object_layout.h"
#include "profiler/interpreters/cpython/offsets.h"
#include "profiler/interpreters/cpython/thread_names.h"
#include "profiler/interpreters/cpython/thread_states.h"
#include "tests/fakes/fake_remote_memory.h"

namespace lambent::cpython {
namespace {

constexpr uint64_t kBase = 0x10000;
constexpr size_t kWords = 16384;
constexpr uint64_t kFirst = 256;  // smaller words stay numbers
constexpr int32_t kTid = 77;

void ReadLines(const uint8_t* input, size_t size) {
  std::string bytes(size, '\0');
  if (size > 0) std::memcpy(bytes.data(), input, size);
  for (const LineForm form : {LineForm::kSteps, LineForm::kRanges, LineForm::kLocations}) {
    const LineTable lines(form, bytes, 7);
    if (lines.bytes() > 8 * (size + 1)) std::abort();
    for (const uint32_t offset : {0u, 2u, 1000u, 0xffff'fffeu}) lines.LineAt(offset);
  }
}

void ReadNames(fakes::FakeRemoteMemory& memory, const Offsets& offsets, const ObjectLayout& layout,
               const ThreadStateRef& thread) {
  ThreadNames names(memory, offsets, layout, kTid + 1);
  for (const int32_t tid : {kTid, kTid + 1}) {
    std::string name;
    const int before = memory.calls();
    if (names.Read(thread, tid, &name) && name.size() > 4 * kMaxThreadName) std::abort();
    if (memory.calls() - before > 2000) std::abort();
  }
}

void ReadStacks(const Offsets& offsets, const ObjectLayout& layout, const uint8_t* input,
                size_t size) {
  std::string bytes(kWords * 8, '\0');
  for (; size >= 10; input += 10, size -= 10) {
    uint16_t where = 0;
    uint64_t word = 0;
    std::memcpy(&where, input, sizeof(where));
    std::memcpy(&word, input + 2, sizeof(word));
    if (word >= kFirst && word < kFirst + kWords) word = kBase + (word - kFirst) * 8;
    std::memcpy(bytes.data() + where % kWords * 8, &word, sizeof(word));
  }
  fakes::FakeRemoteMemory memory;
  memory.Map(kBase, bytes);
  ThreadStates threads(memory, offsets, kBase, kTid, kBase + kWords * 8);
  const ThreadStateRef thread = threads.Find(kTid);
  FrameReader reader(memory, offsets, kBase, 0);
  FramePrediction prediction;
  RawPythonStack stack;
  StringTable strings;
  CodeCache codes(memory, offsets, 0, strings);
  for (int again = 0; again < 2; ++again) {
    ThreadStateRef any = thread;
    if (any.address == 0) any.address = kBase;
    if (reader.Read(any, kTid, &prediction, &stack, threads.watched()) != FrameResult::kOk) {
      continue;
    }
    if (stack.frames.size() > kMaxFrames) std::abort();
    for (const RawFrame& frame : stack.frames) {
      if (frame.code >= stack.codes.size()) std::abort();
    }
    for (const CodeHead& head : stack.codes) codes.Find(head);
    for (const RawFrame& frame : stack.frames) {
      codes.FindLine(stack.codes[frame.code], frame.instruction);
    }
  }
  ReadNames(memory, offsets, layout, thread);
}

}  // namespace
}  // namespace lambent::cpython

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  using namespace lambent::cpython;  // NOLINT(google-build-using-namespace)
  if (size == 0) return 0;
  ReadLines(input + 1, size - 1);
  const ObjectLayout layout = ObjectLayoutOf(kOldestMinor + (input[0] % 5 + input[0] / 5) % 6);
  if (input[0] % 5 == 4) {
    // The target's own description of itself.
    std::vector<char> runtime(kDebugOffsetsBytes);
    std::memcpy(runtime.data(), input + 1, std::min(size - 1, runtime.size()));
    if (const auto offsets = OffsetsOfRuntime(runtime); offsets.ok()) {
      if (!Fits(*offsets)) std::abort();
      ReadStacks(*offsets, layout, input + 1, size - 1);
    }
    return 0;
  }
  ReadStacks(*OffsetsOfMinor(kOldestMinor + input[0] % 5), layout, input + 1, size - 1);
  return 0;
}
