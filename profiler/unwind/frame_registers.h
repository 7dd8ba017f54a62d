// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "profiler/os/thread_control.h"
#include "profiler/unwind/machine.h"

namespace lambent {

// Registers as they were in one frame, as far as they are known. A value.
struct FrameRegisters {
  std::array<uint64_t, os::Registers::kCount> values{};
  uint64_t known = 0;  // bit i: values[i]

  // `reg` < kCount.
  bool Knows(size_t reg) const { return (known >> reg & 1) != 0; }
  void Set(size_t reg, uint64_t value) {
    values[reg] = value;
    known |= RegisterBit(reg);
  }
  void Forget(size_t reg) { known &= ~RegisterBit(reg); }

  uint64_t sp() const { return values[os::Registers::kSp]; }
};

}  // namespace lambent
