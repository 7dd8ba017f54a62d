// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// Functions that are inlined into each other, in a file of their own. The tests look for the lines
// by their comments.
namespace inlined {

extern volatile uint64_t sink;

namespace {

// Without a mangled name in the debugging information.
[[gnu::always_inline]] inline void Hidden(uint64_t rounds) {
  for (uint64_t i = 0; i < rounds; ++i) sink = sink * 3 + i;  // the spinning line
}

}  // namespace

struct Worker {
  [[gnu::always_inline]] static inline void Inner(uint64_t rounds) {
    Hidden(rounds);  // the inner call
  }
};

}  // namespace inlined
