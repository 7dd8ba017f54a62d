// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/aggregate/phase_timeline.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace lambent {

PhaseTimeline::PhaseTimeline(int64_t init_start_ns) : used_before_ns_(init_start_ns) {
  Insert(0, init_start_ns, Phase::kInit, "");
}

void PhaseTimeline::Insert(size_t index, int64_t time_ns, Phase phase,
                           std::string_view request_id) {
  stretches_.insert(stretches_.begin() + static_cast<std::ptrdiff_t>(index),
                    Stretch{next_id_++, time_ns, phase, std::string(request_id)});
  if (stretches_.size() > kMaxStretches) stretches_.pop_front();
}

size_t PhaseTimeline::IndexAt(int64_t time_ns) const {
  const auto after = std::upper_bound(
      stretches_.begin(), stretches_.end(), time_ns,
      [](int64_t time, const Stretch& stretch) { return time < stretch.start_ns; });
  const auto index = after - stretches_.begin();
  return index == 0 ? 0 : static_cast<size_t>(index - 1);
}

void PhaseTimeline::InitDone(int64_t time_ns) {
  time_ns = std::max(time_ns, used_before_ns_);
  const size_t index = IndexAt(time_ns);
  if (stretches_[index].phase != Phase::kInit) return;
  Insert(index + 1, time_ns, Phase::kAfter, "");
}

void PhaseTimeline::Invoke(std::string_view request_id, int64_t time_ns) {
  time_ns = std::max({time_ns, used_before_ns_, stretches_.back().start_ns});
  Insert(stretches_.size(), time_ns, Phase::kInvoke, request_id);
}

void PhaseTimeline::RuntimeDone(std::string_view request_id, int64_t time_ns) {
  for (size_t i = stretches_.size(); i-- > 0;) {
    const Stretch& stretch = stretches_[i];
    if (stretch.request_id != request_id) continue;
    if (stretch.phase != Phase::kInvoke) return;
    time_ns = std::max({time_ns, stretch.start_ns, used_before_ns_});
    if (i + 1 < stretches_.size()) time_ns = std::min(time_ns, stretches_[i + 1].start_ns);
    Insert(i + 1, time_ns, Phase::kAfter, request_id);
    return;
  }
}

void PhaseTimeline::Shutdown(int64_t time_ns) {
  if (stretches_.back().phase == Phase::kShutdown) return;
  time_ns = std::max({time_ns, used_before_ns_, stretches_.back().start_ns});
  Insert(stretches_.size(), time_ns, Phase::kShutdown, "");
}

void PhaseTimeline::Frozen(int64_t from_ns, int64_t until_ns) {
  freezes_.push_back({from_ns, until_ns});
  if (freezes_.size() > kMaxStretches) freezes_.pop_front();
}

const Stretch& PhaseTimeline::At(int64_t time_ns) const { return stretches_[IndexAt(time_ns)]; }

int64_t PhaseTimeline::NextStart(int64_t time_ns) const {
  const auto after = std::upper_bound(
      stretches_.begin(), stretches_.end(), time_ns,
      [](int64_t time, const Stretch& stretch) { return time < stretch.start_ns; });
  return after == stretches_.end() ? std::numeric_limits<int64_t>::max() : after->start_ns;
}

int64_t PhaseTimeline::UnfrozenAgo(int64_t now_ns, int64_t lag_ns) const {
  int64_t end_ns = now_ns;
  for (auto freeze = freezes_.rbegin(); freeze != freezes_.rend(); ++freeze) {
    const int64_t awake_ns = end_ns - std::min(freeze->until_ns, end_ns);
    if (awake_ns >= lag_ns) break;
    lag_ns -= awake_ns;
    end_ns = std::min(freeze->from_ns, end_ns);
  }
  return end_ns - lag_ns;
}

int64_t PhaseTimeline::SettledBefore(int64_t now_ns, int64_t lag_ns) const {
  const int64_t by_age_ns = UnfrozenAgo(now_ns, lag_ns);
  int64_t by_answers_ns = now_ns - kInvokeLagNs;
  // From the newest back, until age has settled them anyway.
  for (size_t i = stretches_.size(); i-- > 0;) {
    const Stretch& stretch = stretches_[i];
    const bool open = i + 1 == stretches_.size();
    const bool answered = !open && stretches_[i + 1].request_id == stretch.request_id;
    const bool waits = stretch.phase == Phase::kInvoke || stretch.phase == Phase::kInit;
    if (waits && !answered) by_answers_ns = std::min(by_answers_ns, stretch.start_ns);
    if (stretch.start_ns <= by_age_ns) break;
  }
  return std::max(by_age_ns, by_answers_ns);
}

void PhaseTimeline::Forget(int64_t time_ns) {
  used_before_ns_ = std::max(used_before_ns_, time_ns);
  const size_t in_effect = IndexAt(used_before_ns_);
  stretches_.erase(stretches_.begin(), stretches_.begin() + static_cast<std::ptrdiff_t>(in_effect));
  while (!freezes_.empty() && freezes_.front().until_ns < used_before_ns_) freezes_.pop_front();
}

}  // namespace lambent
