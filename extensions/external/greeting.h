// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"

#include "extensions/external/configuration.h"
#include "extensions/lambda_api/extensions_api.h"
#include "extensions/stream/uplink_options.h"

namespace lambent {

// Who we are, as far as it is known after registration. What the registration says wins over the
// environment's variables. Pure.
Greeting MakeGreeting(const Configuration& configuration, const Registration& registration,
                      std::string environment_id, absl::Time started);

// The runtime's name from telemetry's runtimeVersion: "python:3.12.v38" is "python3.12". Pure.
std::string RuntimeName(std::string_view runtime_version);

}  // namespace lambent
