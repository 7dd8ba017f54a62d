// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/offsets.h"

#include <cstring>
#include <string_view>

#include "absl/status/status.h"

namespace lambent::cpython {
namespace {

constexpr Offsets k39 = {
    .runtime_interpreters_head = 32,
    .runtime_gil = 352,
    .runtime_current_thread = 352 + kGilBytes + 8,
    .interpreter_next = 0,
    .interpreter_id = 24,
    .interpreter_threads_head = 8,
    .interpreter_modules = 856,
    .thread_next = 8,
    .thread_interpreter = 16,
    .thread_id = 176,
    .thread_frame = 24,
    .frame_code = 32,
    .frame_previous = 24,
    .frame_instruction = 104,
    .line_form = LineForm::kSteps,
    .code_flags = 36,
    .code_argument_count = 16,
    .code_first_line = 40,
    .code_file_name = 104,
    .code_name = 112,
    .code_line_table = 120,
    .ascii_size = 48,
    .compact_size = 72,
};

// All else lies where it did in 3.9.
constexpr Offsets k310 = [] {
  Offsets offsets = k39;
  offsets.thread_stack = 48;
  offsets.frame_instruction = 96;
  offsets.instruction_bytes = 2;
  offsets.line_form = LineForm::kRanges;
  return offsets;
}();

constexpr Offsets k311 = {
    .runtime_interpreters_head = 40,
    .runtime_gil = 360,
    .runtime_current_thread = 360 + kGilBytes + 8,
    .interpreter_next = 0,
    .interpreter_id = 48,
    .interpreter_threads_head = 16,
    .interpreter_modules = 888,
    .thread_next = 8,
    .thread_interpreter = 16,
    .thread_id = 152,
    .thread_native_id = 160,
    .thread_frame = 56,
    .thread_chunk = 296,
    .thread_stack = 56,
    .cframe_current_frame = 8,
    .frame_code = 32,
    .frame_previous = 48,
    .frame_is_entry = 68,
    .frame_instruction = 56,
    .code_flags = 48,
    .code_argument_count = 56,
    .code_first_line = 72,
    .code_file_name = 112,
    .code_name = 120,
    .code_qualified_name = 128,
    .code_line_table = 136,
    .code_instructions = 184,
    .ascii_size = 48,
    .compact_size = 72,
};

constexpr Offsets k312 = {
    .runtime_interpreters_head = 40,
    .interpreter_next = 0,
    .interpreter_id = 8,
    .interpreter_threads_head = 72,
    .interpreter_modules = 944,
    .interpreter_gil = 384,
    .thread_next = 8,
    .thread_interpreter = 16,
    .thread_id = 136,
    .thread_native_id = 144,
    .thread_status = 24,
    .thread_frame = 56,
    .thread_chunk = 232,
    .thread_stack = 56,
    .cframe_current_frame = 0,
    .frame_code = 0,
    .frame_previous = 8,
    .frame_owner = 70,
    .frame_instruction = 56,
    .code_flags = 48,
    .code_argument_count = 52,
    .code_first_line = 68,
    .code_file_name = 112,
    .code_name = 120,
    .code_qualified_name = 128,
    .code_line_table = 136,
    .code_instructions = 192,
    .ascii_size = 40,
    .compact_size = 56,
};

// Positions within _Py_DebugOffsets of the uint64_t we want. It has grown since 3.13.
enum HeadPosition : size_t {
  kVersion = 8,
  kFreeThreaded = 16,
  kInterpretersHead = 40,
  kInterpreterId = 56,
  kInterpreterNext = 64,
  kThreadsHead = 72,
};
struct DebugPositions {
  size_t interpreter_modules;
  size_t interpreter_gil;
  // interp, current_frame, thread_id, native_thread_id, datastack_chunk, status follow
  size_t thread_next;
  size_t frame_previous;  // executable, instr_ptr, localsplus, owner follow
  size_t code_file_name;  // name, qualname, linetable, firstlineno, argcount follow
  size_t code_instructions;
  size_t ascii_size;
};
constexpr DebugPositions k313{88, 112, 168, 232, 280, 344, 560};
constexpr DebugPositions k314{96, 120, 192, 256, 320, 384, 640};

uint64_t ReadWord(absl::Span<const char> bytes, size_t at) {
  uint64_t word = 0;
  std::memcpy(&word, bytes.data() + at, sizeof(word));
  return word;
}

// `value` as an offset; what is too big becomes kAbsent, which Fits() refuses.
uint16_t Narrow(uint64_t value) {
  return value < Offsets::kAbsent ? static_cast<uint16_t>(value) : Offsets::kAbsent;
}

bool WithinOrAbsent(uint16_t offset, size_t size, size_t limit) {
  return offset == Offsets::kAbsent || offset + size <= limit;
}

}  // namespace

std::optional<Offsets> OffsetsOfMinor(int minor) {
  switch (minor) {
    case 9:
      return k39;
    case 10:
      return k310;
    case 11:
      return k311;
    case 12:
      return k312;
    default:
      return std::nullopt;
  }
}

absl::StatusOr<Offsets> OffsetsOfRuntime(absl::Span<const char> runtime) {
  if (runtime.size() < kDebugOffsetsBytes ||
      std::string_view(runtime.data(), 8) != std::string_view("xdebugpy", 8)) {
    return absl::InvalidArgumentError("reading _Py_DebugOffsets: its cookie is missing");
  }
  const uint64_t version = ReadWord(runtime, kVersion) >> 16;
  if (version != 0x030d && version != 0x030e) {
    return absl::UnimplementedError("reading _Py_DebugOffsets: not of Python 3.13 or 3.14");
  }
  if (ReadWord(runtime, kFreeThreaded) != 0) {
    return absl::UnimplementedError(
        "reading Python's state: free-threaded builds are not supported: their threads run while "
        "one is looked at, and their code objects move");
  }
  const DebugPositions& positions = version == 0x030d ? k313 : k314;
  const auto at = [&](size_t position, size_t nth = 0) {
    return Narrow(ReadWord(runtime, position + nth * sizeof(uint64_t)));
  };
  const Offsets offsets = {
      .runtime_interpreters_head = at(kInterpretersHead),
      .interpreter_next = at(kInterpreterNext),
      .interpreter_id = at(kInterpreterId),
      .interpreter_threads_head = at(kThreadsHead),
      .interpreter_modules = at(positions.interpreter_modules),
      .interpreter_gil = at(positions.interpreter_gil),
      .thread_next = at(positions.thread_next),
      .thread_interpreter = at(positions.thread_next, 1),
      .thread_id = at(positions.thread_next, 3),
      .thread_native_id = at(positions.thread_next, 4),
      .thread_status = at(positions.thread_next, 6),
      .thread_frame = at(positions.thread_next, 2),
      .thread_chunk = at(positions.thread_next, 5),
      .frame_code = at(positions.frame_previous, 1),
      .frame_previous = at(positions.frame_previous),
      .frame_owner = at(positions.frame_previous, 4),
      .frame_code_is_tagged = version >= 0x030e,
      .frame_instruction = at(positions.frame_previous, 2),
      .code_flags = 48,  // not in the table; only part of what tells two code objects apart
      .code_argument_count = at(positions.code_file_name, 5),
      .code_first_line = at(positions.code_file_name, 4),
      .code_file_name = at(positions.code_file_name),
      .code_name = at(positions.code_file_name, 1),
      .code_qualified_name = at(positions.code_file_name, 2),
      .code_line_table = at(positions.code_file_name, 3),
      .code_instructions = at(positions.code_instructions),
      .ascii_size = at(positions.ascii_size),
      // PyCompactUnicodeObject is a PyASCIIObject with utf8_length and utf8.
      .compact_size = Narrow(ReadWord(runtime, positions.ascii_size) + 16),
  };
  if (!Fits(offsets)) {
    return absl::InvalidArgumentError(
        "reading _Py_DebugOffsets: offsets beyond any sensible object");
  }
  return offsets;
}

bool Fits(const Offsets& o) {
  constexpr uint16_t kMaxRuntime = 0x8000;
  constexpr size_t kMaxText = 128;
  return o.runtime_interpreters_head < kMaxRuntime && o.interpreter_next < kMaxRuntime &&
         o.interpreter_threads_head < kMaxRuntime && o.interpreter_modules < kMaxRuntime &&
         WithinOrAbsent(o.runtime_gil, 256, kMaxRuntime) &&
         WithinOrAbsent(o.runtime_current_thread, 8, kMaxRuntime) &&
         o.interpreter_id < kMaxRuntime && WithinOrAbsent(o.interpreter_gil, 8, kMaxRuntime) &&
         WithinOrAbsent(o.thread_status, 4, kThreadBytes) &&
         (o.interpreter_gil == Offsets::kAbsent || o.thread_status != Offsets::kAbsent) &&
         o.thread_next + 8u <= kThreadBytes && o.thread_interpreter + 8u <= kThreadBytes &&
         o.thread_id + 8u <= kThreadBytes && o.thread_frame + 8u <= kThreadBytes &&
         WithinOrAbsent(o.thread_native_id, 8, kThreadBytes) &&
         WithinOrAbsent(o.thread_chunk, 16, kThreadBytes) &&
         WithinOrAbsent(o.thread_stack, 8, kThreadBytes) &&
         WithinOrAbsent(o.cframe_current_frame, 8, 16) &&  //
         o.frame_code + 8u <= kFrameBytes && o.frame_previous + 8u <= kFrameBytes &&
         WithinOrAbsent(o.frame_owner, 1, kFrameBytes) &&
         WithinOrAbsent(o.frame_is_entry, 1, kFrameBytes) &&
         o.frame_instruction + 8u <= kFrameBytes &&  //
         o.code_flags + 4u <= kCodeBytes && o.code_argument_count + 4u <= kCodeBytes &&
         o.code_first_line + 4u <= kCodeBytes && o.code_file_name + 8u <= kCodeBytes &&
         o.code_name + 8u <= kCodeBytes && WithinOrAbsent(o.code_qualified_name, 8, kCodeBytes) &&
         o.code_line_table + 8u <= kCodeBytes && o.ascii_size <= kMaxText &&
         o.compact_size <= kMaxText;
}

}  // namespace lambent::cpython
