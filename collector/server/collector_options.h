// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace lambent::collector {

// Where to listen. A value.
struct Address {
  std::string host;  // numeric or a name; IPv6 without brackets
  int port = 0;      // 0: any free one

  // Reads "127.0.0.1:4820" or "[::1]:4820". INVALID_ARGUMENT for anything else. Pure.
  static absl::StatusOr<Address> Parse(std::string_view text);
  std::string ToString() const;
  bool IsLoopback() const;
};

// The command line of lambent-collector. A value.
struct CollectorOptions {
  std::string data_directory = "lambent-data";
  Address grpc{"127.0.0.1", 4820};
  Address http{"127.0.0.1", 4821};
  std::string ports_file;  // empty: none
  // PEM files; certificate and key come together. Empty: plain text.
  std::string tls_certificate_file;
  std::string tls_key_file;
  std::string tls_client_ca_file;  // empty: clients show no certificate
  std::string token_file;          // empty: clients show no token
  // Where debugging information is looked for, before /usr/lib/debug.
  std::vector<std::string> debug_directories;
  bool has_tls() const { return !tls_certificate_file.empty(); }
  bool help = false;
  bool version = false;
};

// INVALID_ARGUMENT, for people, when an argument is unknown or wrong. `arguments` without the
// program's name. Pure.
absl::StatusOr<CollectorOptions> ParseCollectorOptions(const std::vector<std::string>& arguments);

// What --help prints.
std::string_view CollectorUsage();

}  // namespace lambent::collector
