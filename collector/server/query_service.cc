// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/server/query_service.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "collector/query/diff.h"
#include "collector/query/frame_name.h"
#include "collector/query/profile_queries.h"
#include "collector/render/render.h"
#include "collector/server/access.h"
#include "collector/server/selection_mapping.h"
#include "collector/server/status_mapping.h"
#include "profiler/base/version.h"

namespace lambent::collector {
namespace {

constexpr uint32_t kDefaultLimit = 100;
constexpr uint32_t kMaxLimit = 10'000;
constexpr size_t kChunkBytes = size_t{1} << 20;  // query.proto, Export
constexpr size_t kShownRejections = 10;

absl::StatusOr<std::string> Exported(ProfileStore& store, const SourceView& view,
                                     const v1::ExportRequest& request) {
  const absl::StatusOr<Selection> selection = FromProto(request.selection());
  if (!selection.ok()) return selection.status();
  const absl::StatusOr<Format> format = FromProto(request.format());
  if (!format.ok()) return format.status();
  const absl::StatusOr<Weight> weight = FromProto(request.weight());
  if (!weight.ok()) return weight.status();
  const absl::StatusOr<Profile> profile = MergeProfile(store, *selection, view);
  if (!profile.ok()) return profile.status();
  return Render(*profile, *format, *weight);
}

absl::Status OfSide(const char* side, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(side, ": ", status.message()));
}

absl::StatusOr<std::string> Compared(ProfileStore& store, const SourceView& view,
                                     const v1::DiffRequest& request) {
  const absl::StatusOr<Selection> base = FromProto(request.base());
  if (!base.ok()) return base.status();
  const absl::StatusOr<Selection> compare = FromProto(request.compare());
  if (!compare.ok()) return compare.status();
  const absl::StatusOr<Format> format = FromProto(request.format());
  if (!format.ok()) return format.status();
  const absl::StatusOr<Weight> weight = FromProto(request.weight());
  if (!weight.ok()) return weight.status();
  const absl::StatusOr<Profile> base_profile = MergeProfile(store, *base, view);
  if (!base_profile.ok()) return OfSide("base", base_profile.status());
  const absl::StatusOr<Profile> compare_profile = MergeProfile(store, *compare, view);
  if (!compare_profile.ok()) return OfSide("compare", compare_profile.status());
  return RenderDiff(DiffProfiles(*base_profile, *compare_profile, *weight), *format);
}

grpc::Status WriteChunks(const absl::StatusOr<std::string>& content,
                         grpc::ServerWriter<v1::ExportChunk>* writer) {
  if (!content.ok()) return ToGrpc(content.status());
  for (size_t at = 0; at < content->size(); at += kChunkBytes) {
    v1::ExportChunk chunk;
    chunk.set_content(content->substr(at, kChunkBytes));
    if (!writer->Write(chunk)) break;  // the client is gone
  }
  return grpc::Status::OK;
}

}  // namespace

grpc::Status QueryService::ListFunctions(grpc::ServerContext* context,
                                         const v1::ListFunctionsRequest*,
                                         v1::ListFunctionsResponse* response) {
  if (const grpc::Status s = CheckToken(token_, *context); !s.ok()) return s;
  const absl::StatusOr<std::vector<FunctionRecord>> functions = store_.ReadFunctions();
  if (!functions.ok()) return ToGrpc(functions.status());
  for (const FunctionRecord& function : *functions) *response->add_functions() = ToProto(function);
  return grpc::Status::OK;
}

grpc::Status QueryService::ListInvocations(grpc::ServerContext* context,
                                           const v1::ListInvocationsRequest* request,
                                           v1::ListInvocationsResponse* response) {
  if (const grpc::Status s = CheckToken(token_, *context); !s.ok()) return s;
  const absl::StatusOr<Selection> selection = FromProto(request->selection());
  if (!selection.ok()) return ToGrpc(selection.status());
  const uint32_t limit =
      request->limit() == 0 ? kDefaultLimit : std::min(request->limit(), kMaxLimit);
  const absl::StatusOr<std::vector<InvocationSummary>> invocations =
      SummariseInvocations(store_, *selection, limit);
  if (!invocations.ok()) return ToGrpc(invocations.status());
  for (const InvocationSummary& summary : *invocations) {
    *response->add_invocations() = ToProto(summary);
  }
  return grpc::Status::OK;
}

grpc::Status QueryService::Export(grpc::ServerContext* context, const v1::ExportRequest* request,
                                  grpc::ServerWriter<v1::ExportChunk>* writer) {
  if (const grpc::Status s = CheckToken(token_, *context); !s.ok()) return s;
  return WriteChunks(Exported(store_, view_, *request), writer);
}

grpc::Status QueryService::Diff(grpc::ServerContext* context, const v1::DiffRequest* request,
                                grpc::ServerWriter<v1::ExportChunk>* writer) {
  if (const grpc::Status s = CheckToken(token_, *context); !s.ok()) return s;
  return WriteChunks(Compared(store_, view_, *request), writer);
}

grpc::Status QueryService::GetMetrics(grpc::ServerContext* context,
                                      const v1::GetMetricsRequest* request,
                                      v1::GetMetricsResponse* response) {
  if (const grpc::Status s = CheckToken(token_, *context); !s.ok()) return s;
  const absl::StatusOr<Selection> selection = FromProto(request->selection());
  if (!selection.ok()) return ToGrpc(selection.status());
  const absl::StatusOr<std::vector<MetricSeries>> series = SelectMetrics(store_, *selection);
  if (!series.ok()) return ToGrpc(series.status());
  for (const MetricSeries& one : *series) *response->add_series() = ToProto(one);
  return grpc::Status::OK;
}

grpc::Status QueryService::GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest*,
                                     v1::GetStatusResponse* response) {
  if (const grpc::Status s = CheckToken(token_, *context); !s.ok()) return s;
  const absl::StatusOr<StoreTotals> totals = store_.ReadTotals();
  if (!totals.ok()) return ToGrpc(totals.status());
  const absl::StatusOr<std::vector<RejectionRecord>> rejections =
      store_.ReadRejections(kShownRejections);
  if (!rejections.ok()) return ToGrpc(rejections.status());
  response->set_version(std::string(kVersion));
  response->set_data_directory(SafeText(data_directory_));
  response->set_started_unix_us(started_unix_us_);
  response->set_database_bytes(totals->bytes);
  response->set_environments_connected(
      static_cast<uint64_t>(std::max<int64_t>(0, counters_.environments_connected)));
  response->set_batches_accepted(counters_.batches_accepted);
  response->set_batches_duplicate(counters_.batches_duplicate);
  response->set_batches_rejected(counters_.batches_rejected);
  for (const RejectionRecord& rejection : *rejections) {
    response->add_recent_rejections(absl::StrCat(
        "environment ", EnvironmentIdToHex(rejection.environment_id), ", batch ",
        rejection.sequence, " (", rejection.samples, " samples): ", SafeText(rejection.reason)));
  }
  return grpc::Status::OK;
}

}  // namespace lambent::collector
