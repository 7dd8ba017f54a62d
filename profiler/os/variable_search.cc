// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/variable_search.h"

#include <algorithm>

namespace lambent::os {

// Not memset: it would be left out before the end of a lifetime.
VariableSearch::~VariableSearch() {
  volatile char* const start = start_.data();
  for (size_t i = 0; i < start_.size(); ++i) start[i] = 0;
}

bool VariableSearch::Matches() const {
  const std::string_view start(start_.data(), size_);
  return std::any_of(names_.begin(), names_.end(), [&](std::string_view name) {
    return !name.empty() && start.substr(0, name.size()) == name;
  });
}

void VariableSearch::Add(std::string_view piece) {
  while (!piece.empty() && !found_) {
    const size_t zero = piece.find('\0');
    const bool ends = zero != std::string_view::npos;
    const std::string_view part = piece.substr(0, ends ? zero + 1 : piece.size());
    const size_t kept = std::min(part.size(), start_.size() - size_);
    std::copy_n(part.begin(), kept, start_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += kept;
    if (ends) {
      found_ = Matches();
      size_ = 0;
    }
    piece.remove_prefix(part.size());
  }
}

}  // namespace lambent::os
