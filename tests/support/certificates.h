// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "profiler/os/temp_dir.h"

namespace lambent::support {

// A certificate authority of its own and what it signed, as PEM files of a temporary directory that
// goes with this. Made by the command openssl, each time anew. A value, move-only.
class Certificates {
 public:
  // `names`: of the server, as openssl's subjectAltName has them: "DNS:localhost,IP:127.0.0.1".
  // UNAVAILABLE when there is no openssl.
  static absl::StatusOr<Certificates> Create(const std::string& names);

  std::string ca_file() const { return Path("ca.pem"); }
  std::string server_certificate_file() const { return Path("server.pem"); }
  std::string server_key_file() const { return Path("server.key"); }
  std::string client_certificate_file() const { return Path("client.pem"); }
  std::string client_key_file() const { return Path("client.key"); }

 private:
  explicit Certificates(os::TempDir folder) : folder_(std::move(folder)) {}
  std::string Path(const char* name) const { return folder_.path() + "/" + name; }
  absl::Status Sign(const std::string& name, const std::string& names);

  os::TempDir folder_;
};

}  // namespace lambent::support
