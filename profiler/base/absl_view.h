// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "absl/strings/string_view.h"

namespace lambent {

// `text` for absl's functions. Debian 12 builds abseil with a string_view of its own, which does
// not convert from std::string_view; where abseil uses the standard's, this is a copy of two words.
inline absl::string_view AbslView(std::string_view text) {
  return absl::string_view(text.data(), text.size());
}

// The way back.
inline std::string_view StdView(absl::string_view text) {
  return std::string_view(text.data(), text.size());
}

}  // namespace lambent
