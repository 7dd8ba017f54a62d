// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace lambent::collector {

// What profiling cost, of a segment or summed up; see lambent.v1.SelfCost. A value.
struct Cost {
  uint64_t wall_us = 0;
  uint64_t self_cpu_us = 0;
  uint64_t stopped_us = 0;
  uint64_t target_cpu_us = 0;
  uint64_t ticks = 0;
  uint64_t sampled_us = 0;
  uint64_t asked_microticks = 0;
  uint64_t allowed_microticks = 0;

  void Add(const Cost& other) {
    wall_us += other.wall_us;
    self_cpu_us += other.self_cpu_us;
    stopped_us += other.stopped_us;
    target_cpu_us += other.target_cpu_us;
    ticks += other.ticks;
    sampled_us += other.sampled_us;
    asked_microticks += other.asked_microticks;
    allowed_microticks += other.allowed_microticks;
  }
};

}  // namespace lambent::collector
