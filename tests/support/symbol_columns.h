// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "collector/receive/bounded_zstd.h"
#include "lambent/v1/ingest.pb.h"

// Symbol tables as a good extension sends them; tests then spoil or vary them. Header-only.
namespace lambent::testing {

struct TestFunction {
  uint64_t start = 0;
  uint64_t size = 0;
  std::string name;
};

// The columns of ascending `functions` after a part that ended at `base`.
inline v1::SymbolColumns Columns(const std::vector<TestFunction>& functions, uint64_t base = 0) {
  v1::SymbolColumns columns;
  for (const TestFunction& function : functions) {
    columns.add_gap(function.start - base);
    columns.add_size(function.size);
    *columns.mutable_names() += function.name + '\0';
    base = function.start + function.size;
  }
  return columns;
}

// Functions from address 0 on, 16 bytes each, whose names do not compress: `count` of them take
// some 32 bytes each.
inline std::vector<TestFunction> ManyFunctions(size_t count) {
  std::mt19937_64 random(count);
  std::vector<TestFunction> functions;
  for (size_t i = 0; i < count; ++i) {
    std::string name(32, 'n');
    for (char& c : name) c = static_cast<char>('!' + random() % 94);
    functions.push_back({16 * i, 16, name});
  }
  return functions;
}

inline v1::SymbolTable SymbolsOf(const std::string& build_id, const v1::SymbolColumns& columns,
                                 uint32_t part = 0, bool last = true) {
  v1::SymbolTable table;
  table.set_build_id(build_id);
  table.set_part(part);
  table.set_last(last);
  const std::string content = columns.SerializeAsString();
  table.set_content_bytes(static_cast<uint32_t>(content.size()));
  table.set_content(collector::Compress(content, 1));
  return table;
}

}  // namespace lambent::testing
