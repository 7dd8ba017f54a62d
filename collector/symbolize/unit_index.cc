// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/symbolize/unit_index.h"

#include <dwarf.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace lambent::collector {
namespace {

// Namespaces and classes in each other.
constexpr int kMaxScopes = 64;

}  // namespace

UnitIndex::UnitIndex(Dwarf_Die* unit) {
  struct Place {
    Dwarf_Die entry;
    uint32_t scope;
  };
  EntryBudget budget(kMaxEntries);
  std::vector<Place> path;  // an entry to look at and, below it, its parents' next siblings
  Dwarf_Die first;
  if (dwarf_child(unit, &first) == 0) path.push_back({first, 0});
  while (!path.empty() && budget.Take()) {
    Place place = path.back();
    path.pop_back();
    Dwarf_Die next;
    if (dwarf_siblingof(&place.entry, &next) == 0) path.push_back({next, place.scope});
    const uint32_t within = Note(&place.entry, place.scope);
    if (within == kNothingWithin) continue;
    if (dwarf_child(&place.entry, &next) == 0) path.push_back({next, within});
  }
  std::sort(functions_.begin(), functions_.end(),
            [](const Function& a, const Function& b) { return a.low < b.low; });
}

uint32_t UnitIndex::Note(Dwarf_Die* entry, uint32_t scope) {
  switch (dwarf_tag(entry)) {
    case DW_TAG_subprogram:
      ForEachCodeRange(entry, [&](uint64_t low, uint64_t high) {
        if (functions_.size() < kMaxFunctions) functions_.push_back({low, high, *entry});
      });
      if (scope != 0) scope_of_.emplace(dwarf_dieoffset(entry), scope);
      return scope;  // classes within it have functions of their own: lambdas
    case DW_TAG_lexical_block:
      return scope;
    case DW_TAG_namespace:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type:
    case DW_TAG_module: {
      const char* const name = dwarf_diename(entry);
      const bool is_namespace = dwarf_tag(entry) == DW_TAG_namespace;
      scopes_.push_back({scope, name != nullptr ? BoundedText(name)
                                : is_namespace  ? "(anonymous namespace)"
                                                : "(unnamed)"});
      return static_cast<uint32_t>(scopes_.size() - 1);
    }
    default:
      return kNothingWithin;
  }
}

bool UnitIndex::Find(uint64_t address, Dwarf_Die* function) const {
  auto after = std::upper_bound(
      functions_.begin(), functions_.end(), address,
      [](uint64_t wanted, const Function& candidate) { return wanted < candidate.low; });
  if (after == functions_.begin() || address >= (after - 1)->high) return false;
  *function = (after - 1)->entry;
  return true;
}

size_t UnitIndex::bytes() const {
  size_t names = 0;
  for (const Scope& scope : scopes_) names += scope.name.capacity();
  return sizeof(*this) + functions_.capacity() * sizeof(Function) +
         scopes_.capacity() * sizeof(Scope) + names +
         scope_of_.bucket_count() * (sizeof(std::pair<Dwarf_Off, uint32_t>) + 1);
}

std::string UnitIndex::ScopeOf(Dwarf_Die* declaration) const {
  const auto found = scope_of_.find(dwarf_dieoffset(declaration));
  if (found == scope_of_.end()) return "";
  std::vector<uint32_t> path;
  for (uint32_t scope = found->second; scope != 0 && path.size() < kMaxScopes;
       scope = scopes_[scope].parent) {
    path.push_back(scope);
  }
  std::string text;
  while (!path.empty() && text.size() < kMaxEntryTextBytes) {
    absl::StrAppend(&text, scopes_[path.back()].name, "::");
    path.pop_back();
  }
  return text;
}

}  // namespace lambent::collector
