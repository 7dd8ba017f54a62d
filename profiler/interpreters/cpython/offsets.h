// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "profiler/interpreters/cpython/line_table.h"

namespace lambent::cpython {

// Where CPython keeps what we read, as byte offsets. All are checked to lie within what is read at
// once (the k…Bytes below), so that readers need not check again. A value.
//
// The tables for 3.9 to 3.12 were taken with offsetof() from the headers of each minor version
// (their internal ones, Py_BUILD_CORE); they hold for every micro version and for shared and static
// builds. What differs between the 64-bit architectures lies behind a lock, and by kGilBytes. 3.13
// and 3.14 describe themselves (_Py_DebugOffsets).
struct Offsets {
  static constexpr uint16_t kAbsent = 0xffff;

  // _PyRuntimeState
  uint16_t runtime_interpreters_head = 0;
  uint16_t runtime_gil = kAbsent;             // the global interpreter lock; up to 3.11
  uint16_t runtime_current_thread = kAbsent;  // the thread state that holds it; up to 3.11
  // PyInterpreterState
  uint16_t interpreter_next = 0;
  uint16_t interpreter_id = 0;  // an int64_t, 0 of the main one
  uint16_t interpreter_threads_head = 0;
  uint16_t interpreter_modules = 0;    // pointer to the dict of its modules
  uint16_t interpreter_gil = kAbsent;  // pointer to its global interpreter lock; from 3.12
  // PyThreadState
  uint16_t thread_next = 0;
  uint16_t thread_interpreter = 0;
  uint16_t thread_id = 0;                   // pthread_t
  uint16_t thread_native_id = kAbsent;      // gettid(); from 3.11
  uint16_t thread_status = kAbsent;         // bits, of which kActiveBit; from 3.12
  uint16_t thread_frame = 0;                // current frame, or the _PyCFrame that has it
  uint16_t thread_chunk = kAbsent;          // datastack_chunk; datastack_top follows; from 3.11
  uint16_t thread_stack = kAbsent;          // cframe, in the runner's C stack; 3.10 to 3.12
  uint16_t cframe_current_frame = kAbsent;  // 3.11 and 3.12
  // _PyInterpreterFrame; PyFrameObject up to 3.10
  uint16_t frame_code = 0;
  uint16_t frame_previous = 0;
  uint16_t frame_owner = kAbsent;     // owner, where a shim of C code is told by it: from 3.12
  uint16_t frame_is_entry = kAbsent;  // 3.11
  bool frame_code_is_tagged = false;  // the pointer's low bits say who counts it: from 3.14
  // Where the frame is in its code: from 3.11 a pointer into it; before, an index (f_lasti, an
  // int), in units of `instruction_bytes`.
  uint16_t frame_instruction = 0;
  uint8_t instruction_bytes = 1;
  LineForm line_form = LineForm::kLocations;
  // PyCodeObject
  uint16_t code_flags = 0;
  uint16_t code_argument_count = 0;
  uint16_t code_first_line = 0;
  uint16_t code_file_name = 0;
  uint16_t code_name = 0;
  uint16_t code_qualified_name = kAbsent;  // from 3.11
  uint16_t code_line_table = 0;            // a bytes object
  uint16_t code_instructions = kAbsent;    // co_code_adaptive, the first instruction; from 3.11
  // PyASCIIObject: its size is where ASCII text starts, PyCompactUnicodeObject's where other text
  // does
  uint16_t ascii_size = 0;
  uint16_t compact_size = 0;
};

// Whether an object may lie there.
constexpr bool IsObjectAddress(uint64_t address) {
  return address >= 4096 && address % 8 == 0 && address >> 48 == 0;
}

// struct _gil_runtime_state, the same from 3.9 to 3.14: most of it is what threads wait in.
#if defined(__aarch64__)
inline constexpr size_t kGilBytes = 224;  // pthread_mutex_t has 48 bytes there
#else
inline constexpr size_t kGilBytes = 208;
#endif

// PyObject.ob_type, PyBytesObject.ob_size and .ob_sval, PyASCIIObject.length and .state: the same
// in all versions.
inline constexpr size_t kTypeOffset = 8;
inline constexpr size_t kBytesSizeOffset = 16;
inline constexpr size_t kBytesDataOffset = 32;
inline constexpr size_t kTextLengthOffset = 16;
inline constexpr size_t kTextStateOffset = 32;
// Bits of PyASCIIObject.state.
inline constexpr uint32_t kTextKindShift = 2;
inline constexpr uint32_t kTextKindMask = 7;
inline constexpr uint32_t kTextCompact = 32;
inline constexpr uint32_t kTextAscii = 64;
// _PyInterpreterFrame.owner from which on a frame stands for C code: FRAME_OWNED_BY_CSTACK, and in
// 3.14, where that is 4, FRAME_OWNED_BY_INTERPRETER.
inline constexpr uint8_t kOwnedByCStack = 3;
// _PyStackChunk: previous, size in bytes, top (index of the first free word), then the words.
inline constexpr size_t kChunkHeaderBytes = 24;

// How much of each object is read at once; of threads and frames only as far as is needed.
inline constexpr size_t kThreadBytes = 384;
inline constexpr size_t kFrameBytes = 112;
inline constexpr size_t kCodeBytes = 144;

// Versions we know: 3.kOldestMinor … 3.kNewestMinor.
inline constexpr int kOldestMinor = 9;
inline constexpr int kNewestMinor = 14;
// From this one on a runtime describes itself.
inline constexpr int kFirstDescribedMinor = 13;

// The table for 3.`minor`; none for those that describe themselves or that we do not know.
std::optional<Offsets> OffsetsOfMinor(int minor);

// How much of _PyRuntime OffsetsOfRuntime wants.
inline constexpr size_t kDebugOffsetsBytes = 760;

// The table in the first bytes of a 3.13 or 3.14 _PyRuntime (struct _Py_DebugOffsets,
// pycore_debug_offsets.h), which are untrusted. Errors: Unimplemented for a free-threaded build or
// another version, InvalidArgument for what is no such table.
absl::StatusOr<Offsets> OffsetsOfRuntime(absl::Span<const char> runtime);

// Whether every offset lies within what is read at once.
bool Fits(const Offsets& offsets);

}  // namespace lambent::cpython
