// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/receive/access_token.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"

#include "profiler/base/absl_view.h"

namespace lambent::collector {
namespace {

// What follows "SCHEME " (schemes are of any case, RFC 7235 §2.1); false when it is another.
bool Take(std::string_view scheme, std::string_view authorization, std::string_view* rest) {
  if (authorization.size() <= scheme.size() || authorization[scheme.size()] != ' ' ||
      !absl::EqualsIgnoreCase(AbslView(authorization.substr(0, scheme.size())), AbslView(scheme))) {
    return false;
  }
  *rest = authorization.substr(scheme.size() + 1);
  return true;
}

}  // namespace

bool AccessToken::Equals(std::string_view shown) const {
  if (shown.size() != token_.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < shown.size(); ++i) {
    difference |= static_cast<unsigned char>(shown[i]) ^ static_cast<unsigned char>(token_[i]);
  }
  return difference == 0;
}

bool AccessToken::Accepts(std::string_view authorization) const {
  if (!required()) return true;
  std::string_view shown;
  if (Take("Bearer", authorization, &shown)) return Equals(shown);
  std::string decoded;
  if (!Take("Basic", authorization, &shown) || !absl::Base64Unescape(AbslView(shown), &decoded)) {
    return false;
  }
  const size_t colon = decoded.find(':');
  return colon != std::string::npos && Equals(std::string_view(decoded).substr(colon + 1));
}

}  // namespace lambent::collector
