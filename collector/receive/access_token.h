// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace lambent::collector {

// What callers have to show, if anything. A value; thread-safe.
class AccessToken {
 public:
  // Nobody has to show anything; so, too, with an empty token.
  AccessToken() = default;
  explicit AccessToken(std::string token) : token_(std::move(token)) {}

  bool required() const { return !token_.empty(); }

  // Whether the value of an "authorization" header lets its sender in: "Bearer TOKEN" (RFC 6750)
  // or, as browsers ask people for one, "Basic" with the token as password and any user (RFC 7617).
  // Takes as long for any wrong token of one length.
  bool Accepts(std::string_view authorization) const;

 private:
  bool Equals(std::string_view shown) const;

  std::string token_;
};

}  // namespace lambent::collector
