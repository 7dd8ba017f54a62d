// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Claim: a native stack of some 33 frames is copied and unwound, warm, for less than 20 µs.
#include <ucontext.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "benchmark/benchmark.h"

#include "profiler/os/process_files.h"
#include "profiler/os/remote_memory.h"
#include "profiler/target/module_table.h"
#include "profiler/unwind/raw_snapshot.h"
#include "profiler/unwind/unwind_with_libunwind.h"

namespace lambent {
namespace {

constexpr size_t kStackBytes = 64 * 1024;  // Google Benchmark's own frames are large

// This very process, read as another would be.
struct Self {
  std::unique_ptr<os::ProcFiles> proc = os::CreateProcFiles();
  std::unique_ptr<os::ProcessFiles> files = proc->OpenProcess(getpid());
  std::unique_ptr<os::RemoteMemory> memory = os::CreateVmReadMemory(getpid());
  ModuleTable modules{*files, memory.get()};
  RawSnapshot snapshot{kStackBytes};
  std::vector<uint64_t> pcs;
};

os::Registers Here() {
  ucontext_t context;
  getcontext(&context);
  os::Registers registers;
#if defined(__x86_64__)
  const auto& r = context.uc_mcontext.gregs;
  const int order[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                       REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                       REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  for (size_t i = 0; i < os::Registers::kCount; ++i) {
    registers.values[i] = static_cast<uint64_t>(r[order[i]]);
  }
#endif
  return registers;
}

// Calls itself until the stack has some 33 frames, then takes the snapshot and measures in there.
__attribute__((noinline)) void Deep(int depth, Self& self,
                                    void (*measure)(benchmark::State&, Self&),
                                    benchmark::State& state) {
  char frame[192];
  benchmark::DoNotOptimize(&frame[0]);
  if (depth > 0) {
    Deep(depth - 1, self, measure, state);
  } else {
    self.snapshot.SetRegisters(Here(), 0);
    self.snapshot.CopyStack(*self.memory, kStackBytes, UINT64_MAX);
    measure(state, self);
  }
  benchmark::ClobberMemory();
}

void MeasureWarm(benchmark::State& state, Self& self) {
  const std::unique_ptr<Unwinder> unwinder = CreateLibunwindUnwinder(self.modules);
  UnwindEnd end = UnwindEnd::kBadFrame;
  for (auto _ : state) end = unwinder->Unwind(self.snapshot, nullptr, 1024, &self.pcs);
  if (end != UnwindEnd::kComplete) state.SkipWithError(UnwindEndName(end).data());
  state.counters["frames"] = static_cast<double>(self.pcs.size());
}

void MeasureCold(benchmark::State& state, Self& self) {
  for (auto _ : state) {
    const std::unique_ptr<Unwinder> unwinder = CreateLibunwindUnwinder(self.modules);
    unwinder->Unwind(self.snapshot, nullptr, 1024, &self.pcs);
  }
  state.counters["frames"] = static_cast<double>(self.pcs.size());
}

void MeasureCopy(benchmark::State& state, Self& self) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(self.snapshot.CopyStack(*self.memory, 16 * 1024, UINT64_MAX));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(self.snapshot.stack_size()));
}

void Run(benchmark::State& state, void (*measure)(benchmark::State&, Self&)) {
  Self self;
  if (self.modules.Refresh() != os::ReadResult::kOk) {
    state.SkipWithError("maps can not be read");
    return;
  }
  Deep(20, self, measure, state);
}

void BM_UnwindWarm(benchmark::State& state) { Run(state, &MeasureWarm); }
BENCHMARK(BM_UnwindWarm);
void BM_UnwindFirst(benchmark::State& state) { Run(state, &MeasureCold); }
BENCHMARK(BM_UnwindFirst);
void BM_CopyStack16K(benchmark::State& state) { Run(state, &MeasureCopy); }
BENCHMARK(BM_CopyStack16K);

}  // namespace
}  // namespace lambent
