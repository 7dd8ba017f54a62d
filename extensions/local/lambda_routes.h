// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "extensions/local/function_environment.h"
#include "extensions/local/http_server.h"
#include "extensions/local/invocation.h"
#include "extensions/local/invoke_state_machine.h"
#include "extensions/local/request_ids.h"
#include "extensions/local/telemetry_hub.h"
#include "profiler/os/clock.h"

namespace lambent::local {

// The three APIs on the wire: turns requests into the state machine's events, and its answers into
// responses. Paths, headers and error bodies as in the Runtime API (2018-06-01), the Extensions API
// (2020-01-01) and the Telemetry API (2022-07-01). Requests are not trusted. Confined to the loop's
// thread; everything passed in must outlive it.
class LambdaRoutes {
 public:
  struct Parts {
    const LocalOptions& options;
    os::Clock& clock;
    InvokeStateMachine& machine;
    TelemetryHub& telemetry;
    RequestIds& ids;
    Invocation& invocation;
  };

  LambdaRoutes(Parts parts, std::function<void()> on_answered)
      : p_(parts), on_answered_(std::move(on_answered)) {}

  // The server must outlive the calls below; it is set once before any.
  void set_server(HttpServer* server) { server_ = server; }

  void Handle(Ticket ticket, const HttpMessage& request);

  // Answers to next.
  void SendEvent(Ticket ticket);
  void SendInvoke(Ticket ticket);
  void SendShutdown(const AnswerShutdown& answer);

 private:
  void Reply(Ticket ticket, int status, std::string body, HttpHeaders headers = {});
  void Refuse(Ticket ticket, int status, const ApiRefusal& refusal);
  void Accept(Ticket ticket, const ApiRefusal& refusal, int refused_status);
  void HandleRuntime(Ticket ticket, const HttpMessage& request, const std::string& path);
  void HandleAnswer(Ticket ticket, const HttpMessage& request, const std::string& path);
  void HandleExtension(Ticket ticket, const HttpMessage& request, const std::string& path);
  void Register(Ticket ticket, const HttpMessage& request);
  void Subscribe(Ticket ticket, const HttpMessage& request);

  Parts p_;
  std::function<void()> on_answered_;
  HttpServer* server_ = nullptr;
};

}  // namespace lambent::local
