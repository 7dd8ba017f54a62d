// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// Work in libraries built by others: sorting, formatting, allocating, a regular expression, locale.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iomanip>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "target.h"

NAMED int CaseCompare(const void* a, const void* b) {
  return *static_cast<const int*>(a) - *static_cast<const int*>(b);
}
NAMED void CaseLibraryRound(unsigned seed) {
  std::vector<int> values;
  for (int i = 0; i < 64; ++i) values.push_back(static_cast<int>(seed = seed * 1103515245 + 12345));
  qsort(values.data(), values.size(), sizeof(int), &CaseCompare);
  std::map<std::string, int> names;
  for (int value : values) {
    std::ostringstream out;
    out << std::setw(12) << value << ' ' << value / 3.7;
    names[out.str()] = value;
  }
  const std::regex pattern("([0-9]+)\\.([0-9]*)");
  int found = 0;
  for (const auto& [name, value] : names) found += std::regex_search(name, pattern);
  work.fetch_add(static_cast<unsigned long>(found));
  STAY;
}

int main() {
  Ready();
  for (unsigned seed = 1;; ++seed) CaseLibraryRound(seed);
}
