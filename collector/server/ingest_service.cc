// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/server/ingest_service.h"

#include <optional>

#include "absl/status/statusor.h"

#include "collector/server/access.h"
#include "collector/server/ingest_session.h"
#include "collector/server/status_mapping.h"
#include "profiler/base/log.h"

namespace lambent::collector {
namespace {

using ServerStream = grpc::ServerReaderWriter<v1::ServerMessage, v1::ClientMessage>;

// False when the client is gone.
bool WriteQuestion(IngestSession& session, ServerStream& stream) {
  const std::optional<v1::ServerMessage> question = session.Ask();
  return !question.has_value() || stream.Write(*question);
}

}  // namespace

grpc::Status IngestService::Stream(grpc::ServerContext* context, ServerStream* stream) {
  if (const grpc::Status s = CheckToken(token_, *context); !s.ok()) return s;
  IngestSession session(store_, counters_, symbols_, clock_);
  v1::ClientMessage message;
  while (stream->Read(&message)) {
    if (message.has_symbol_table()) {
      if (const absl::Status s = session.TakeSymbols(message.symbol_table()); !s.ok()) {
        return ToGrpc(s);
      }
      if (!WriteQuestion(session, *stream)) break;
      continue;
    }
    const absl::StatusOr<v1::ServerMessage> answer = session.Answer(message);
    if (!answer.ok()) {
      Log(LogLevel::kWarn, context->peer() + ": " + std::string(answer.status().message()));
      return ToGrpc(answer.status());
    }
    if (answer->has_rejected()) {
      Log(LogLevel::kWarn, context->peer() + ": batch refused: " + answer->rejected().reason());
    }
    if (!stream->Write(*answer)) break;  // the client is gone; it will ask again
    if (!WriteQuestion(session, *stream)) break;
  }
  return grpc::Status::OK;
}

}  // namespace lambent::collector
