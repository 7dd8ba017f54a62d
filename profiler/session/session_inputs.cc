// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/session/session_inputs.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace lambent {

void SessionInputs::Post(InvocationEvent event) {
  absl::MutexLock lock(&mutex_);
  if (events_.size() >= kMaxEvents) {
    events_.erase(events_.begin());
    ++lost_;
  }
  events_.push_back(std::move(event));
  // Release pairs with TakeEvents' acquire; the mutex orders the events themselves.
  waiting_.store(true, std::memory_order_release);
}

void SessionInputs::TakeEvents(std::vector<InvocationEvent>* events) {
  if (!waiting_.load(std::memory_order_acquire)) return;
  absl::MutexLock lock(&mutex_);
  waiting_.store(false, std::memory_order_relaxed);
  if (lost_ != 0) {
    events->push_back(LossEvent(
        events_.front().time,
        absl::StrCat(lost_, " events lost in the extension: the sampler did not take them")));
    lost_ = 0;
  }
  events->insert(events->end(), std::make_move_iterator(events_.begin()),
                 std::make_move_iterator(events_.end()));
  events_.clear();
}

}  // namespace lambent
