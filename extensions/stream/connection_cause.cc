// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/stream/connection_cause.h"

#include <string>
#include <string_view>

namespace lambent {
namespace {

struct Known {
  std::string_view part;  // of OpenSSL's or gRPC's text, in lower case without underscores
  std::string_view words;
};

// OpenSSL has an error's name in capitals with underscores, or as words, by its version.
constexpr Known kKnown[] = {
    {"certificate verify failed",
     "its certificate is not of an authority of LAMBENT_TLS_CA_FILE (unset: of the system's)"},
    {"peer name", "its certificate is for another name than LAMBENT_COLLECTOR has"},
    {"hostname verification", "its certificate is for another name than LAMBENT_COLLECTOR has"},
    {"wrong version number", "it speaks plain text, not TLS"},
    {"certificate required", "it asks for a certificate: LAMBENT_TLS_CERT_FILE"},
};

}  // namespace

std::string ConnectionCause(std::string_view message) {
  std::string lower(message);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '_') c = ' ';
  }
  for (const Known& known : kKnown) {
    if (lower.find(known.part) != std::string::npos) return std::string(known.words);
  }
  return std::string(message);
}

}  // namespace lambent
