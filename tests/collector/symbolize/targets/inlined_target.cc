// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// Spends its time in functions that were inlined into each other over two files. One argument: how
// many seconds.
#include <chrono>
#include <cstdlib>

#include "tests/collector/symbolize/targets/inlined_work.h"

namespace inlined {

volatile uint64_t sink = 1;

template <typename Rounds>
[[gnu::always_inline]] inline void Middle(Rounds rounds) {
  Worker::Inner(rounds);  // the middle call
}

[[gnu::noinline]] void Outer(uint64_t rounds) {
  Middle(rounds);  // the outer call
}

}  // namespace inlined

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) inlined::Outer(1'000'000);
  return 0;
}
