// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "collector/receive/access_token.h"
#include "collector/receive/ingest_counters.h"
#include "collector/receive/symbol_requests.h"
#include "collector/store/profile_store.h"
#include "lambent/v1/ingest.grpc.pb.h"
#include "profiler/os/clock.h"

namespace lambent::collector {

// lambent.v1.Ingest over gRPC: one thread a stream, which waits in the store while others' batches
// are committed with its own. Thread-safe.
class IngestService final : public v1::Ingest::Service {
 public:
  // All must outlive this. What is asked for of symbols is shared by its streams.
  IngestService(ProfileStore& store, IngestCounters& counters, const os::Clock& clock,
                const AccessToken& token)
      : store_(store), counters_(counters), clock_(clock), token_(token) {}

  grpc::Status Stream(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::ServerMessage, v1::ClientMessage>* stream) override;

 private:
  ProfileStore& store_;
  IngestCounters& counters_;
  const os::Clock& clock_;
  const AccessToken& token_;
  SymbolRequests symbols_;
};

}  // namespace lambent::collector
