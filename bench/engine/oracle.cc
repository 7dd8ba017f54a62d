// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Claim: over the programs that each hold one difficulty of unwinding, 99.9 % of frames are those
// that libunwind finds in the same stopped thread.
#include "tests/profiler/unwind/oracle.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"

#include "bench/engine/rows.h"
#include "bench/engine/subject.h"

namespace lambent::bench {

absl::Status MeasureOracle(bool quick, std::vector<Row>* rows) {
  const uint64_t moments = quick ? 5 : 200;
  uint64_t frames = 0, equal = 0, stacks = 0, beyond = 0;
  int programs = 0;
  std::string worst;
  double worst_share = 1;
  Naps naps(50'000, 400'000);
  for (const auto& file : std::filesystem::directory_iterator(LAMBENT_UNWIND_TARGETS)) {
    if (!file.is_regular_file() || file.path().has_extension()) continue;
    auto program = StartSubject({file.path().string()});
    if (!program.ok()) return program.status();
    Oracle oracle(program->pid());
    std::vector<int32_t> threads;
    for (uint64_t look = 0; look < 10 * moments && oracle.stacks() < moments; ++look) {
      naps.Take();
      oracle.ListThreads(&threads);
      if (threads.empty() || oracle.refused()) break;
      oracle.Sample(threads.back());
    }
    if (oracle.refused()) return absl::PermissionDeniedError("ptrace is refused");
    ++programs;
    stacks += oracle.stacks();
    beyond += oracle.beyond_oracle();
    frames += oracle.frames();
    equal += oracle.equal_frames();
    const double share = oracle.frames() == 0 ? 1
                                              : static_cast<double>(oracle.equal_frames()) /
                                                    static_cast<double>(oracle.frames());
    if (share < worst_share) {
      worst_share = share;
      worst = file.path().filename().string();
    }
  }
  if (frames == 0) return absl::NotFoundError("no frame was compared");
  std::string how = absl::StrFormat(
      "%d of %d frames, %d stacks of %d programs; of %d more stacks libunwind did not find the "
      "root",
      equal, frames, stacks - beyond, programs, beyond);
  if (!worst.empty()) {
    absl::StrAppendFormat(&how, "; least equal %s, %.2f %%", worst, 100 * worst_share);
  }
  rows->push_back({"oracle.equal_percent",
                   100.0 * static_cast<double>(equal) / static_cast<double>(frames), how});
  return absl::OkStatus();
}

}  // namespace lambent::bench
