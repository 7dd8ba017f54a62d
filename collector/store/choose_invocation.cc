// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/store/choose_invocation.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "lambent/v1/profile.pb.h"

namespace lambent::collector {
namespace {

// Telemetry may be dated before our INVOKE, read on a starved CPU.
constexpr int64_t kPlatformSlackUs = 5'000'000;
constexpr uint32_t kInvokeRank = 3;  // InvocationFacts.start_rank

bool Invoked(const InvocationFacts& facts) { return facts.start_rank == kInvokeRank; }
bool Ended(const InvocationFacts& facts) { return facts.end_us != 0; }
bool Reported(const InvocationFacts& facts) { return facts.billed_duration_us != 0; }

int64_t StartOf(const InvocationFacts& facts) {
  return facts.start_us != 0 ? facts.start_us : facts.end_us;
}

// The earliest time that is told of known[i] rather than of the one before it. Never further back
// than half of the time between the two.
int64_t BeginOf(absl::Span<const InvocationFacts> known, size_t i, int64_t slack_us) {
  const int64_t start = StartOf(known[i]);
  const int64_t before = std::max(StartOf(known[i - 1]), known[i - 1].end_us);
  return start - std::clamp<int64_t>((start - before) / 2, 0, slack_us);
}

size_t LatestAt(absl::Span<const InvocationFacts> known, int64_t time_us, int64_t slack_us) {
  size_t i = known.empty() ? 0 : known.size() - 1;
  while (i > 0 && time_us < BeginOf(known, i, slack_us)) --i;
  return i;
}

// The last one is over for so long that this cannot be told of it.
bool IsOver(absl::Span<const InvocationFacts> known, int64_t time_us) {
  return !known.empty() && Ended(known.back()) && time_us - known.back().end_us > kPlatformSlackUs;
}

size_t ChooseForInvoke(absl::Span<const InvocationFacts> known, int64_t time_us) {
  if (known.empty()) return 0;
  const bool repeated = Invoked(known.back()) && known.back().start_us == time_us;
  const bool is_of_last = repeated || (!Invoked(known.back()) && !IsOver(known, time_us));
  return is_of_last ? known.size() - 1 : known.size();
}

}  // namespace

size_t ChooseInvocation(absl::Span<const InvocationFacts> known, const ValidatedEvent& event) {
  const int64_t time = event.time_unix_us;
  if (event.kind == v1::InvocationEvent::INVOKE) return ChooseForInvoke(known, time);
  if (known.empty()) return 0;
  size_t i = LatestAt(known, time, kPlatformSlackUs);
  if (event.kind == v1::InvocationEvent::RUNTIME_DONE) {
    while (i > 0 && time < StartOf(known[i]) && !Ended(known[i - 1])) --i;
    if (i + 1 == known.size() && IsOver(known, time)) return known.size();
  } else if (event.kind == v1::InvocationEvent::REPORT) {
    // Written after the environment's next thaw: that of the next attempt, perhaps.
    if (i > 0 && !Ended(known[i]) && Ended(known[i - 1]) && !Reported(known[i - 1])) --i;
  }
  return i;
}

size_t ChooseInvocation(absl::Span<const InvocationFacts> known, const ValidatedSegment& segment) {
  return LatestAt(known, segment.start_unix_us, kOwnSlackUs);
}

}  // namespace lambent::collector
