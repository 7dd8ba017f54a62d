// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "absl/time/time.h"

namespace lambent {

// How long to wait before the next attempt: doubling from `first` to `limit`, each wait between
// half of that and all of it, so that a fleet does not come back in step. Pure but for its random
// state.
class Backoff {
 public:
  Backoff(absl::Duration first, absl::Duration limit, uint64_t seed)
      : first_(first), limit_(limit), next_(first), random_(static_cast<uint32_t>(seed | 1)) {}

  absl::Duration Next() {
    const absl::Duration whole = next_;
    next_ = std::min(next_ * 2, limit_);
    const double part = static_cast<double>(random_() % 1024) / 1024;
    return whole / 2 + whole / 2 * part;
  }
  void Reset() { next_ = first_; }

 private:
  const absl::Duration first_;
  const absl::Duration limit_;
  absl::Duration next_;
  std::minstd_rand random_;
};

}  // namespace lambent
