// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/lambda_api/extensions_api.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "extensions/lambda_api/json_reading.h"
#include "profiler/base/absl_view.h"

namespace lambent {
namespace {

constexpr char kBase[] = "/2020-01-01/extension";
constexpr char kIdentifier[] = "Lambda-Extension-Identifier";

}  // namespace

absl::Status StatusOfResponse(std::string_view attempted, int http_status, std::string_view body) {
  if (http_status / 100 == 2) return absl::OkStatus();
  const nlohmann::json error = ParseJson(body);
  const std::string type = StringOf(error, "errorType");
  const std::string text = StringOf(error, "errorMessage");
  const std::string message =
      absl::StrCat(AbslView(attempted), ": HTTP ", http_status, type.empty() ? "" : " ", type,
                   text.empty() ? "" : " (", text, text.empty() ? "" : ")");
  if (http_status == 403) return absl::PermissionDeniedError(message);
  if (http_status == 400) return absl::InvalidArgumentError(message);
  return absl::InternalError(message);
}

absl::StatusOr<Registration> ExtensionsApi::Register(std::string_view name,
                                                     absl::Span<const std::string_view> events) {
  const auto quoted = [](std::string* out, std::string_view event) {
    absl::StrAppend(out, "\"", AbslView(event), "\"");
  };
  HttpMessage request;
  request.method = "POST";
  request.target = absl::StrCat(kBase, "/register");
  request.headers = {{"Content-Type", "application/json"},
                     {"Lambda-Extension-Name", std::string(name)},
                     {"Lambda-Extension-Accept-Feature", "accountId"}};
  request.body = absl::StrCat(R"({"events":[)", absl::StrJoin(events, ",", quoted), "]}");
  const absl::StatusOr<HttpMessage> response = client_.Send(request, os::kNoDeadline);
  if (!response.ok()) return response.status();
  if (absl::Status answered = StatusOfResponse("register", response->status, response->body);
      !answered.ok()) {
    return answered;
  }
  identifier_ = std::string(HeaderOf(response->headers, kIdentifier));
  if (identifier_.empty()) {
    return absl::DataLossError("register: the answer has no Lambda-Extension-Identifier");
  }
  // Only the identifier is needed to go on: a body that makes no sense leaves the names empty.
  const nlohmann::json body = ParseJson(response->body);
  return Registration{identifier_, StringOf(body, "functionName"),
                      StringOf(body, "functionVersion"), StringOf(body, "handler"),
                      StringOf(body, "accountId")};
}

absl::StatusOr<ExtensionEvent> ExtensionsApi::Next() {
  HttpMessage request;
  request.method = "GET";
  request.target = absl::StrCat(kBase, "/event/next");
  request.headers = {{kIdentifier, identifier_}};
  const absl::StatusOr<HttpMessage> response = client_.Send(request, os::kNoDeadline);
  if (!response.ok()) return response.status();
  if (absl::Status answered = StatusOfResponse("next event", response->status, response->body);
      !answered.ok()) {
    return answered;
  }
  return ParseExtensionEvent(response->body);
}

absl::Status ExtensionsApi::ExitError(std::string_view type, std::string_view message) {
  return ReportError("/exit/error", type, message);
}

absl::Status ExtensionsApi::InitError(std::string_view type, std::string_view message) {
  return ReportError("/init/error", type, message);
}

absl::Status ExtensionsApi::ReportError(std::string_view path, std::string_view type,
                                        std::string_view message) {
  // Replaces invalid UTF-8 instead of throwing.
  const auto replace = nlohmann::json::error_handler_t::replace;
  HttpMessage request;
  request.method = "POST";
  request.target = absl::StrCat(kBase, AbslView(path));
  request.headers = {{kIdentifier, identifier_},
                     {"Lambda-Extension-Function-Error-Type", std::string(type)}};
  request.body = nlohmann::json{{"errorType", std::string(type)},
                                {"errorMessage", std::string(message)},
                                {"stackTrace", nlohmann::json::array()}}
                     .dump(-1, ' ', false, replace);
  const absl::StatusOr<HttpMessage> response = client_.Send(request, os::kNoDeadline);
  if (!response.ok()) return response.status();
  return StatusOfResponse("report error", response->status, response->body);
}

}  // namespace lambent
