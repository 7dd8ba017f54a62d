// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/external/configuration.h"

#include <cmath>
#include <optional>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "profiler/base/absl_view.h"

namespace lambent {
namespace {

constexpr uint64_t kMinBufferBytes = 64 << 10;
constexpr uint64_t kMaxBufferBytes = 1 << 30;

// Reads one variable after the other and collects what is wrong with them.
class VariableReader {
 public:
  VariableReader(const os::Environment& environment, std::vector<std::string>* complaints)
      : environment_(environment), complaints_(complaints) {}

  std::string Text(std::string_view name) const {
    return std::string(absl::StripAsciiWhitespace(AbslView(os::ValueOf(environment_, name))));
  }

  void Complain(std::string_view name, std::string_view wrong, std::string_view instead) {
    // Long values are cut: the line is for a log, and may hold anything.
    const std::string value = Text(name).substr(0, 100);
    complaints_->push_back(absl::StrCat(AbslView(name), "=\"", value, "\" ", AbslView(wrong), "; ",
                                        AbslView(instead)));
  }

  // Sets *value if the variable is a whole number within the bounds.
  template <typename T>
  void Number(std::string_view name, uint64_t least, uint64_t most, T* value) {
    const std::string text = Text(name);
    uint64_t number = 0;
    if (text.empty()) return;
    if (!absl::SimpleAtoi(text, &number) || number < least || number > most) {
      Complain(name, absl::StrCat("is not a whole number from ", least, " to ", most),
               absl::StrCat("using ", *value));
      return;
    }
    *value = static_cast<T>(number);
  }

  void Share(std::string_view name, double most, double* value) {
    const std::string text = Text(name);
    double number = 0;
    if (text.empty()) return;
    if (!absl::SimpleAtod(text, &number) || !(number > 0) || number > most) {  // also not a number
      Complain(name, absl::StrCat("is not a number above 0 and up to ", most),
               absl::StrCat("using ", *value));
      return;
    }
    *value = number;
  }

  void Switch(std::string_view name, bool* value) {
    const std::string text = absl::AsciiStrToLower(Text(name));
    if (text.empty()) return;
    if (text == "1" || text == "on" || text == "true" || text == "yes") {
      *value = true;
    } else if (text == "0" || text == "off" || text == "false" || text == "no") {
      *value = false;
    } else {
      Complain(name, "is neither \"on\" nor \"off\"",
               absl::StrCat("using \"", *value ? "on" : "off", "\""));
    }
  }

 private:
  const os::Environment& environment_;
  std::vector<std::string>* const complaints_;
};

FunctionFacts ReadFunction(const VariableReader& read) {
  FunctionFacts facts;
  facts.name = read.Text("AWS_LAMBDA_FUNCTION_NAME");
  facts.version = read.Text("AWS_LAMBDA_FUNCTION_VERSION");
  facts.region = read.Text("AWS_REGION");
  facts.initialization_type = read.Text("AWS_LAMBDA_INITIALIZATION_TYPE");
  // The platform's, not the user's: no complaint if it makes no sense.
  if (!absl::SimpleAtoi(read.Text("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), &facts.memory_mb)) {
    facts.memory_mb = 0;
  }
  return facts;
}

bool IsHostAndPort(const std::string& text) {
  const size_t colon = text.rfind(':');
  uint32_t port = 0;
  return colon != std::string::npos && colon > 0 &&
         text.find_first_of(" \t/@?#,") == std::string::npos &&
         absl::SimpleAtoi(text.substr(colon + 1), &port) && port > 0 && port <= 65535;
}

void ReadChannel(VariableReader& read, Configuration* result) {
  ChannelSettings& channel = result->channel;
  channel.collector = read.Text("LAMBENT_COLLECTOR");
  if (channel.collector.empty()) {
    result->complaints.push_back(
        "LAMBENT_COLLECTOR is not set; nothing is profiled (set it to host:port of a "
        "lambent-collector, or set LAMBENT_DISABLED=1)");
    result->enabled = false;
    return;
  }
  if (!IsHostAndPort(channel.collector)) {
    read.Complain("LAMBENT_COLLECTOR", "is not host:port", "nothing is profiled");
    result->enabled = false;
    return;
  }
  channel.tls = TlsByDefault(channel.collector);
  read.Switch("LAMBENT_TLS", &channel.tls);
  channel.tls_ca_file = read.Text("LAMBENT_TLS_CA_FILE");
  channel.tls_certificate_file = read.Text("LAMBENT_TLS_CERT_FILE");
  channel.tls_key_file = read.Text("LAMBENT_TLS_KEY_FILE");
  if (channel.tls_certificate_file.empty() != channel.tls_key_file.empty()) {
    result->complaints.push_back(
        "LAMBENT_TLS_CERT_FILE and LAMBENT_TLS_KEY_FILE belong together and one is not set; "
        "using no client certificate");
    channel.tls_certificate_file.clear();
    channel.tls_key_file.clear();
  }
  channel.token = read.Text("LAMBENT_TOKEN");
  if (channel.token.empty()) result->token_file = read.Text("LAMBENT_TOKEN_FILE");
  if (!read.Text("LAMBENT_TOKEN_SECRET").empty()) {
    result->complaints.push_back(
        "LAMBENT_TOKEN_SECRET is not supported by this version; use LAMBENT_TOKEN or "
        "LAMBENT_TOKEN_FILE");
  }
}

}  // namespace

Configuration ReadConfiguration(const os::Environment& environment) {
  Configuration result;
  VariableReader read(environment, &result.complaints);
  result.function = ReadFunction(read);

  bool disabled = false;
  read.Switch("LAMBENT_DISABLED", &disabled);
  const std::string log = read.Text("LAMBENT_LOG");
  if (!log.empty() && !ParseLogLevel(absl::AsciiStrToLower(log), &result.log_level)) {
    read.Complain("LAMBENT_LOG", "is none of debug, info, warn, error, off", "using \"warn\"");
  }
  if (disabled) {
    result.enabled = false;
    return result;
  }

  ReadChannel(read, &result);
  read.Number("LAMBENT_SAMPLE_HZ", 1, 1000, &result.session.sample_hz);
  read.Switch("LAMBENT_LINES", &result.lines);
  read.Share("LAMBENT_OVERHEAD_BUDGET", 0.5, &result.session.overhead_budget);
  read.Number("LAMBENT_MAX_BUFFER_BYTES", kMinBufferBytes, kMaxBufferBytes,
              &result.uplink.outbox_limit_bytes);
  const std::string flush = absl::AsciiStrToLower(read.Text("LAMBENT_FLUSH"));
  if (!flush.empty()) {
    const std::optional<FlushMode> mode = ParseFlushMode(flush);
    if (mode.has_value()) {
      result.uplink.flush = *mode;
    } else {
      read.Complain("LAMBENT_FLUSH", "is none of adaptive, immediate, end", "using \"adaptive\"");
    }
  }
  return result;
}

}  // namespace lambent
