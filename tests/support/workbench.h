// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

#include "profiler/os/temp_dir.h"
#include "tests/support/collector_process.h"
#include "tests/support/folded_profile.h"
#include "tests/support/program.h"

namespace lambent::support {

// Arguments of a program.
using Arguments = std::vector<std::string>;

// What an end-to-end test works with: a temporary folder, the real programs, an extension folder as
// a layer has it, a collector on loopback. Failures are gtest failures. Confined to one thread.
class Workbench : public testing::Test {
 protected:
  // `binaries`: the folder of the programs; `source`: the repository.
  Workbench(std::string binaries, std::string source);
  void SetUp() override;

  // A path below the test's own folder.
  std::string Path(const std::string& name) const { return folder_->path() + "/" + name; }

  CollectorProcess& collector() { return *collector_; }
  void StartCollector(const Arguments& more = {});

  // The folder for --extensions; its one file starts lambent-extension.
  std::string extensions() const { return Path("opt/extensions"); }

  // Arguments of `lambent local` for a Python handler below `folder` (from the repository's root),
  // and for the native example.
  Arguments PythonFunction(const std::string& folder, const std::string& handler) const;
  Arguments NativeFunction() const;
  // --extensions and the address to report to.
  Arguments WithExtension(const std::string& collector_address) const;

  // `lambent local` with all these; StartLocal leaves it running.
  Finished Local(const std::vector<Arguments>& parts, absl::Duration limit = absl::Seconds(100));
  absl::StatusOr<Program> StartLocal(const std::vector<Arguments>& parts);

  // Another command of `lambent`, towards the collector. Cli() expects success, and returns stdout.
  Finished TryCli(const Arguments& arguments);
  std::string Cli(const Arguments& arguments);
  FoldedProfile Folded(const Arguments& selection);
  // `lambent invocations --json`, in the order in which they began.
  std::vector<nlohmann::json> Invocations(const Arguments& selection = {});

  // The files of a folder by name, contents: what --response-dir wrote.
  static std::vector<std::pair<std::string, std::string>> Files(const std::string& folder);

  const std::string& source() const { return source_; }
  const std::string& binaries() const { return binaries_; }

 private:
  std::string binaries_;
  std::string source_;
  std::unique_ptr<os::TempDir> folder_;
  std::unique_ptr<CollectorProcess> collector_;
};

}  // namespace lambent::support
