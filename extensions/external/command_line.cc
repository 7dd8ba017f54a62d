// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/external/command_line.h"

namespace lambent {

const char kExtensionHelp[] =
    R"(lambent-extension: the Lambda extension of the Lambent profiler.

It is started by AWS Lambda, as part of the Lambent layer, and finds the platform by
AWS_LAMBDA_RUNTIME_API. To run a function with it on this machine:

  lambent local --extensions DIR --env LAMBENT_COLLECTOR=127.0.0.1:4820 ...

where DIR is the layer's folder "extensions" (see lambent local --help). It is configured by
environment variables of the function:

  LAMBENT_COLLECTOR         host:port of lambent-collector; without it nothing is profiled
  LAMBENT_SAMPLE_HZ         samples per second (99)
  LAMBENT_OVERHEAD_BUDGET   share of CPU that profiling may use (0.01)
  LAMBENT_LINES             on: tell frames apart by the line they execute (off)
  LAMBENT_FLUSH             adaptive, immediate or end (adaptive)
  LAMBENT_MAX_BUFFER_BYTES  bound of what waits for the collector (8388608)
  LAMBENT_TLS               on or off (on unless the collector is on this machine)
  LAMBENT_TLS_CA_FILE, LAMBENT_TLS_CERT_FILE, LAMBENT_TLS_KEY_FILE   PEM files
  LAMBENT_TOKEN, LAMBENT_TOKEN_FILE   sent to the collector as a bearer token
  LAMBENT_LOG               debug, info, warn, error or off (warn)
  LAMBENT_DISABLED          1: register and do nothing else

options:
  --launched-as PATH   the file of the extensions folder that started this program
  --version            print the version
  --help               print this text
)";

CommandLine ParseCommandLine(const std::vector<std::string>& arguments) {
  CommandLine result;
  std::string launched_as = arguments.empty() ? std::string() : arguments[0];
  for (size_t i = 1; i < arguments.size(); ++i) {
    if (arguments[i] == "--help" || arguments[i] == "-h") {
      result.action = CommandLine::Action::kHelp;
      return result;
    }
    if (arguments[i] == "--version") {
      result.action = CommandLine::Action::kVersion;
      return result;
    }
    if (arguments[i] == "--launched-as" && i + 1 < arguments.size()) {
      launched_as = arguments[++i];
      continue;
    }
    result.action = CommandLine::Action::kWrong;
    result.wrong = "unknown option " + arguments[i] + "; see lambent-extension --help";
    return result;
  }
  const size_t slash = launched_as.rfind('/');
  result.name = slash == std::string::npos ? launched_as : launched_as.substr(slash + 1);
  if (result.name.empty()) result.name = "lambent";
  result.extensions_folder = slash == std::string::npos || slash == 0
                                 ? std::string("/opt/extensions")
                                 : launched_as.substr(0, slash);
  return result;
}

}  // namespace lambent
