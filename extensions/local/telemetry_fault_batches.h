// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "extensions/local/local_options.h"

namespace lambent::local {

// The request bodies that deliver `events` once, with the faults asked for. Without faults: one
// body, the JSON array of them. Pure.
std::vector<std::string> BodiesOf(std::vector<std::string> events, const TelemetryFaults& faults);

}  // namespace lambent::local
