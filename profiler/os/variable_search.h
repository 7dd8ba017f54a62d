// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "absl/types/span.h"

namespace lambent::os {

// Looks through an environment ("NAME=value" and a byte 0, again and again: proc(5),
// /proc/PID/environ) for variables that begin with one of some names, in pieces as they are read.
// An environment holds secrets: of each variable no more than the longest name's bytes are kept,
// and nothing once this is destroyed. Thread-compatible.
class VariableSearch {
 public:
  // Longest name; a longer one is never found.
  static constexpr size_t kMaxNameBytes = 256;

  // `names`: "NAME=", or "NAME=value\0" for exactly that value; must outlive this.
  explicit VariableSearch(absl::Span<const std::string_view> names) : names_(names) {}
  ~VariableSearch();
  VariableSearch(const VariableSearch&) = delete;
  VariableSearch& operator=(const VariableSearch&) = delete;

  void Add(std::string_view piece);
  // Whether a variable of what was added, the last unfinished one too, begins with a name.
  bool found() const { return found_ || Matches(); }

 private:
  bool Matches() const;

  const absl::Span<const std::string_view> names_;
  std::array<char, kMaxNameBytes> start_;  // of the variable under way
  size_t size_ = 0;
  bool found_ = false;
};

}  // namespace lambent::os
