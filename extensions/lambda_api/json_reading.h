// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "nlohmann/json.hpp"

namespace lambent {

// Bytes of a string field that are kept; the wire format's bound on ids and error types.
inline constexpr size_t kMaxFieldBytes = 256;

// Parses one JSON value without exceptions; a discarded value if it is malformed or nested deeper
// than 32 levels.
nlohmann::json ParseJson(std::string_view text);

// The member `name` of `object`, or null if there is none or `object` is not an object.
const nlohmann::json* MemberOf(const nlohmann::json& object, const char* name);

// The string member `name`, cut to kMaxFieldBytes; empty if absent or of another type.
std::string StringOf(const nlohmann::json& object, const char* name);

// The number member `name` times `scale`, rounded; 0 if absent, of another type, negative or beyond
// what an int64_t holds.
int64_t ScaledOf(const nlohmann::json& object, const char* name, double scale);

}  // namespace lambent
