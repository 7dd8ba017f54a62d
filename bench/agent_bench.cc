// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Claim: the agent's handler takes 0.5 µs or less at 40 frames, above what the kernel needs: to
// deliver any signal, and to arm the thread's timer for the next. Measured twice: the handler
// called as a function, and real signals with it and with an empty handler; each time with the
// timer armed, whose part BM_ArmTimer is.
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "benchmark/benchmark.h"

#include "extensions/internal/agent.h"
#include "extensions/internal/sampled_threads.h"
#include "profiler/base/agent_memory.h"

namespace lambent {
namespace {

constexpr int kFrames = 40;
// Longer than the benchmark: no timer of the agent's goes off by itself.
constexpr uint64_t kPeriodNs = 10'000'000'000;

void Send(int code, uint64_t value) {
  siginfo_t info{};
  info.si_signo = SIGURG;
  info.si_code = code;
  info.si_value.sival_ptr = reinterpret_cast<void*>(value);
  syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), SIGURG, &info);
}

// The agent, with a timer for this thread; false: it could not be loaded.
bool Prepare(benchmark::State& state, uint64_t* timer_value) {
  AgentHeader* const memory = agent::Memory();
  if (memory == nullptr) {
    state.SkipWithError("the agent has no memory here");
    return false;
  }
  memory->control.period_ns = kPeriodNs;
  memory->cell_states[0] = 0;
  Send(SI_QUEUE, AgentRequest(memory->cookie));
  const auto* cell =
      reinterpret_cast<const AgentCell*>(reinterpret_cast<const char*>(memory) + kAgentCellsOffset);
  *timer_value = uint64_t{memory->cookie} << 32 | cell->thread;
  return memory->cell_states[0] != 0;
}

// Runs `body` with `frames` frames of 200 bytes or so above it.
__attribute__((noinline)) void Under(int frames, void (*body)(benchmark::State&),
                                     benchmark::State& state) {
  char local[160];
  benchmark::DoNotOptimize(local);
  if (frames == 0) {
    body(state);
  } else {
    Under(frames - 1, body, state);
  }
  benchmark::DoNotOptimize(local);
}

benchmark::State* state_in_handler = nullptr;
uint64_t value_in_handler = 0;

// In a handler, because the agent wants to see what a signal interrupted.
void CallAgain(int, siginfo_t* /*cause*/, void* context) {
  AgentHeader* const memory = agent::Memory();
  siginfo_t cause{};
  cause.si_code = SI_TIMER;
  cause.si_value.sival_ptr = reinterpret_cast<void*>(value_in_handler);
  for (auto _ : *state_in_handler) {
    memory->cell_states[0] = 0;
    agent::OnSignal(SIGURG, &cause, context);
    memory->control.beat++;
  }
}

void CallHandler(benchmark::State& state) {
  if (!Prepare(state, &value_in_handler)) return;
  state_in_handler = &state;
  struct sigaction action {};
  action.sa_sigaction = &CallAgain;
  action.sa_flags = SA_SIGINFO;
  struct sigaction before {};
  sigaction(SIGUSR1, &action, &before);
  raise(SIGUSR1);
  sigaction(SIGUSR1, &before, nullptr);
  const auto* cell = reinterpret_cast<const AgentCell*>(
      reinterpret_cast<const char*>(agent::Memory()) + kAgentCellsOffset);
  state.counters["stack_bytes"] = cell->stack_bytes;
}

void BM_HandlerCalled(benchmark::State& state) { Under(kFrames, &CallHandler, state); }
BENCHMARK(BM_HandlerCalled);

void BM_ArmTimer(benchmark::State& state) {
  uint64_t value = 0;
  if (!Prepare(state, &value)) return;
  agent::SampledThread& thread = agent::ThreadOf(static_cast<uint32_t>(value));
  for (auto _ : state) agent::Arm(thread, kPeriodNs);
}
BENCHMARK(BM_ArmTimer);

void SendTimers(benchmark::State& state) {
  uint64_t value = 0;
  if (!Prepare(state, &value)) return;
  AgentHeader* const memory = agent::Memory();
  for (auto _ : state) {
    memory->cell_states[0] = 0;
    Send(SI_TIMER, value);
    memory->control.beat++;
  }
}

void BM_SignalWithAgent(benchmark::State& state) { Under(kFrames, &SendTimers, state); }
BENCHMARK(BM_SignalWithAgent);

void Ignore(int, siginfo_t*, void*) {}

void SendToNobody(benchmark::State& state) {
  struct sigaction action {};
  action.sa_sigaction = &Ignore;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  struct sigaction before {};
  sigaction(SIGURG, &action, &before);
  for (auto _ : state) Send(SI_TIMER, 0);
  sigaction(SIGURG, &before, nullptr);
}

void BM_SignalEmptyHandler(benchmark::State& state) { Under(kFrames, &SendToNobody, state); }
BENCHMARK(BM_SignalEmptyHandler);

}  // namespace
}  // namespace lambent
