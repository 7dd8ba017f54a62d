// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/global_lock.h"

#include <cstring>

namespace lambent::cpython {
namespace {

template <typename T>
T At(const char* bytes, size_t offset) {
  T value{};
  std::memcpy(&value, bytes + offset, sizeof(value));
  return value;
}

}  // namespace

void GlobalLock::Plan(const Place& predicted, CopiedMemory* copy) const {
  if (offsets_.runtime_current_thread != Offsets::kAbsent) {
    copy->Add(runtime_ + offsets_.runtime_current_thread, sizeof(uint64_t));
  }
  if (offsets_.interpreter_gil != Offsets::kAbsent && predicted.lock != 0) {
    copy->Add(predicted.interpreter + offsets_.interpreter_gil, sizeof(uint64_t));
    copy->Add(predicted.lock, kGilStateBytes);
  }
}

bool GlobalLock::Read(const CopiedMemory& copy, uint64_t address, void* to, size_t size) const {
  const char* const copied = copy.Find(address, size);
  if (copied == nullptr) return memory_.Read(address, to, size) == size;
  std::memcpy(to, copied, size);
  return true;
}

GlobalLock::Sight GlobalLock::See(const CopiedMemory& copy, uint64_t thread, const char* head,
                                  Place* place) const {
  uint64_t word = 0;
  if (offsets_.runtime_current_thread != Offsets::kAbsent) {
    const uint64_t current = runtime_ + offsets_.runtime_current_thread;
    return {.address = runtime_ + offsets_.runtime_gil,
            .held = Read(copy, current, &word, sizeof(word)) && word == thread};
  }
  if (offsets_.interpreter_gil == Offsets::kAbsent) return {};
  const auto interpreter = At<uint64_t>(head, offsets_.thread_interpreter);
  char state[kGilStateBytes];
  if (interpreter == 0 ||
      !Read(copy, interpreter + offsets_.interpreter_gil, &word, sizeof(word)) || word == 0 ||
      !Read(copy, word, state, sizeof(state))) {
    return {};
  }
  *place = {.interpreter = interpreter, .lock = word};
  return {.address = word,
          .held = (At<uint32_t>(head, offsets_.thread_status) & kActiveBit) != 0 &&
                  At<int32_t>(state, kGilLockedOffset) == 1 &&
                  At<uint64_t>(state, kGilHolderOffset) == thread};
}

}  // namespace lambent::cpython
