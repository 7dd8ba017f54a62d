// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/collector_client.h"

#include <grpc/support/log.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include <grpcpp/grpcpp.h>

#include "collector/cli/channel_access.h"

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

// What may be wrong where something is there but does not answer.
std::string HintOn(const std::string& cause, bool tls) {
  if (cause == "Connection refused" || cause == "Domain name not found") return "";
  if (absl::StrContains(cause, "http1.x")) {
    return "; this port speaks HTTP, as the collector's page does: lambent wants the port of its "
           "--grpc-address";
  }
  return tls ? "; it was asked with TLS: LAMBENT_TLS=off is for one without"
             : "; it was asked without TLS: LAMBENT_TLS=on is for one with it";
}

absl::Status StatusOf(const grpc::Status& status, const char* what, const std::string& address,
                      bool tls) {
  if (status.ok()) return absl::OkStatus();
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    const std::string cause = CauseOf(status.error_message());
    return absl::UnavailableError(
        absl::StrCat(what, ": no collector answers at ", address, " (", cause,
                     "); start one with lambent-collector, or name another with --collector "
                     "HOST:PORT or LAMBENT_COLLECTOR",
                     HintOn(cause, tls)));
  }
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return absl::DeadlineExceededError(absl::StrCat(what, ": the collector at ", address,
                                                    " did not answer in time; try again, "
                                                    "or ask for less with --since"));
  }
  const bool nothing = status.error_code() == grpc::StatusCode::NOT_FOUND;
  return absl::Status(
      static_cast<absl::StatusCode>(status.error_code()),
      absl::StrCat(what, ": ", status.error_message(),
                   nothing ? "; lambent functions and lambent invocations show what "
                             "there is"
                           : ""));
}

}  // namespace

CollectorClient::CollectorClient(std::string address) : address_(std::move(address)) {
  const absl::StatusOr<ChannelAccess> access =
      ChannelAccess::Read(address_, [](const char* name) { return std::getenv(name); });
  ready_ = access.status();
  if (!ready_.ok()) return;
  // What gRPC would log is in the error of the call.
  gpr_set_log_function([](gpr_log_func_args*) {});
  const absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> credentials =
      access->Credentials();
  ready_ = credentials.status();
  if (!ready_.ok()) return;
  token_ = access->token;
  tls_ = access->tls;
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  // A user's own collector is never behind the proxy of http_proxy.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  stub_ = v1::Query::NewStub(grpc::CreateCustomChannel(address_, *credentials, arguments));
}

absl::Status CollectorClient::Prepare(grpc::ClientContext* context,
                                      std::chrono::seconds limit) const {
  context->set_deadline(std::chrono::system_clock::now() + limit);
  if (!token_.empty()) context->AddMetadata("authorization", "Bearer " + token_);
  return ready_;
}

absl::StatusOr<v1::ListFunctionsResponse> CollectorClient::ListFunctions() {
  grpc::ClientContext context;
  if (absl::Status s = Prepare(&context, kListDeadline); !s.ok()) return s;
  v1::ListFunctionsResponse answer;
  absl::Status status =
      StatusOf(stub_->ListFunctions(&context, {}, &answer), "list functions", address_, tls_);
  if (!status.ok()) return status;
  return answer;
}

absl::StatusOr<v1::ListInvocationsResponse> CollectorClient::ListInvocations(
    const v1::ListInvocationsRequest& ask) {
  grpc::ClientContext context;
  if (absl::Status s = Prepare(&context, kListDeadline); !s.ok()) return s;
  v1::ListInvocationsResponse answer;
  absl::Status status =
      StatusOf(stub_->ListInvocations(&context, ask, &answer), "list invocations", address_, tls_);
  if (!status.ok()) return status;
  return answer;
}

absl::StatusOr<v1::GetMetricsResponse> CollectorClient::GetMetrics(
    const v1::GetMetricsRequest& ask) {
  grpc::ClientContext context;
  if (absl::Status s = Prepare(&context, kListDeadline); !s.ok()) return s;
  v1::GetMetricsResponse answer;
  absl::Status status =
      StatusOf(stub_->GetMetrics(&context, ask, &answer), "read metrics", address_, tls_);
  if (!status.ok()) return status;
  return answer;
}

absl::StatusOr<v1::GetStatusResponse> CollectorClient::GetStatus() {
  grpc::ClientContext context;
  if (absl::Status s = Prepare(&context, std::chrono::seconds(5)); !s.ok()) return s;
  v1::GetStatusResponse answer;
  absl::Status status = StatusOf(stub_->GetStatus(&context, {}, &answer),
                                 "read the collector's status", address_, tls_);
  if (!status.ok()) return status;
  return answer;
}

absl::StatusOr<std::string> CollectorClient::Collect(
    const char* what,
    absl::FunctionRef<std::unique_ptr<grpc::ClientReader<v1::ExportChunk>>(grpc::ClientContext*)>
        start) {
  grpc::ClientContext context;
  if (absl::Status s = Prepare(&context, kExportDeadline); !s.ok()) return s;
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
  if (absl::Status status = StatusOf(reader->Finish(), what, address_, tls_); !status.ok())
    return status;
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
