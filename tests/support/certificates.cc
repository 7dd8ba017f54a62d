// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/certificates.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "tests/support/program.h"

namespace lambent::support {
namespace {

absl::Status OpenSsl(std::vector<std::string> words) {
  words.insert(words.begin(), "openssl");
  const Finished ran = RunProgram(words);
  if (ran.ok()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("make a certificate: ", ran.Describe()));
}

// Elliptic curves: a key takes no time.
const std::vector<std::string> kNewKey = {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                                          "-nodes"};

std::vector<std::string> With(std::vector<std::string> words,
                              const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

absl::StatusOr<Certificates> Certificates::Create(const std::string& names) {
  absl::StatusOr<os::TempDir> folder = os::TempDir::Create("lambent-tls-");
  if (!folder.ok()) return folder.status();
  Certificates made(*std::move(folder));
  absl::Status status =
      OpenSsl(With({"req", "-x509", "-days", "2", "-subj", "/CN=Lambent test authority", "-keyout",
                    made.Path("ca.key"), "-out", made.ca_file()},
                   kNewKey));
  if (status.ok()) status = made.Sign("server", names);
  if (status.ok()) status = made.Sign("client", "DNS:client");
  if (!status.ok()) return status;
  return made;
}

absl::Status Certificates::Sign(const std::string& name, const std::string& names) {
  const std::string request = folder_.path() + "/" + name + ".csr";
  const std::string extensions = folder_.path() + "/" + name + ".ext";
  WriteFile(extensions, absl::StrCat("subjectAltName=", names, "\n"));
  absl::Status status = OpenSsl(With({"req", "-new", "-subj", "/CN=" + name, "-keyout",
                                      folder_.path() + "/" + name + ".key", "-out", request},
                                     kNewKey));
  if (!status.ok()) return status;
  return OpenSsl({"x509", "-req", "-days", "2", "-in", request, "-CA", ca_file(), "-CAkey",
                  Path("ca.key"), "-CAcreateserial", "-extfile", extensions, "-out",
                  folder_.path() + "/" + name + ".pem"});
}

}  // namespace lambent::support
