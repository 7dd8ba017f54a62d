// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

namespace lambent::collector {

// Compares with tests/golden/render/<name>. With LAMBENT_UPDATE_GOLDENS set the file is written
// instead: look at the difference before committing it.
inline void ExpectGolden(const std::string& name, const std::string& bytes) {
  const std::string path = std::string(LAMBENT_SOURCE_DIR) + "/tests/golden/render/" + name;
  if (std::getenv("LAMBENT_UPDATE_GOLDENS") != nullptr) {
    std::ofstream(path, std::ios::binary) << bytes;
    return;
  }
  std::ifstream file(path, std::ios::binary);
  const std::string golden{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_TRUE(golden == bytes) << path << " differs from what is rendered now (" << golden.size()
                               << " and " << bytes.size()
                               << " bytes); if that is meant, run with LAMBENT_UPDATE_GOLDENS=1";
}

}  // namespace lambent::collector
