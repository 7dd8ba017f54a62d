// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "absl/status/statusor.h"

namespace lambent::local {

// How telemetry is gathered before it is sent (Telemetry API, "buffering").
struct Buffering {
  int64_t max_items = 10'000;
  int64_t max_bytes = 262'144;
  int64_t timeout_ms = 1'000;
};

struct Subscription {
  std::set<std::string> types;  // platform, function, extension
  Buffering buffering;
  uint16_t port = 0;  // on 127.0.0.1, whatever the sandbox's name in the URI
  std::string path;   // with the leading slash
};

// Reads the body of PUT /2022-07-01/telemetry by the rules of the Telemetry API reference.
// InvalidArgument with the text for a ValidationError. Delivery by TCP is refused: AWS advises
// against it, and it is not implemented here.
absl::StatusOr<Subscription> ParseSubscription(const std::string& body_untrusted);

}  // namespace lambent::local
