// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "extensions/lambda_api/extension_event.h"
#include "extensions/lambda_api/telemetry_event.h"
#include "profiler/encode/invocation_event.h"

namespace lambent {

// What the platform said, as the event that travels to the collector. Pure.

InvocationEvent FromTelemetry(const TelemetryEvent& event);

// `now` is when /event/next returned, by our clock.
InvocationEvent FromInvoke(const InvokeEvent& event, absl::Time now);
InvocationEvent FromShutdown(const ShutdownEvent& event, absl::Time now);

}  // namespace lambent
