// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "extensions/internal/stack_bounds.h"
#include "profiler/base/agent_memory.h"

namespace lambent::agent {

// A thread with a timer. Its fields belong to that thread's handler.
struct SampledThread {
  int32_t tid;  // 0: nobody; taken by compare and swap
  int32_t timer;
  StackBounds stack;
  uint32_t strange_stacks;  // snapshots on another stack than that
  uint32_t last_beat;
  uint32_t silent;  // snapshots since the profiler's beat changed
  uint32_t random;
};

constexpr uint32_t kNoThread = kAgentThreads;

SampledThread& ThreadOf(uint32_t number);

// The calling thread's number, with a timer (not armed) whose signal carries it; kNoThread, and
// counted, if there is none to be had. Timers of threads that ended are taken apart when their
// places are needed. Async-signal-safe.
uint32_t FindOrAddThread(AgentHeader* memory, int32_t pid, int32_t tid);

// Lets the timer go off once, after half to one and a half times `period_ns` of the thread's CPU
// time: chance keeps it out of step with what the program does. False: the timer is no more.
bool Arm(SampledThread& thread, uint64_t period_ns);

// What a timer's signal carries.
constexpr uint64_t TimerValue(uint32_t cookie, uint32_t number) {
  return uint64_t{cookie} << 32 | number;
}

}  // namespace lambent::agent
