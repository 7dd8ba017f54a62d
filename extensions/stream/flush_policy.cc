// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/stream/flush_policy.h"

#include <algorithm>

namespace lambent {
namespace {

// Above this, what a write costs is its bytes and no more its wake-ups.
constexpr uint64_t kEnoughBytes = 64 << 10;
constexpr absl::Duration kDeadlineNear = absl::Milliseconds(500);
constexpr absl::Duration kGather = absl::Seconds(2);
constexpr absl::Duration kFarApart = absl::Seconds(5);
// Lambda freezes within milliseconds of the last `next`; nobody measured more than 200.
constexpr absl::Duration kFreezeNear = absl::Milliseconds(250);

using Action = FlushDecision::Action;

constexpr FlushDecision kSendNow{Action::kSend, absl::InfiniteFuture()};

FlushDecision SendOrWaitUntil(absl::Time due, absl::Time now) {
  return due <= now ? kSendNow : FlushDecision{Action::kWait, due};
}

}  // namespace

std::optional<FlushMode> ParseFlushMode(std::string_view text) {
  if (text == "adaptive") return FlushMode::kAdaptive;
  if (text == "immediate") return FlushMode::kImmediate;
  if (text == "end") return FlushMode::kEnd;
  return std::nullopt;
}

FlushDecision DecideFlush(const FlushState& state) {
  if (state.phase == Phase::kShutdown) return {Action::kFinal, state.deadline};
  if (state.backlog_batches == 0) return {};
  if (state.mode == FlushMode::kImmediate) return kSendNow;
  if (state.backlog_bytes >= state.limit_bytes / 2) return kSendNow;
  if (state.mode == FlushMode::kEnd) return {};
  if (state.backlog_bytes >= kEnoughBytes) return kSendNow;
  const absl::Time gathered = state.oldest_waiting + kGather;
  if (state.phase == Phase::kInit) return SendOrWaitUntil(gathered, state.now);
  if (state.phase == Phase::kAfter && state.now - state.phase_since < kFreezeNear) {
    return {Action::kWait, state.phase_since + kFreezeNear};
  }
  if (state.phase == Phase::kInvoke && state.deadline - state.now <= kDeadlineNear) return kSendNow;
  if (state.invoke_interval >= kFarApart) return kSendNow;
  const absl::Time near_deadline =
      state.phase == Phase::kInvoke ? state.deadline - kDeadlineNear : absl::InfiniteFuture();
  return SendOrWaitUntil(std::min(gathered, near_deadline), state.now);
}

bool MaySendSymbols(const FlushState& state) {
  if (state.backlog_batches != 0 || state.mode == FlushMode::kEnd) return false;
  if (state.phase == Phase::kInvoke) return state.deadline - state.now > kDeadlineNear;
  return state.phase == Phase::kAfter && state.now - state.phase_since >= kFreezeNear;
}

}  // namespace lambent
