// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "profiler/target/module_table.h"

namespace lambent::bench {

// The file that node's own code is in: its executable, or the libnode.so beside a small one where
// it is packaged so.
struct NodeFile {
  std::string path;  // empty: there is none
  uint64_t bytes = 0;
};

bool IsNodeFile(std::string_view path);

// The largest such file of those that the process of `modules` maps.
NodeFile LargestNodeFile(const ModuleTable& modules);

// Why claims about node's executable, which has 99 MB, cannot be judged by this file; empty: they
// can.
std::string WhyNotJudged(const NodeFile& file);

// "/usr/bin/node of 99 MB".
std::string Describe(const NodeFile& file);

}  // namespace lambent::bench
