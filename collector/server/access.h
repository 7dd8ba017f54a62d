// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_context.h"

#include "collector/receive/access_token.h"
#include "collector/server/collector_options.h"

namespace lambent::collector {

// How the gRPC port speaks, from the files that the options name. INVALID_ARGUMENT when one cannot
// be read.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> CredentialsOf(
    const CollectorOptions& options);

// The token of options.token_file, without white space around it. INVALID_ARGUMENT when there is
// none to read.
absl::StatusOr<AccessToken> TokenOf(const CollectorOptions& options);

// OK when the caller shows the token, else UNAUTHENTICATED, for people.
grpc::Status CheckToken(const AccessToken& token, const grpc::ServerContext& context);

}  // namespace lambent::collector
