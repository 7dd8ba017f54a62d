// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/workbench.h"

namespace lambent {

// The workbench with this build's programs.
class IntegrationTest : public support::Workbench {
 protected:
  IntegrationTest() : Workbench(LAMBENT_BINARY_DIR, LAMBENT_SOURCE_DIR) {}

  static constexpr const char* kFunctions = "tests/integration/functions";
  static constexpr const char* kExample = "extensions/local/examples/python";
};

}  // namespace lambent
