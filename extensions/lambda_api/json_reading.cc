// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/lambda_api/json_reading.h"

#include <cmath>

namespace lambent {
namespace {

constexpr int kMaxDepth = 32;

// Depth is bounded before parsing, so that no code behind this one has to think about it.
bool TooDeep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

nlohmann::json ParseJson(std::string_view text) {
  if (TooDeep(text)) return nlohmann::json(nlohmann::json::value_t::discarded);
  return nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
}

const nlohmann::json* MemberOf(const nlohmann::json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::string StringOf(const nlohmann::json& object, const char* name) {
  const nlohmann::json* member = MemberOf(object, name);
  const auto* text = member == nullptr ? nullptr : member->get_ptr<const std::string*>();
  return text == nullptr ? std::string() : text->substr(0, kMaxFieldBytes);
}

int64_t ScaledOf(const nlohmann::json& object, const char* name, double scale) {
  const nlohmann::json* member = MemberOf(object, name);
  if (member == nullptr || !member->is_number()) return 0;
  const double scaled = std::round(member->get<double>() * scale);
  return scaled > 0 && scaled < 9.2e18 ? static_cast<int64_t>(scaled) : 0;  // false for NaN
}

}  // namespace lambent
