// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "lambent/v1/query.grpc.pb.h"

namespace lambent::cli {

// Asks a collector. Every call has a deadline; answers are bounded. Errors: UNAVAILABLE, with what
// to do about it, when no collector answers; NOT_FOUND when nothing matches; else the collector's
// own. Thread-compatible.
class CollectorClient {
 public:
  // `address` is host:port. Connects at the first call, by the variables of ChannelAccess; when
  // they make no sense every call says so.
  explicit CollectorClient(std::string address);

  const std::string& address() const { return address_; }

  absl::StatusOr<v1::ListFunctionsResponse> ListFunctions();
  absl::StatusOr<v1::ListInvocationsResponse> ListInvocations(
      const v1::ListInvocationsRequest& ask);
  absl::StatusOr<v1::GetMetricsResponse> GetMetrics(const v1::GetMetricsRequest& ask);
  absl::StatusOr<v1::GetStatusResponse> GetStatus();
  // The pieces joined; RESOURCE_EXHAUSTED beyond 1 GiB.
  absl::StatusOr<std::string> Export(const v1::ExportRequest& ask);
  absl::StatusOr<std::string> Diff(const v1::DiffRequest& ask);

 private:
  absl::StatusOr<std::string> Collect(
      const char* what,
      absl::FunctionRef<std::unique_ptr<grpc::ClientReader<v1::ExportChunk>>(grpc::ClientContext*)>
          start);

  absl::Status Prepare(grpc::ClientContext* context, std::chrono::seconds limit) const;

  const std::string address_;
  absl::Status ready_;
  std::string token_;
  bool tls_ = false;
  std::unique_ptr<v1::Query::Stub> stub_;
};

}  // namespace lambent::cli
