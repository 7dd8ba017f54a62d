// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/lambda_api/telemetry_api.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"

#include "extensions/lambda_api/extensions_api.h"
#include "extensions/lambda_api/http_client.h"
#include "profiler/base/absl_view.h"

namespace lambent {
namespace {

constexpr std::string_view kSchema = "2022-12-13";
constexpr std::string_view kManagedInstancesSchema = "2025-01-29";

absl::StatusOr<Subscription> Put(HttpClient& client, std::string_view identifier,
                                 std::string_view schema, std::string_view uri) {
  HttpMessage request;
  request.method = "PUT";
  request.target = "/2022-07-01/telemetry";
  request.headers = {{"Content-Type", "application/json"},
                     {"Lambda-Extension-Identifier", std::string(identifier)}};
  // The smallest buffering the platform accepts.
  request.body =
      absl::Substitute(R"({"schemaVersion":"$0","types":["platform"],)"
                       R"("buffering":{"maxItems":1000,"maxBytes":262144,"timeoutMs":25},)"
                       R"("destination":{"protocol":"HTTP","URI":"$1"}})",
                       AbslView(schema), AbslView(uri));
  const absl::StatusOr<HttpMessage> response = client.Send(request, os::kNoDeadline);
  if (!response.ok()) return response.status();
  if (absl::Status answered =
          StatusOfResponse("subscribe to telemetry", response->status, response->body);
      !answered.ok()) {
    return answered;
  }
  return response->status == 202 ? Subscription::kNotSupported : Subscription::kSubscribed;
}

}  // namespace

absl::StatusOr<Subscription> SubscribeTelemetry(const os::Endpoint& api,
                                                std::string_view identifier,
                                                std::string_view destination_uri,
                                                bool managed_instances) {
  HttpClient client(api);
  if (managed_instances) {
    absl::StatusOr<Subscription> newest =
        Put(client, identifier, kManagedInstancesSchema, destination_uri);
    if (!absl::IsInvalidArgument(newest.status())) return newest;
  }
  return Put(client, identifier, kSchema, destination_uri);
}

}  // namespace lambent
