// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <string>

#include "absl/status/statusor.h"

#include "extensions/local/invocation.h"
#include "extensions/local/local_options.h"
#include "extensions/local/outcome.h"

namespace lambent::local {

// Everything `lambent local` leaves behind: standard output, --response-dir, --report. Thread-
// compatible.
class ResultWriter {
 public:
  // Creates the response folder and empties the report file. Internal if it cannot.
  static absl::StatusOr<ResultWriter> Create(const LocalOptions& options);

  // A platform line, unless --quiet.
  void PlatformLine(const std::string& line);
  // A line of the function (`source` empty) or of an extension, to standard error.
  void LogLine(const std::string& source, const std::string& line);
  void Response(const Invocation& invocation);
  void Report(const Outcome& outcome, const Invocation& invocation);

 private:
  explicit ResultWriter(const LocalOptions& options);

  bool quiet_ = false;
  int64_t memory_mb_ = 0;
  std::string response_dir_;
  std::ofstream report_;
};

}  // namespace lambent::local
