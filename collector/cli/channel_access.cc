// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/channel_access.h"

#include <fstream>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace lambent::cli {
namespace {

bool IsOnThisMachine(const std::string& collector) {
  const std::string host = collector.substr(0, collector.rfind(':'));
  const bool loopback_v4 =
      absl::StartsWith(host, "127.") && host.find_first_not_of("0123456789.") == std::string::npos;
  return host == "localhost" || loopback_v4 || host == "[::1]";
}

// What the file that a variable names holds; empty when it names none.
absl::StatusOr<std::string> ReadNamed(const char* variable, const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (file.bad() || text.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(variable, "=", path, ": cannot be read, or is empty"));
  }
  return text;
}

}  // namespace

absl::StatusOr<ChannelAccess> ChannelAccess::Read(
    const std::string& collector, const std::function<const char*(const char*)>& variable) {
  const auto text = [&variable](const char* name) {
    const char* const value = variable(name);
    return std::string(value == nullptr ? "" : value);
  };
  ChannelAccess access;
  const std::string tls = absl::AsciiStrToLower(text("LAMBENT_TLS"));
  if (tls.empty()) {
    access.tls = !IsOnThisMachine(collector);
  } else if (tls == "on" || tls == "1" || tls == "true") {
    access.tls = true;
  } else if (tls != "off" && tls != "0" && tls != "false") {
    return absl::InvalidArgumentError(absl::StrCat("LAMBENT_TLS=", tls, ": is on or off"));
  }
  access.ca_file = text("LAMBENT_TLS_CA_FILE");
  access.certificate_file = text("LAMBENT_TLS_CERT_FILE");
  access.key_file = text("LAMBENT_TLS_KEY_FILE");
  access.token = text("LAMBENT_TOKEN");
  if (access.token.empty()) {
    absl::StatusOr<std::string> token = ReadNamed("LAMBENT_TOKEN_FILE", text("LAMBENT_TOKEN_FILE"));
    if (!token.ok()) return token.status();
    access.token = *std::move(token);
  }
  absl::StripAsciiWhitespace(&access.token);
  return access;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ChannelAccess::Credentials() const {
  if (!tls) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  for (const auto& [variable, path, pem] :
       {std::tuple("LAMBENT_TLS_CA_FILE", &ca_file, &options.pem_root_certs),
        std::tuple("LAMBENT_TLS_CERT_FILE", &certificate_file, &options.pem_cert_chain),
        std::tuple("LAMBENT_TLS_KEY_FILE", &key_file, &options.pem_private_key)}) {
    absl::StatusOr<std::string> text = ReadNamed(variable, *path);
    if (!text.ok()) return text.status();
    *pem = *std::move(text);
  }
  return grpc::SslCredentials(options);
}

}  // namespace lambent::cli
