// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "extensions/lambda_api/extension_event.h"
#include "extensions/lambda_api/telemetry_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(input), size);
  const lambent::TelemetryBatch batch = lambent::ParseTelemetryBatch(bytes);
  for (const lambent::TelemetryEvent& event : batch.events) {
    if (event.time_unix_us <= 0) std::abort();
  }
  (void)lambent::ParseExtensionEvent(bytes);
  return 0;
}
