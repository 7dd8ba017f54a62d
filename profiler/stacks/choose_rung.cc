// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/choose_rung.h"

namespace lambent {

RungPlan ChooseRung(const ThreadFacts& thread, const LadderAbilities& abilities) {
  if (thread.unchanged) return {.first = Step::kUnchanged};
  const bool runs = !thread.blocked && !thread.stopped;
  const bool may_stop = abilities.stop && abilities.read_memory;
  // The agent shows registers and stack; it does not know an interpreter's frames.
  if (abilities.agent && runs && !thread.interpreted) {
    return {.first = Step::kAgent,
            .second = may_stop ? Step::kStop : Step::kNone,
            .drop = DropReason::kInconsistent};
  }
  // Every other way but perf events reads memory, a stopped thread's too.
  if (!abilities.read_memory) {
    return {.first = runs && abilities.perf ? Step::kPerf : Step::kNone,
            .drop = DropReason::kRefused};
  }
  if (thread.blocked || thread.stopped) {
    // Frames of an interpreter need no registers.
    if (thread.interpreted || abilities.read_call) {
      return {.first = Step::kBlocked, .drop = DropReason::kInconsistent};
    }
    return {.drop = DropReason::kRefused};
  }
  if (thread.interpreted && thread.native && abilities.stop) {
    return {
        .first = Step::kStop, .second = Step::kConsistentRead, .drop = DropReason::kInconsistent};
  }
  if (thread.interpreted && abilities.consistent) {
    return {.first = Step::kConsistentRead,
            .second = abilities.stop ? Step::kStop : Step::kNone,
            .drop = DropReason::kInconsistent};
  }
  // Registers of a running thread: what else shows them is a stop, or perf events.
  if (abilities.stop) return {.first = Step::kStop, .drop = DropReason::kRefused};
  if (abilities.perf) return {.first = Step::kPerf, .drop = DropReason::kRefused};
  return {.drop = DropReason::kRefused};
}

}  // namespace lambent
