// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/lambda_api/extension_event.h"

#include "absl/strings/ascii.h"

#include "extensions/lambda_api/json_reading.h"

namespace lambent {
namespace {

ShutdownReason ReasonOf(std::string_view lower_case) {
  if (lower_case == "spindown") return ShutdownReason::kSpindown;
  if (lower_case == "timeout") return ShutdownReason::kTimeout;
  if (lower_case == "failure") return ShutdownReason::kFailure;
  return ShutdownReason::kOther;
}

}  // namespace

absl::StatusOr<ExtensionEvent> ParseExtensionEvent(std::string_view json) {
  const nlohmann::json event = ParseJson(json);
  const std::string type = absl::AsciiStrToUpper(StringOf(event, "eventType"));
  if (type.empty()) return absl::DataLossError("read extension event: no eventType");
  const int64_t deadline = ScaledOf(event, "deadlineMs", 1);
  if (type == "INVOKE") {
    return InvokeEvent{StringOf(event, "requestId"), deadline,
                       StringOf(event, "invokedFunctionArn")};
  }
  if (type == "SHUTDOWN") {
    const std::string reason = absl::AsciiStrToLower(StringOf(event, "shutdownReason"));
    return ShutdownEvent{ReasonOf(reason), reason, deadline};
  }
  return ExtensionEvent();
}

}  // namespace lambent
