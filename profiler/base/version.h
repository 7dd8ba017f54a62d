// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace lambent {

// Lambent's version, as every program and the wire report it.
inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace lambent
