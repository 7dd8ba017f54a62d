// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "tests/support/program.h"

namespace lambent::support {

// The real lambent-collector on loopback, on one data folder; may be killed and started again, then
// on the same ports. Confined to one thread.
class CollectorProcess {
 public:
  // `binaries` holds lambent-collector; `folder` is the test's own, data goes to folder/data.
  CollectorProcess(std::string binaries, std::string folder);

  // Ready when this returns ok.
  absl::Status Start(const std::vector<std::string>& more_arguments = {});
  // As the out-of-memory killer does: nothing is flushed.
  void KillHard();
  Finished StopGently();

  bool running() const { return program_.has_value(); }
  int pid() const { return program_->pid(); }
  const std::string& data_dir() const { return data_dir_; }
  // host:port for LAMBENT_COLLECTOR and --collector.
  const std::string& grpc() const { return grpc_; }
  // "http://127.0.0.1:port/"
  const std::string& http() const { return http_; }

 private:
  std::string binaries_;
  std::string folder_;
  std::string data_dir_;
  std::string grpc_ = "127.0.0.1:0";
  std::string http_;
  std::optional<Program> program_;
};

}  // namespace lambent::support
