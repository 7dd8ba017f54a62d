// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/session/losses.h"

#include "absl/strings/str_cat.h"

namespace lambent {

void AppendLossEvents(const Losses& losses, absl::Time time, std::vector<InvocationEvent>* events) {
  if (losses.readings != 0) {
    events->push_back(LossEvent(
        time, absl::StrCat(losses.readings,
                           " metric readings lost in the extension: too many for a batch")));
  }
  if (losses.batches != 0) {
    events->push_back(LossEvent(
        time, absl::StrCat("events and metric readings of ", losses.batches,
                           " batches lost in the extension: the collector was away for too long, "
                           "or refused them")));
  }
  if (!losses.agent.empty()) events->push_back(LossEvent(time, Describe(losses.agent)));
}

}  // namespace lambent
