// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/collector_client.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include <grpcpp/grpcpp.h>

namespace lambent::cli {
namespace {

constexpr int kMaxMessageBytes = 256 << 20;  // a list of invocations, metrics of a day
constexpr size_t kMaxExportBytes = size_t{1} << 30;
constexpr std::chrono::seconds kListDeadline{20};
constexpr std::chrono::seconds kExportDeadline{300};

// The cause at the end of gRPC's long "failed to connect to all addresses; last error: …".
std::string CauseOf(const std::string& message) {
  const size_t colon = message.rfind(": ");
  return colon == std::string::npos ? message : message.substr(colon + 2);
}

absl::Status StatusOf(const grpc::Status& status, const char* what, const std::string& address) {
  if (status.ok()) return absl::OkStatus();
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    return absl::UnavailableError(absl::StrCat(
        what, ": no collector answers at ", address, " (", CauseOf(status.error_message()),
        "); start one with lambent-collector, or name another with --collector "
        "HOST:PORT or LAMBENT_COLLECTOR"));
  }
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return absl::DeadlineExceededError(absl::StrCat(what, ": the collector at ", address,
                                                    " did not answer in time; try again, "
                                                    "or ask for less with --since"));
  }
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      absl::StrCat(what, ": ", status.error_message()));
}

void SetDeadline(grpc::ClientContext* context, std::chrono::seconds limit) {
  context->set_deadline(std::chrono::system_clock::now() + limit);
}

}  // namespace

CollectorClient::CollectorClient(std::string address) : address_(std::move(address)) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  // A user's own collector is never behind the proxy of http_proxy.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  stub_ = v1::Query::NewStub(
      grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments));
}

absl::StatusOr<v1::ListFunctionsResponse> CollectorClient::ListFunctions() {
  grpc::ClientContext context;
  SetDeadline(&context, kListDeadline);
  v1::ListFunctionsResponse answer;
  absl::Status status =
      StatusOf(stub_->ListFunctions(&context, {}, &answer), "list functions", address_);
  if (!status.ok()) return status;
  return answer;
}

absl::StatusOr<v1::ListInvocationsResponse> CollectorClient::ListInvocations(
    const v1::ListInvocationsRequest& ask) {
  grpc::ClientContext context;
  SetDeadline(&context, kListDeadline);
  v1::ListInvocationsResponse answer;
  absl::Status status =
      StatusOf(stub_->ListInvocations(&context, ask, &answer), "list invocations", address_);
  if (!status.ok()) return status;
  return answer;
}

absl::StatusOr<v1::GetMetricsResponse> CollectorClient::GetMetrics(
    const v1::GetMetricsRequest& ask) {
  grpc::ClientContext context;
  SetDeadline(&context, kListDeadline);
  v1::GetMetricsResponse answer;
  absl::Status status =
      StatusOf(stub_->GetMetrics(&context, ask, &answer), "read metrics", address_);
  if (!status.ok()) return status;
  return answer;
}

absl::StatusOr<v1::GetStatusResponse> CollectorClient::GetStatus() {
  grpc::ClientContext context;
  SetDeadline(&context, std::chrono::seconds(5));
  v1::GetStatusResponse answer;
  absl::Status status =
      StatusOf(stub_->GetStatus(&context, {}, &answer), "read the collector's status", address_);
  if (!status.ok()) return status;
  return answer;
}

absl::StatusOr<std::string> CollectorClient::Collect(
    const char* what,
    absl::FunctionRef<std::unique_ptr<grpc::ClientReader<v1::ExportChunk>>(grpc::ClientContext*)>
        start) {
  grpc::ClientContext context;
  SetDeadline(&context, kExportDeadline);
  std::unique_ptr<grpc::ClientReader<v1::ExportChunk>> reader = start(&context);
  std::string out;
  v1::ExportChunk chunk;
  while (reader->Read(&chunk)) {
    if (out.size() + chunk.content().size() > kMaxExportBytes) {
      context.TryCancel();
      return absl::ResourceExhaustedError(
          absl::StrCat(what, ": more than 1 GiB; ask for less with --since or --function"));
    }
    out.append(chunk.content());
  }
  if (absl::Status status = StatusOf(reader->Finish(), what, address_); !status.ok()) return status;
  return out;
}

absl::StatusOr<std::string> CollectorClient::Export(const v1::ExportRequest& ask) {
  return Collect("export",
                 [&](grpc::ClientContext* context) { return stub_->Export(context, ask); });
}

absl::StatusOr<std::string> CollectorClient::Diff(const v1::DiffRequest& ask) {
  return Collect("diff", [&](grpc::ClientContext* context) { return stub_->Diff(context, ask); });
}

}  // namespace lambent::cli
