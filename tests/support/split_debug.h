// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "gtest/gtest.h"

#include "tests/support/program.h"

namespace lambent::support {

// Puts a program's debugging information where its build id says, below `directory`, and a copy of
// the program without it at `stripped`.
inline void SplitDebugInformation(const std::string& program, const std::string& directory,
                                  const std::string& stripped) {
  const std::string script = R"sh(set -e
id=$(readelf --notes "$1" | sed -n 's/.*Build ID: *//p')
folder="$2/.build-id/$(echo "$id" | cut -c1-2)"
mkdir -p "$folder"
objcopy --only-keep-debug "$1" "$folder/$(echo "$id" | cut -c3-).debug"
strip --strip-all -o "$3" "$1")sh";
  const Finished split = RunProgram({"sh", "-c", script, "sh", program, directory, stripped});
  ASSERT_TRUE(split.ok()) << split.Describe();
}

}  // namespace lambent::support
