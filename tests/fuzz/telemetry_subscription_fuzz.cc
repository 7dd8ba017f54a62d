// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <string>

#include "extensions/local/subscription.h"

// Any body of PUT /2022-07-01/telemetry: refused, or a subscription within the API's bounds.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  const auto parsed =
      lambent::local::ParseSubscription(std::string(reinterpret_cast<const char*>(input), size));
  if (!parsed.ok()) return 0;
  const lambent::local::Buffering& buffering = parsed->buffering;
  const bool within = buffering.max_items >= 1000 && buffering.max_items <= 10'000 &&
                      buffering.max_bytes >= 262'144 && buffering.max_bytes <= 1'048'576 &&
                      buffering.timeout_ms >= 25 && buffering.timeout_ms <= 30'000;
  const bool one_line = parsed->path.find_first_of(" \r\n") == std::string::npos;
  if (!within || !one_line || parsed->types.empty() || parsed->port == 0) std::abort();
  return 0;
}
