// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"

namespace lambent {

// GET /extension/event/next answered INVOKE (AWS "Extensions API", reference 2020-01-01).
struct InvokeEvent {
  std::string request_id;        // as the platform gave it, cut to 256 bytes; may hold any byte
  int64_t deadline_unix_ms = 0;  // 0: not given
  std::string function_arn;
};

// Why the environment ends. Spelling differs between sources: compared without regard to case.
enum class ShutdownReason { kSpindown, kTimeout, kFailure, kOther };

// GET /extension/event/next answered SHUTDOWN.
struct ShutdownEvent {
  ShutdownReason reason = ShutdownReason::kOther;
  std::string reason_text;       // lower case, cut to 256 bytes
  int64_t deadline_unix_ms = 0;  // 0: not given
};

// What /event/next returns; kUnknown event types are monostate: to be ignored.
using ExtensionEvent = std::variant<std::monostate, InvokeEvent, ShutdownEvent>;

// Reads the body of an answer to /event/next; not trusted. Unknown fields are ignored, missing ones
// keep their defaults. kDataLoss if it is not a JSON object with a string eventType.
absl::StatusOr<ExtensionEvent> ParseExtensionEvent(std::string_view json);

}  // namespace lambent
