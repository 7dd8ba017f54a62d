// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "extensions/lambda_api/extension_event.h"
#include "extensions/lambda_api/http_client.h"

namespace lambent {

// What the platform says in answer to the registration.
struct Registration {
  std::string identifier;  // Lambda-Extension-Identifier, sent with every later call
  std::string function_name;
  std::string function_version;
  std::string handler;
  std::string account_id;  // empty: not given
};

// The Extensions API 2020-01-01, the side of an external extension. Errors: as HttpClient,
// and kPermissionDenied (403), kInvalidArgument (400), kInternal (other statuses), each with the
// platform's errorType. Thread-compatible.
class ExtensionsApi {
 public:
  explicit ExtensionsApi(os::Endpoint api) : client_(std::move(api)) {}

  // POST /extension/register. `name` is the basename of the file in /opt/extensions: by it Lambda
  // knows the caller as the process it started. `events`: "INVOKE" and "SHUTDOWN", as wished.
  // REQUIRES: called once, before the other calls.
  absl::StatusOr<Registration> Register(std::string_view name,
                                        absl::Span<const std::string_view> events);

  // GET /extension/event/next: waits, without any limit, for the next event. The environment may be
  // frozen meanwhile, for hours. The first call says that our init is done.
  absl::StatusOr<ExtensionEvent> Next();

  // POST /extension/exit/error: says that we end. No call succeeds after it.
  absl::Status ExitError(std::string_view type, std::string_view message);

  // POST /extension/init/error: the same, before the first Next.
  absl::Status InitError(std::string_view type, std::string_view message);

 private:
  absl::Status ReportError(std::string_view path, std::string_view type, std::string_view message);

  HttpClient client_;
  std::string identifier_;
};

// The status that a response with `http_status` and a JSON error body stands for; OK for 2xx.
absl::Status StatusOfResponse(std::string_view attempted, int http_status, std::string_view body);

}  // namespace lambent
