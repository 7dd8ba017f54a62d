// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "profiler/os/stream_socket.h"

namespace lambent {

// What came of a wish for telemetry.
enum class Subscription {
  kSubscribed,
  kNotSupported,  // 202: an emulator that sends nothing; phases then follow from events alone
};

// Subscribes to the platform's telemetry (PUT /2022-07-01/telemetry): the platform events, as soon
// as the platform gives them out (25 ms). Possible during init only. `managed_instances`: asks for
// schema 2025-01-29, which Lambda Managed Instances insist on and some older ones refuse, and falls
// back to 2022-12-13. Any 2xx is success. Errors as ExtensionsApi. Blocks; thread-safe.
absl::StatusOr<Subscription> SubscribeTelemetry(const os::Endpoint& api,
                                                std::string_view identifier,
                                                std::string_view destination_uri,
                                                bool managed_instances);

}  // namespace lambent
