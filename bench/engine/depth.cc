// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Claim: of a deeper stack 1,024 frames are kept, and a frame beyond them says that more are
// missing; one of 1,000 frames is whole.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"

#include "bench/engine/rows.h"
#include "bench/engine/subject.h"
#include "profiler/stacks/ladder.h"

namespace lambent::bench {
namespace {

constexpr int kDeeper = 3000;
constexpr int kWhole = 980;  // and a program's own frames above

constexpr char kPython[] =
    "import sys\n"
    "sys.setrecursionlimit(10000)\n"
    "def f(n):\n"
    "  if n: return f(n - 1)\n"
    "  print('ready', flush=True)\n"
    "  while True: pass\n"
    "f(%d)";

volatile bool wanted = true;

// Frames of 48 bytes or so.
__attribute__((noinline)) void Recurse(int depth) {
  volatile char local[16] = {};
  if (depth > 0) Recurse(depth - 1);
  while (depth == 0 && wanted) local[0] = local[1];
  local[1] = local[0];
}

struct Kept {
  size_t frames = 0;  // without the one that says what is missing
  bool truncated = false;
};

// The deepest stack that a second of looking brings: copies grow to what a stack needs.
absl::StatusOr<Kept> LookAt(int pid, FrameKind kind) {
  LadderOptions options;
  options.native = NativeFrames::kNever;
  auto ladder = Ladder::Attach(pid, os::RealClock(), options);
  if (!ladder.ok()) return ladder.status();
  Kept kept;
  Naps naps(5'000'000, 10'000'000);
  for (int tick = 0; tick < 50; ++tick) {
    naps.Take();
    (*ladder)->Observe([&](const ThreadSample& sample) {
      if (sample.stack == nullptr || sample.stack->front().kind != kind) return;
      const bool truncated = sample.stack->back().kind == FrameKind::kTruncated;
      const size_t frames = sample.stack->size() - (truncated ? 1 : 0);
      if (frames >= kept.frames) kept = {frames, truncated};
    });
  }
  return kept;
}

absl::StatusOr<Kept> LookAtPython(int depth) {
  auto program = StartSubject({"/usr/bin/python3", "-c", absl::StrFormat(kPython, depth)});
  if (!program.ok()) return program.status();
  return LookAt(program->pid(), FrameKind::kPython);
}

absl::StatusOr<Kept> LookAtNative(int depth) {
  ForkedSubject subject([depth] { Recurse(depth); });
  return LookAt(subject.pid(), FrameKind::kNative);
}

}  // namespace

absl::Status MeasureDepth(bool, std::vector<Row>* rows) {
  std::string how;
  size_t least = SIZE_MAX;
  const auto judge = [&](std::string_view what, const absl::StatusOr<Kept>& deep,
                         const absl::StatusOr<Kept>& whole) {
    if (!deep.ok()) return deep.status();
    if (!whole.ok()) return whole.status();
    absl::StrAppendFormat(&how, "%s%s: %d frames of %d%s, %d of a stack of 980 and what is above%s",
                          how.empty() ? "" : "; ", what, deep->frames, kDeeper,
                          deep->truncated ? " and one that says so" : ", and none that says so",
                          whole->frames, whole->truncated ? ", which is not whole" : ", all");
    // A stack that says nothing of what is missing, or misses something for nothing, has no depth.
    const bool right = deep->truncated && !whole->truncated && whole->frames >= kWhole;
    least = std::min(least, right ? deep->frames : 0);
    return absl::OkStatus();
  };
  absl::Status status = judge("python", LookAtPython(kDeeper), LookAtPython(kWhole));
  if (!status.ok()) return status;
  status = judge("native", LookAtNative(kDeeper), LookAtNative(kWhole));
  if (!status.ok()) return status;
  rows->push_back({"depth.frames", static_cast<double>(least), how});
  return absl::OkStatus();
}

}  // namespace lambent::bench
