// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/symbols/best_name.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

namespace lambent {
namespace {

int BindingRank(const Elf64_Sym& symbol) {
  switch (ELF64_ST_BIND(symbol.st_info)) {
    case STB_GLOBAL:
      return 2;
    case STB_WEAK:
      return 1;
    default:
      return 0;
  }
}

bool IsPlainer(std::string_view a, std::string_view b) {
  const auto key = [](std::string_view name) {
    return std::tuple(std::min(name.find_first_not_of('_'), name.size()), name.size(), name);
  };
  return key(a) < key(b);
}

}  // namespace

bool BestName::Offer(const FunctionTables& tables, size_t table, const Elf64_Sym& symbol) {
  const int binding = BindingRank(symbol);
  if (binding < binding_) return false;
  std::optional<std::string> text;
  if (binding == binding_) {
    if (compared_ == kMaxCompared) return false;
    ++compared_;
    if (!text_.has_value()) text_ = tables.Name(table_, symbol_, kMaxComparedBytes);
    text = tables.Name(table, symbol, kMaxComparedBytes);
    if (!IsPlainer(*text, *text_)) return false;
  } else {
    compared_ = 0;
  }
  binding_ = binding;
  table_ = table;
  symbol_ = symbol;
  text_ = std::move(text);
  return true;
}

}  // namespace lambent
