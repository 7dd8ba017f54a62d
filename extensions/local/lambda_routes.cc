// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/lambda_routes.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace lambent::local {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxResponseBytes = size_t{6} << 20;
constexpr const char* kIdentifier = "Lambda-Extension-Identifier";
constexpr const char* kErrorType = "Lambda-Runtime-Function-Error-Type";

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

std::string Header(const HttpMessage& request, const char* name) {
  return std::string(HeaderOf(request.headers, name));
}

bool TakePrefix(const std::string& prefix, std::string* path) {
  if (path->rfind(prefix, 0) != 0) return false;
  path->erase(0, prefix.size());
  return true;
}

bool TakeSuffix(const std::string& suffix, std::string* path) {
  if (path->size() < suffix.size() ||
      path->compare(path->size() - suffix.size(), suffix.size(), suffix) != 0) {
    return false;
  }
  path->resize(path->size() - suffix.size());
  return true;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string PercentDecoded(const std::string& text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = i + 2 < text.size() && text[i] == '%' ? HexDigit(text[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
    if (low >= 0) {
      decoded.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      decoded.push_back(text[i]);
    }
  }
  return decoded;
}

bool LooksLikeUuid(const std::string& text) {
  return text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-';
}

}  // namespace

void LambdaRoutes::Reply(Ticket ticket, int status, std::string body, HttpHeaders headers) {
  server_->Reply(ticket, {status, std::move(headers), std::move(body)});
}

void LambdaRoutes::Refuse(Ticket ticket, int status, const ApiRefusal& refusal) {
  Reply(ticket, status,
        Dump({{"errorMessage", refusal.message}, {"errorType", refusal.error_type}}));
}

void LambdaRoutes::Accept(Ticket ticket, const ApiRefusal& refusal, int refused_status) {
  if (refusal.refused()) {
    Refuse(ticket, refused_status, refusal);
  } else {
    Reply(ticket, 202, R"({"status":"OK"})");
  }
}

void LambdaRoutes::Handle(Ticket ticket, const HttpMessage& request) {
  std::string path = request.target;
  if (TakePrefix("/2018-06-01/", &path)) {
    HandleRuntime(ticket, request, path);
  } else if (TakePrefix("/2020-01-01/extension/", &path)) {
    HandleExtension(ticket, request, path);
  } else if (path == "/2022-07-01/telemetry" && request.method == "PUT") {
    Subscribe(ticket, request);
  } else {
    Refuse(ticket, 404, {"NotFound", request.method + " " + request.target + ": no such path"});
  }
}

void LambdaRoutes::HandleRuntime(Ticket ticket, const HttpMessage& request,
                                 const std::string& path) {
  const int64_t now = p_.clock.MonotonicNs();
  if (request.method == "GET" && path == "ping") {
    Reply(ticket, 200, "pong");
  } else if (request.method == "GET" && path == "runtime/invocation/next") {
    if (const ApiRefusal refusal = p_.machine.RuntimeNext(ticket, now); refusal.refused()) {
      Refuse(ticket, 403, refusal);
    }
  } else if (request.method == "POST" && path == "runtime/init/error") {
    if (p_.machine.stage() == InvokeStateMachine::Stage::kRuntimeStarting) {
      p_.invocation.response = request.body;  // for the caller, if this init is inside an invoke
      p_.invocation.answered = true;
    }
    Accept(ticket, p_.machine.RuntimeInitError(Header(request, kErrorType), now), 403);
  } else if (request.method == "POST") {
    HandleAnswer(ticket, request, path);
  } else {
    Refuse(ticket, 404, {"NotFound", request.method + " " + path + ": no such path"});
  }
}

void LambdaRoutes::HandleAnswer(Ticket ticket, const HttpMessage& request,
                                const std::string& path) {
  const int64_t now = p_.clock.MonotonicNs();
  std::string id = path;
  const bool known = TakePrefix("runtime/invocation/", &id);
  const bool error = known && TakeSuffix("/error", &id);
  if (!known || (!error && !TakeSuffix("/response", &id))) {
    Refuse(ticket, 404, {"NotFound", request.method + " " + path + ": no such path"});
    return;
  }
  if (id != p_.invocation.request_id && PercentDecoded(id) == p_.invocation.request_id) {
    id = p_.invocation.request_id;
  }
  // A streamed response that failed half-way says so in a trailer.
  std::string error_type = Header(request, kErrorType);
  if (error && error_type.empty()) error_type = "Runtime.Unknown";
  const bool streaming =
      Header(request, "Lambda-Runtime-Function-Response-Mode") == std::string("streaming");
  if (request.truncated || (!streaming && request.body.size() > kMaxResponseBytes)) {
    Refuse(ticket, 413,
           {"RequestEntityTooLarge", absl::StrCat("Exceeded maximum allowed payload size (",
                                                  kMaxResponseBytes, " bytes).")});
    return;
  }
  const ApiRefusal refusal =
      p_.machine.RuntimeAnswer(id, error_type, static_cast<int64_t>(request.body.size()), now);
  Accept(ticket, refusal, 400);
  if (refusal.refused()) return;
  p_.invocation.answered = true;
  p_.invocation.response = request.body;
  on_answered_();
}

void LambdaRoutes::HandleExtension(Ticket ticket, const HttpMessage& request,
                                   const std::string& path) {
  if (request.method == "POST" && path == "register") {
    Register(ticket, request);
    return;
  }
  const std::string id = Header(request, kIdentifier);
  if (id.empty()) {
    Refuse(ticket, 403,
           {"Extension.MissingExtensionIdentifier", "Missing " + std::string(kIdentifier)});
    return;
  }
  if (!LooksLikeUuid(id)) {
    Refuse(ticket, 403,
           {"Extension.InvalidExtensionIdentifier", "Invalid " + std::string(kIdentifier)});
    return;
  }
  if (request.method == "GET" && path == "event/next") {
    const ApiRefusal refusal = p_.machine.ExtensionNext(id, ticket, p_.clock.MonotonicNs());
    if (refusal.refused()) Refuse(ticket, 403, refusal);
  } else if (request.method == "POST" && (path == "init/error" || path == "exit/error")) {
    const std::string type = Header(request, "Lambda-Extension-Function-Error-Type");
    if (type.empty()) {
      Refuse(ticket, 403,
             {"Extension.MissingHeader", "Missing Lambda-Extension-Function-Error-Type"});
      return;
    }
    Accept(ticket, p_.machine.ExtensionError(id, path == "init/error", type), 403);
  } else {
    Refuse(ticket, 404, {"NotFound", request.method + " " + path + ": no such path"});
  }
}

void LambdaRoutes::Register(Ticket ticket, const HttpMessage& request) {
  std::vector<std::string> events;
  if (!request.body.empty()) {
    const Json body = Json::parse(request.body, nullptr, /*allow_exceptions=*/false);
    const Json list = body.is_object() && body.contains("events") ? body["events"] : Json::array();
    if (!body.is_object() || !list.is_array()) {
      Refuse(ticket, 403, {"InvalidRequestFormat", "the body is not as expected"});
      return;
    }
    for (const Json& event : list) {
      events.push_back(event.is_string() ? event.get<std::string>() : "(not a string)");
    }
  }
  const std::string id = p_.ids.NextUuid();
  const ApiRefusal refusal =
      p_.machine.Register(Header(request, "Lambda-Extension-Name"), id, events);
  if (refusal.refused()) {
    Refuse(ticket, 403, refusal);
    return;
  }
  Json body = {{"functionName", p_.options.function_name},
               {"functionVersion", p_.options.function_version},
               {"handler", p_.options.handler}};
  if (Header(request, "Lambda-Extension-Accept-Feature").find("accountId") != std::string::npos) {
    body["accountId"] = "123456789012";
  }
  Reply(ticket, 200, Dump(body), {{kIdentifier, id}});
}

void LambdaRoutes::Subscribe(Ticket ticket, const HttpMessage& request) {
  const std::string id = Header(request, kIdentifier);
  std::string name;
  if (const ApiRefusal refusal = p_.machine.Subscribe(id, &name); refusal.refused()) {
    Refuse(ticket, 403, refusal);
    return;
  }
  if (p_.options.telemetry_unsupported) {
    Refuse(ticket, 202, {"Telemetry.NotSupported", "Telemetry API is not supported"});
    return;
  }
  absl::StatusOr<Subscription> subscription = ParseSubscription(request.body);
  if (!subscription.ok()) {
    Refuse(ticket, 400, {"ValidationError", std::string(subscription.status().message())});
    return;
  }
  server_->Reply(ticket, {200, {}, "\"OK\""});
  const TelemetryEvent event = SubscriptionEvent(name, *subscription, p_.clock.UnixTime());
  p_.telemetry.Subscribe(id, *std::move(subscription));
  p_.telemetry.Emit(event);
}

void LambdaRoutes::SendEvent(Ticket ticket) {
  Reply(ticket, 200, p_.invocation.event,
        {{"Lambda-Runtime-Aws-Request-Id", p_.invocation.request_id},
         {"Lambda-Runtime-Deadline-Ms", absl::StrCat(p_.invocation.deadline_unix_ms)},
         {"Lambda-Runtime-Invoked-Function-Arn", FunctionArn(p_.options)},
         {"Lambda-Runtime-Trace-Id", p_.invocation.trace_id}});
}

void LambdaRoutes::SendInvoke(Ticket ticket) {
  const Json body = {{"eventType", "INVOKE"},
                     {"deadlineMs", p_.invocation.deadline_unix_ms},
                     {"requestId", p_.invocation.request_id},
                     {"invokedFunctionArn", FunctionArn(p_.options)},
                     {"tracing", {{"type", "X-Amzn-Trace-Id"}, {"value", p_.invocation.trace_id}}}};
  Reply(ticket, 200, Dump(body), {{"Lambda-Extension-Event-Identifier", p_.ids.NextUuid()}});
}

void LambdaRoutes::SendShutdown(const AnswerShutdown& answer) {
  const int64_t left_ns = answer.deadline_ns - p_.clock.MonotonicNs();
  const Json body = {
      {"eventType", "SHUTDOWN"},
      {"shutdownReason", std::string(ShutdownReasonName(answer.reason))},
      {"deadlineMs", absl::ToUnixMillis(p_.clock.UnixTime() + absl::Nanoseconds(left_ns))}};
  Reply(answer.ticket, 200, Dump(body), {{"Lambda-Extension-Event-Identifier", p_.ids.NextUuid()}});
}

}  // namespace lambent::local
