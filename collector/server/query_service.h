// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "collector/query/source_view.h"
#include "collector/receive/access_token.h"
#include "collector/receive/ingest_counters.h"
#include "collector/store/profile_store.h"
#include "lambent/v1/query.grpc.pb.h"

namespace lambent::collector {

// lambent.v1.Query over gRPC. Thread-safe.
class QueryService final : public v1::Query::Service {
 public:
  // `store`, `counters`, `token` and what `view` refers to must outlive this. `started_unix_us`:
  // when the collector started.
  QueryService(ProfileStore& store, const IngestCounters& counters, std::string data_directory,
               int64_t started_unix_us, const AccessToken& token, const SourceView& view)
      : store_(store),
        counters_(counters),
        data_directory_(std::move(data_directory)),
        started_unix_us_(started_unix_us),
        token_(token),
        view_(view) {}

  grpc::Status ListFunctions(grpc::ServerContext* context, const v1::ListFunctionsRequest* request,
                             v1::ListFunctionsResponse* response) override;
  grpc::Status ListInvocations(grpc::ServerContext* context,
                               const v1::ListInvocationsRequest* request,
                               v1::ListInvocationsResponse* response) override;
  grpc::Status Export(grpc::ServerContext* context, const v1::ExportRequest* request,
                      grpc::ServerWriter<v1::ExportChunk>* writer) override;
  grpc::Status Diff(grpc::ServerContext* context, const v1::DiffRequest* request,
                    grpc::ServerWriter<v1::ExportChunk>* writer) override;
  grpc::Status GetMetrics(grpc::ServerContext* context, const v1::GetMetricsRequest* request,
                          v1::GetMetricsResponse* response) override;
  grpc::Status GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest* request,
                         v1::GetStatusResponse* response) override;

 private:
  ProfileStore& store_;
  const IngestCounters& counters_;
  const std::string data_directory_;
  const int64_t started_unix_us_;
  const AccessToken& token_;
  const SourceView view_;
};

}  // namespace lambent::collector
