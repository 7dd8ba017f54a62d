// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Claims: from attaching to the first stack it takes 8 ms with a python process, 20 ms with node,
// whose executable has 99 MB.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"

#include "bench/engine/node_file.h"
#include "bench/engine/rows.h"
#include "bench/engine/subject.h"
#include "profiler/os/process_files.h"
#include "profiler/os/remote_memory.h"
#include "profiler/stacks/ladder.h"
#include "profiler/target/module_table.h"

namespace lambent::bench {
namespace {

constexpr char kPython[] =
    "import json, re, threading\n"
    "def f(n):\n"
    "  if n: return f(n - 1)\n"
    "  print('ready', flush=True)\n"
    "  while True: pass\n"
    "f(20)";
constexpr char kNode[] =
    "console.log('ready');"
    "let kept = 0; function work(n) { return JSON.stringify({n, list: [n, n + 1]}).length; }"
    "for (;;) kept += work(kept % 1000);";

struct FirstStack {
  double ms = -1;  // until the main thread's first stack of a kind; negative: it never came
  double cpu_ms = 0;
  double names_ms = 0;  // to name its frames
};

FirstStack Await(int pid, FrameKind kind) {
  FirstStack first;
  const os::Clock& clock = os::RealClock();
  const int64_t start_cpu_ns = clock.ThreadCpuNs();
  const int64_t start_ns = clock.MonotonicNs();
  const int64_t limit_ns = start_ns + 2'000'000'000;
  auto ladder = Ladder::Attach(pid, clock, {});
  if (!ladder.ok()) return first;
  Stack stack;
  while (stack.empty() && clock.MonotonicNs() < limit_ns) {
    (*ladder)->Observe([&](const ThreadSample& sample) {
      if (sample.tid != pid || sample.stack == nullptr) return;
      for (const Frame& frame : *sample.stack) {
        if (frame.kind == kind) stack = *sample.stack;
      }
    });
  }
  if (stack.empty()) return first;
  const int64_t taken_ns = clock.MonotonicNs();
  first.ms = static_cast<double>(taken_ns - start_ns) * 1e-6;
  first.cpu_ms = static_cast<double>(clock.ThreadCpuNs() - start_cpu_ns) * 1e-6;
  for (const Frame& frame : stack) (*ladder)->Describe(frame);
  first.names_ms = static_cast<double>(clock.MonotonicNs() - taken_ns) * 1e-6;
  return first;
}

absl::StatusOr<NodeFile> NodeFileOf(int pid) {
  const auto proc = os::CreateProcFiles();
  const auto files = proc->OpenProcess(pid);
  ModuleTable modules(*files, nullptr);
  if (modules.Refresh() != os::ReadResult::kOk) return absl::PermissionDeniedError("read maps");
  return LargestNodeFile(modules);
}

absl::StatusOr<Row> MeasureOne(const support::Program& program, FrameKind kind, int times,
                               const std::string& what) {
  std::vector<double> ms, cpu_ms, names_ms;
  for (int i = 0; i < times; ++i) {
    const FirstStack first = Await(program.pid(), kind);
    if (first.ms < 0) return absl::InternalError(absl::StrCat("no stack of ", what, " came"));
    ms.push_back(first.ms);
    cpu_ms.push_back(first.cpu_ms);
    names_ms.push_back(first.names_ms);
  }
  return Row{"", Median(ms),
             absl::StrFormat("of the busy main thread of %s, median of %d ladders made anew, "
                             "%.2f ms of it CPU time; its frames' names, off the capture path, "
                             "take %.1f ms more",
                             what, times, Median(cpu_ms), Median(names_ms))};
}

absl::StatusOr<Row> MeasurePython(int times) {
  auto program = StartSubject({"/usr/bin/python3", "-c", kPython});
  if (!program.ok()) return program.status();
  return MeasureOne(*program, FrameKind::kPython, times, "/usr/bin/python3");
}

absl::StatusOr<Row> MeasureNode(int times) {
  auto program = StartSubject({"node", "-e", kNode});
  if (!program.ok()) return program.status();
  const absl::StatusOr<NodeFile> node = NodeFileOf(program->pid());
  if (!node.ok()) return node.status();
  if (std::string why = WhyNotJudged(*node); !why.empty()) return Row{"", std::nullopt, why};
  return MeasureOne(*program, FrameKind::kNative, times, Describe(*node));
}

// A claim that cannot be measured says so in its row, and leaves the other alone.
absl::Status Add(std::string_view name, const absl::StatusOr<Row>& found, std::vector<Row>* rows) {
  Row row = found.ok() ? *found : Row{"", std::nullopt, std::string(found.status().message())};
  row.name = name;
  rows->push_back(row);
  return found.status();
}

}  // namespace

absl::Status MeasureAttach(bool quick, std::vector<Row>* rows) {
  const int times = quick ? 3 : 31;
  absl::Status status = Add("attach.python_ms", MeasurePython(times), rows);
  status.Update(Add("attach.node_ms", MeasureNode(times), rows));
  return status;
}

}  // namespace lambent::bench
