// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/server/collector_options.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace lambent::collector {

namespace {

// Where the value of an option that is taken as it is goes; null for others.
std::string* TextOption(std::string_view name, CollectorOptions& options) {
  if (name == "--data-dir") return &options.data_directory;
  if (name == "--ports-file") return &options.ports_file;
  if (name == "--tls-cert") return &options.tls_certificate_file;
  if (name == "--tls-key") return &options.tls_key_file;
  if (name == "--tls-client-ca") return &options.tls_client_ca_file;
  if (name == "--token-file") return &options.token_file;
  return nullptr;
}

}  // namespace

absl::StatusOr<Address> Address::Parse(std::string_view text) {
  const std::string whole(text);
  const absl::Status wrong = absl::InvalidArgumentError(
      absl::StrCat("\"", whole, "\" is no address: want HOST:PORT, for instance 127.0.0.1:4820"));
  const size_t colon = whole.rfind(':');
  if (colon == std::string::npos) return wrong;
  Address address;
  address.host = whole.substr(0, colon);
  if (address.host.size() >= 2 && address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  } else if (address.host.find(':') != std::string::npos) {
    return wrong;
  }
  if (address.host.empty() || !absl::SimpleAtoi(whole.substr(colon + 1), &address.port) ||
      address.port < 0 || address.port > 65535) {
    return wrong;
  }
  return address;
}

std::string Address::ToString() const {
  const bool v6 = host.find(':') != std::string::npos;
  return absl::StrCat(v6 ? "[" : "", host, v6 ? "]:" : ":", port);
}

bool Address::IsLoopback() const {
  return host == "localhost" || host == "::1" || host.substr(0, 4) == "127.";
}

absl::StatusOr<CollectorOptions> ParseCollectorOptions(const std::vector<std::string>& arguments) {
  CollectorOptions options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string name = arguments[i];
    if (name == "--help" || name == "-h") {
      options.help = true;
      continue;
    }
    if (name == "--version") {
      options.version = true;
      continue;
    }
    std::string value;
    std::string next;
    if (const size_t equals = name.find('='); equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    } else if (i + 1 < arguments.size()) {
      next = arguments[i + 1];
    }
    const bool is_address = name == "--grpc-address" || name == "--http-address";
    const bool is_debug_directory = name == "--debug-dir";
    std::string* const text = TextOption(name, options);
    if (!is_address && !is_debug_directory && text == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("unknown argument ", name));
    }
    // A value that begins with dashes can be given behind an equals sign.
    if (!next.empty() && next.substr(0, 2) != "--") {
      value = next;
      ++i;
    }
    if (value.empty()) return absl::InvalidArgumentError(absl::StrCat(name, " needs a value"));
    if (is_debug_directory) {
      options.debug_directories.push_back(value);
      continue;
    }
    if (text != nullptr) {
      *text = value;
      continue;
    }
    const absl::StatusOr<Address> address = Address::Parse(value);
    if (!address.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": ", address.status().message()));
    }
    (name == "--grpc-address" ? options.grpc : options.http) = *address;
  }
  if (options.tls_certificate_file.empty() != options.tls_key_file.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key belong together");
  }
  if (!options.tls_client_ca_file.empty() && options.tls_certificate_file.empty()) {
    return absl::InvalidArgumentError("--tls-client-ca needs --tls-cert and --tls-key");
  }
  return options;
}

std::string_view CollectorUsage() {
  return R"(lambent-collector receives profiles from lambent-extension, keeps them and serves them.

Usage: lambent-collector [OPTION]...

  --data-dir DIR           where profiles are kept; made if need be (lambent-data)
  --grpc-address HOST:PORT where extensions and `lambent` connect (127.0.0.1:4820)
  --http-address HOST:PORT web page, exports, /metrics, /healthz (127.0.0.1:4821)
  --ports-file FILE        write the chosen ports there once ready: grpc=PORT, http=PORT
  --tls-cert FILE          speak TLS, on both ports, with this certificate (PEM, with its chain)
  --tls-key FILE           and its key (PEM)
  --tls-client-ca FILE     let in only clients with a certificate of this authority (PEM)
  --token-file FILE        let in only clients that show this token: extensions and `lambent` by
                           LAMBENT_TOKEN or LAMBENT_TOKEN_FILE, programs by "authorization: Bearer
                           TOKEN", browsers as the password they ask for
  --debug-dir DIR          debugging information of native code is in DIR/.build-id/xx/yyyy.debug too
                           (/usr/lib/debug); may be given again. Inlined functions and lines come
                           from it, for functions recorded with LAMBENT_LINES=on
  --version                print the version
  --help                   print this

Port 0 means any free port. Without --token-file and --tls-client-ca whoever reaches a port may read
and write the profiles: listen beyond loopback with one of them, and with TLS, or not at all.
/healthz and gRPC's health service answer everybody.

SIGINT and SIGTERM end it cleanly. Exit status: 0 ended cleanly, 2 wrong usage, 4 could not start.
)";
}

}  // namespace lambent::collector
