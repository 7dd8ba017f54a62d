// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/stacks/agent_losses.h"

#include "absl/strings/str_cat.h"

namespace lambent {

void AgentLosses::Add(const AgentLosses& other) {
  no_cell += other.no_cell;
  overruns += other.overruns;
  too_many += other.too_many;
  refused += other.refused;
}

std::string Describe(const AgentLosses& losses) {
  std::string text;
  const auto add = [&text](uint64_t count, const char* what) {
    if (count != 0) absl::StrAppend(&text, text.empty() ? "the agent: " : ", ", count, what);
  };
  add(losses.no_cell, " copies not taken (all cells full)");
  add(losses.overruns, " timer signals late");
  add(losses.too_many, " requests beyond its threads");
  add(losses.refused, " timers refused");
  return text;
}

}  // namespace lambent
