// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace lambent {

// Tells frozen time from late wake-ups. Nothing marks a freeze but a sleep that ended late, and a
// thread on a small share of a CPU (128 MB: 7 %) wakes up to 100 ms late too. What tells them apart
// is the platform: an environment is thawed by INVOKE or SHUTDOWN, and while an invocation runs
// nothing is frozen. Pure; times are MonotonicNs.
class FreezeWatch {
 public:
  // A sleep this much too long was a freeze if the platform called meanwhile.
  static constexpr int64_t kShortNs = 20'000'000;
  // A sleep this much too long was a freeze whoever called.
  static constexpr int64_t kLongNs = 300'000'000;

  struct Freeze {
    int64_t from_ns;
    int64_t until_ns;
  };

  // A sleep that was to end at `planned_ns` ended so late that it matters who called.
  static bool IsLate(int64_t planned_ns, int64_t now_ns) { return now_ns - planned_ns >= kShortNs; }

  // What a sleep that was to end at `planned_ns` and ended at `now_ns` says. `called_ns`: when the
  // platform last called, if it did since the wake-up before. `self_cpu_ns`: CPU time this process
  // used since then; who worked was not frozen.
  static std::optional<Freeze> Judge(int64_t planned_ns, int64_t now_ns,
                                     std::optional<int64_t> called_ns, int64_t self_cpu_ns) {
    if (!IsLate(planned_ns, now_ns)) return std::nullopt;
    if (called_ns.has_value() && *called_ns - planned_ns >= kShortNs / 2) {
      return Freeze{planned_ns, *called_ns < now_ns ? *called_ns : now_ns};
    }
    const int64_t late_ns = now_ns - planned_ns;
    if (late_ns < kLongNs || self_cpu_ns > late_ns / 16) return std::nullopt;
    return Freeze{planned_ns, now_ns};
  }
};

}  // namespace lambent
