// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/server/access.h"

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace lambent::collector {
namespace {

// A file that an option names, not empty.
absl::StatusOr<std::string> ReadOption(const char* option, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (file.bad() || text.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(option, " ", path, ": cannot be read, or is empty"));
  }
  return text;
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> CredentialsOf(
    const CollectorOptions& options) {
  if (!options.has_tls()) return grpc::InsecureServerCredentials();
  const absl::StatusOr<std::string> certificate =
      ReadOption("--tls-cert", options.tls_certificate_file);
  if (!certificate.ok()) return certificate.status();
  const absl::StatusOr<std::string> key = ReadOption("--tls-key", options.tls_key_file);
  if (!key.ok()) return key.status();
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs.push_back({*key, *certificate});
  if (!options.tls_client_ca_file.empty()) {
    const absl::StatusOr<std::string> authority =
        ReadOption("--tls-client-ca", options.tls_client_ca_file);
    if (!authority.ok()) return authority.status();
    tls.pem_root_certs = *authority;
    tls.client_certificate_request = GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
  }
  return grpc::SslServerCredentials(tls);
}

absl::StatusOr<AccessToken> TokenOf(const CollectorOptions& options) {
  if (options.token_file.empty()) return AccessToken();
  absl::StatusOr<std::string> text = ReadOption("--token-file", options.token_file);
  if (!text.ok()) return text.status();
  absl::StripAsciiWhitespace(&*text);
  if (text->empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--token-file ", options.token_file, ": holds no token"));
  }
  return AccessToken(*std::move(text));
}

grpc::Status CheckToken(const AccessToken& token, const grpc::ServerContext& context) {
  const auto& metadata = context.client_metadata();
  const auto shown = metadata.find("authorization");
  const bool accepted = token.Accepts(
      shown == metadata.end() ? std::string_view()
                              : std::string_view(shown->second.data(), shown->second.size()));
  if (accepted) return grpc::Status::OK;
  return grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                      "this collector wants its token (LAMBENT_TOKEN or LAMBENT_TOKEN_FILE)");
}

}  // namespace lambent::collector
