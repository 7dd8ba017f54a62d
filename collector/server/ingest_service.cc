// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/server/ingest_service.h"

#include "absl/status/statusor.h"

#include "collector/server/access.h"
#include "collector/server/ingest_session.h"
#include "collector/server/status_mapping.h"
#include "profiler/base/log.h"

namespace lambent::collector {

grpc::Status IngestService::Stream(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::ServerMessage, v1::ClientMessage>* stream) {
  if (const grpc::Status s = CheckToken(token_, *context); !s.ok()) return s;
  IngestSession session(store_, counters_, clock_);
  v1::ClientMessage message;
  while (stream->Read(&message)) {
    const absl::StatusOr<v1::ServerMessage> answer = session.Answer(message);
    if (!answer.ok()) {
      Log(LogLevel::kWarn, context->peer() + ": " + std::string(answer.status().message()));
      return ToGrpc(answer.status());
    }
    if (answer->has_rejected()) {
      Log(LogLevel::kWarn, context->peer() + ": batch refused: " + answer->rejected().reason());
    }
    if (!stream->Write(*answer)) break;  // the client is gone; it will ask again
  }
  return grpc::Status::OK;
}

}  // namespace lambent::collector
