// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Claim: what the unwinder keeps of node, libc and libstdc++ takes at most 512 KB, however much of
// their code was met.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"

#include "bench/engine/node_file.h"
#include "bench/engine/rows.h"
#include "bench/engine/subject.h"
#include "profiler/os/process_files.h"
#include "profiler/os/remote_memory.h"
#include "profiler/os/thread_control.h"
#include "profiler/target/module_table.h"
#include "profiler/unwind/raw_snapshot.h"
#include "profiler/unwind/unwind_with_rules.h"

namespace lambent::bench {
namespace {

// For a thread to be given a CPU, on a busy machine.
constexpr os::StopPatience kPatience{.asleep_ns = 20'000'000};

constexpr char kNode[] =
    "console.log('ready'); const zlib = require('zlib');"
    "for (let i = 0; ; ++i) {"
    "  const text = JSON.stringify([...Array(50).keys()].map((n) => ({n, s: 'x' + n * i})));"
    "  zlib.gunzipSync(zlib.gzipSync(text)); text.split('x').sort(); /(\\d+)x/.exec(text);"
    "}";

}  // namespace

absl::Status MeasureUnwindMemory(bool quick, std::vector<Row>* rows) {
  auto program = StartSubject({"node", "-e", kNode});
  if (!program.ok()) return program.status();
  const int pid = program->pid();
  const auto proc = os::CreateProcFiles();
  const auto files = proc->OpenProcess(pid);
  const auto memory = os::CreateVmReadMemory(pid);
  const auto control = os::CreateThreadControl();
  ModuleTable modules(*files, memory.get());
  if (modules.Refresh() != os::ReadResult::kOk) return absl::PermissionDeniedError("read maps");
  const NodeFile node = LargestNodeFile(modules);
  if (const std::string why = WhyNotJudged(node); !why.empty()) {
    rows->push_back({"memory.kb", std::nullopt, why});
    return absl::OkStatus();
  }
  const std::unique_ptr<RuleUnwinder> unwinder = CreateRuleUnwinder(modules, memory.get());
  RawSnapshot snapshot(64 * 1024);
  std::vector<uint64_t> pcs;

  Naps naps(500'000, 2'000'000);
  int stacks = 0;
  for (int i = 0; i < (quick ? 20 : 800); ++i) {
    naps.Take();
    os::Registers registers;
    const os::StopResult stop = control->Stop(pid, kPatience, &registers);
    if (stop == os::StopResult::kRefused) return absl::PermissionDeniedError("ptrace is refused");
    if (stop != os::StopResult::kStopped) continue;
    snapshot.SetRegisters(registers, 0);
    snapshot.CopyStack(*memory, snapshot.capacity(), UINT64_MAX);
    control->Resume();
    unwinder->Unwind(snapshot, nullptr, 1024, &pcs);
    ++stacks;
  }
  const RuleUnwinderUse at_work = unwinder->Use();

  // All their code, an address in each 1 KB: more of it than a program ever meets.
  os::Registers registers = snapshot.registers();
  uint64_t addresses = 0;
  for (const Mapping& mapping : modules.mappings()) {
    if (!mapping.executable) continue;
    const ModuleAddress at = modules.Find(mapping.start);
    if (at.module == nullptr) continue;
    const std::string& path = at.module->path;
    if (!IsNodeFile(path) && !absl::StrContains(path, "/libc.so") &&
        !absl::StrContains(path, "/libstdc++.so")) {
      continue;
    }
    for (uint64_t pc = mapping.start + 16; pc < mapping.end; pc += quick ? 65536 : 1024) {
      registers.values[os::Registers::kPc] = pc;
      snapshot.SetRegisters(registers, 0);
      unwinder->Unwind(snapshot, nullptr, 1, &pcs);
      ++addresses;
    }
  }
  const RuleUnwinderUse full = unwinder->Use();
  rows->push_back(
      {"memory.kb", static_cast<double>(full.memory_bytes) / 1024,
       absl::StrFormat("after rules were looked up for %d addresses all over %s, libc and "
                       "libstdc++; after %d stacks of a busy node %d KB",
                       addresses, Describe(node), stacks, at_work.memory_bytes / 1024)});
  return absl::OkStatus();
}

}  // namespace lambent::bench
