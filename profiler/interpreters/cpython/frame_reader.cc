// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/frame_reader.h"

#include <algorithm>
#include <cstring>

namespace lambent::cpython {
namespace {

constexpr size_t kCFrameBytes = 16;
constexpr uint64_t kTagMask = 7;  // of _PyStackRef; objects are aligned to 16
// struct rseq, linux/rseq.h: `cpu_id` after `cpu_id_start`. The kernel writes it before the thread
// returns to user code on another CPU.
constexpr size_t kRseqCpu = 4;
constexpr size_t kRseqBytes = 8;
constexpr size_t kMaxChunkBytes = 256 * 1024;  // of a chunk; frames beyond are read one by one

uint64_t WordAt(const char* bytes, size_t offset) {
  uint64_t word = 0;
  std::memcpy(&word, bytes + offset, sizeof(word));
  return word;
}

uint32_t IntAt(const char* bytes, size_t offset) {
  uint32_t value = 0;
  std::memcpy(&value, bytes + offset, sizeof(value));
  return value;
}

size_t End(uint16_t offset, size_t size) { return offset == Offsets::kAbsent ? 0 : offset + size; }

}  // namespace

FrameReader::FrameReader(os::RemoteMemory& memory, const Offsets& offsets, uint64_t runtime,
                         uint64_t code_type, std::optional<int64_t> rseq_offset)
    : memory_(memory),
      offsets_(offsets),
      code_type_(code_type),
      rseq_offset_(rseq_offset),
      lock_(memory, offsets, runtime),
      thread_bytes_(std::max({End(offsets.thread_id, 8), End(offsets.thread_frame, 8),
                              End(offsets.thread_native_id, 8), End(offsets.thread_chunk, 16),
                              End(offsets.thread_interpreter, 8), End(offsets.thread_status, 4),
                              End(offsets.thread_stack, 8)})),
      frame_bytes_(std::max({End(offsets.frame_code, 8), End(offsets.frame_previous, 8),
                             End(offsets.frame_owner, 1), End(offsets.frame_is_entry, 1),
                             End(offsets.frame_instruction, 8)})) {}

FrameResult FrameReader::Read(const ThreadStateRef& thread, int32_t tid,
                              FramePrediction* prediction, RawPythonStack* stack,
                              absl::Span<const WatchedWord> watched) {
  stack->Clear();
  copy_.Clear();
  copy_.Add(thread.address, thread_bytes_);
  for (const WatchedWord& word : watched) copy_.Add(word.address, sizeof(uint64_t));
  if (prediction->cframe != 0) copy_.Add(prediction->cframe, kCFrameBytes);
  for (size_t i = 0; i < prediction->chunk_count; ++i) {
    copy_.Add(prediction->chunks[i].address, prediction->chunks[i].used);
  }
  for (size_t i = 0; i < prediction->loose_count; ++i) {
    copy_.Add(prediction->loose[i], frame_bytes_);
  }
  const uint64_t rseq =
      rseq_offset_.has_value() ? thread.pthread + static_cast<uint64_t>(*rseq_offset_) : 0;
  if (rseq != 0) copy_.Add(rseq, kRseqBytes);
  lock_.Plan(prediction->lock, &copy_);
  // Last: one of them may be unmapped by now.
  for (size_t i = 0; i < prediction->code_count; ++i) copy_.Add(prediction->codes[i], kCodeBytes);
  copy_.Fetch(memory_);  // a short one only means that something was predicted wrongly
  const char* const area = rseq == 0 ? nullptr : copy_.Find(rseq, kRseqBytes);
  // A thread that is not registered has a negative number there.
  cpu_ = area == nullptr ? -1 : std::max(-1, static_cast<int>(IntAt(area, kRseqCpu)));
  const char* const head = Get(thread.address, thread_bytes_);
  if (head == nullptr) return FrameResult::kOtherThread;
  for (const WatchedWord& word : watched) {
    const char* const now = Get(word.address, sizeof(uint64_t));
    if (now == nullptr || WordAt(now, 0) != word.value) return FrameResult::kOtherThread;
  }
  if (thread.stack_end != 0) {
    const uint64_t at = WordAt(head, offsets_.thread_stack);
    if (at < thread.stack_start || at >= thread.stack_end) return FrameResult::kOk;
  } else if (WordAt(head, offsets_.thread_id) != thread.pthread ||
             (offsets_.thread_native_id != Offsets::kAbsent &&
              WordAt(head, offsets_.thread_native_id) != static_cast<uint64_t>(tid))) {
    return FrameResult::kOtherThread;
  }

  FramePrediction next;
  const GlobalLock::Sight lock = lock_.See(copy_, thread.address, head, &next.lock);
  stack->gil = lock.address;
  stack->holds_gil = lock.held;
  uint64_t frame = WordAt(head, offsets_.thread_frame);
  if (offsets_.thread_chunk != Offsets::kAbsent) {
    const uint64_t chunk = WordAt(head, offsets_.thread_chunk);
    const uint64_t top = WordAt(head, offsets_.thread_chunk + 8u);
    if (chunk != 0 && top > chunk) LoadChunk(chunk, top - chunk, &next);
  }
  if (offsets_.cframe_current_frame != Offsets::kAbsent) {
    next.cframe = frame;
    const char* const cframe = IsObjectAddress(frame) ? Get(frame, kCFrameBytes) : nullptr;
    if (cframe == nullptr) return FrameResult::kInconsistent;
    frame = WordAt(cframe, offsets_.cframe_current_frame);
  }
  const FrameResult result = Walk(frame, &next, stack);
  if (result != FrameResult::kOk) return result;
  if (!ReadCodes(stack)) return FrameResult::kInconsistent;
  for (const CodeHead& code : stack->codes) {
    if (next.code_count == FramePrediction::kMaxCodes) break;
    next.codes[next.code_count++] = code.address;
  }
  *prediction = next;
  return FrameResult::kOk;
}

const char* FrameReader::Get(uint64_t address, size_t size) {
  if (const char* found = copy_.Find(address, size)) return found;
  if (!copy_.Add(address, size)) {
    // No room to keep it: only a stack of very many loose frames comes here.
    static_assert(CopiedMemory::kMaxPieces >
                  FramePrediction::kMaxLoose + FramePrediction::kMaxChunks);
    copy_.Clear();
    copy_.Add(address, size);
  }
  return copy_.Fetch(memory_) ? copy_.Find(address, size) : nullptr;
}

bool FrameReader::LoadChunk(uint64_t address, uint64_t used, FramePrediction* next) {
  if (!IsObjectAddress(address) || used < kChunkHeaderBytes || used > kMaxChunkBytes) return false;
  if (Get(address, static_cast<size_t>(used)) == nullptr) return false;
  if (next->chunk_count < FramePrediction::kMaxChunks) {
    // Some more than is used now: the next capture may find the stack a little deeper. It stays
    // within the page, so that it can be read.
    const uint64_t end = (address + used + 512) & ~uint64_t{511};
    const uint64_t page_end = (address + used + 4095) & ~uint64_t{4095};
    next->chunks[next->chunk_count++] = {address,
                                         static_cast<uint32_t>(std::min(end, page_end) - address)};
  }
  return true;
}

const char* FrameReader::GetFrame(uint64_t address, FramePrediction* next) {
  for (size_t i = 0; i < next->chunk_count; ++i) {
    const auto& chunk = next->chunks[i];
    if (address > chunk.address && address < chunk.address + chunk.used) {
      return Get(address, frame_bytes_);
    }
  }
  // An older chunk: it is full up to its `top`.
  if (next->chunk_count > 0) {
    const auto& last = next->chunks[next->chunk_count - 1u];
    const char* const header = Get(last.address, kChunkHeaderBytes);
    const uint64_t previous = header == nullptr ? 0 : WordAt(header, 0);
    const char* const older =
        IsObjectAddress(previous) ? Get(previous, kChunkHeaderBytes) : nullptr;
    if (older != nullptr) {
      const uint64_t size = WordAt(older, 8);
      const uint64_t used = kChunkHeaderBytes + (WordAt(older, 16) & 0xffffffff) * 8;
      if (address > previous && address - previous < size && used <= size &&
          next->chunk_count < FramePrediction::kMaxChunks) {
        LoadChunk(previous, used, next);
        return Get(address, frame_bytes_);
      }
    }
  }
  if (next->loose_count < FramePrediction::kMaxLoose) next->loose[next->loose_count++] = address;
  return Get(address, frame_bytes_);
}

FrameResult FrameReader::Walk(uint64_t frame, FramePrediction* next, RawPythonStack* stack) {
  const bool always_entry = offsets_.thread_chunk == Offsets::kAbsent;  // to 3.10: one C frame each
  uint64_t anchor = 0;  // Brent's cycle detection: a torn list must not look like deep recursion
  size_t steps = 0;
  size_t anchored_for = 1;
  while (frame != 0) {
    if (!IsObjectAddress(frame) || frame == anchor) return FrameResult::kInconsistent;
    if (++steps == anchored_for) {
      anchor = frame;
      anchored_for *= 2;
    }
    if (stack->frames.size() >= kMaxFrames || steps > 4 * kMaxFrames) {
      stack->truncated = true;
      break;
    }
    const char* const bytes = GetFrame(frame, next);
    if (bytes == nullptr) return FrameResult::kInconsistent;
    const bool shim = offsets_.frame_owner != Offsets::kAbsent &&
                      static_cast<uint8_t>(bytes[offsets_.frame_owner]) >= kOwnedByCStack;
    uint64_t code = WordAt(bytes, offsets_.frame_code);
    if (offsets_.frame_code_is_tagged) code &= ~kTagMask;
    const uint64_t previous = WordAt(bytes, offsets_.frame_previous);
    if (shim) {
      if (!stack->frames.empty()) stack->frames.back().entry = true;
    } else {
      if (!IsObjectAddress(code)) return FrameResult::kInconsistent;
      const bool entry =
          always_entry || previous == 0 ||
          (offsets_.frame_is_entry != Offsets::kAbsent && bytes[offsets_.frame_is_entry] != 0);
      stack->frames.push_back({frame, IndexOfCode(code, stack), entry, InstructionOf(bytes, code)});
    }
    frame = previous;
  }
  return FrameResult::kOk;
}

int32_t FrameReader::InstructionOf(const char* frame, uint64_t code) const {
  constexpr int64_t kMaxCode = 1 << 30;
  int64_t at = 0;
  if (offsets_.code_instructions == Offsets::kAbsent) {
    at = int64_t{static_cast<int32_t>(IntAt(frame, offsets_.frame_instruction))} *
         offsets_.instruction_bytes;
  } else {
    const uint64_t first = code + offsets_.code_instructions;
    at = static_cast<int64_t>(WordAt(frame, offsets_.frame_instruction) - first);
  }
  return at < -kMaxCode || at > kMaxCode ? RawFrame::kNowhere : static_cast<int32_t>(at);
}

uint32_t FrameReader::IndexOfCode(uint64_t address, RawPythonStack* stack) const {
  // From the end: recursion repeats what came last.
  for (size_t i = stack->codes.size(); i-- > 0;) {
    if (stack->codes[i].address == address) return static_cast<uint32_t>(i);
  }
  stack->codes.push_back({.address = address});
  return static_cast<uint32_t>(stack->codes.size() - 1);
}

bool FrameReader::ReadCodes(RawPythonStack* stack) {
  missing_.clear();
  for (CodeHead& head : stack->codes) {
    const char* const bytes = copy_.Find(head.address, kCodeBytes);
    if (bytes == nullptr) {
      missing_.push_back(&head);
    } else if (!ParseCodeHead(bytes, offsets_, code_type_, &head)) {
      return false;
    }
  }
  constexpr size_t kAtOnce = os::RemoteMemory::kMaxRanges;
  for (size_t start = 0; start < missing_.size(); start += kAtOnce) {
    if (!ReadHeads(absl::MakeConstSpan(missing_).subspan(start, kAtOnce))) return false;
  }
  return true;
}

bool FrameReader::ReadHeads(absl::Span<CodeHead* const> heads) {
  std::array<char, os::RemoteMemory::kMaxRanges * kCodeBytes> bytes;
  std::array<os::RemoteRange, os::RemoteMemory::kMaxRanges> ranges;
  for (size_t i = 0; i < heads.size(); ++i) {
    ranges[i] = {heads[i]->address, bytes.data() + i * kCodeBytes, kCodeBytes};
  }
  const auto wanted = absl::MakeConstSpan(ranges.data(), heads.size());
  if (memory_.ReadV(wanted) != heads.size() * kCodeBytes) return false;
  for (size_t i = 0; i < heads.size(); ++i) {
    if (!ParseCodeHead(bytes.data() + i * kCodeBytes, offsets_, code_type_, heads[i])) return false;
  }
  return true;
}

bool ParseCodeHead(const char* bytes, const Offsets& offsets, uint64_t code_type, CodeHead* head) {
  if (code_type != 0 && WordAt(bytes, kTypeOffset) != code_type) return false;
  head->name =
      WordAt(bytes, offsets.code_qualified_name != Offsets::kAbsent ? offsets.code_qualified_name
                                                                    : offsets.code_name);
  head->file_name = WordAt(bytes, offsets.code_file_name);
  head->line_table = WordAt(bytes, offsets.code_line_table);
  head->first_line = IntAt(bytes, offsets.code_first_line);
  head->argument_count = IntAt(bytes, offsets.code_argument_count);
  head->flags = IntAt(bytes, offsets.code_flags);
  return IsObjectAddress(head->name) && IsObjectAddress(head->file_name);
}

}  // namespace lambent::cpython
