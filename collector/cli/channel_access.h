// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include <grpcpp/security/credentials.h>

namespace lambent::cli {

// How to speak to a collector: the variables that lambent-extension reads too, so that what works
// there works here. A value.
struct ChannelAccess {
  bool tls = false;
  std::string ca_file;           // PEM; empty: the system's authorities
  std::string certificate_file;  // PEM, with key_file; empty: none is shown
  std::string key_file;
  std::string token;  // empty: none is shown

  // LAMBENT_TLS (on or off; on unless `collector`, host:port, is on this machine),
  // LAMBENT_TLS_CA_FILE, LAMBENT_TLS_CERT_FILE, LAMBENT_TLS_KEY_FILE, LAMBENT_TOKEN,
  // LAMBENT_TOKEN_FILE by `variable` (std::getenv). INVALID_ARGUMENT when a value makes no sense or
  // the token's file has none.
  static absl::StatusOr<ChannelAccess> Read(
      const std::string& collector, const std::function<const char*(const char*)>& variable);

  // INVALID_ARGUMENT when a file cannot be read.
  absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials() const;
};

}  // namespace lambent::cli
