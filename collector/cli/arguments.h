// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace lambent::cli {

// One flag a command takes. absl's flags are global to a program; these belong to a command.
struct Flag {
  std::string name;   // without the dashes
  std::string value;  // what stands for its value in help ("FILE"); empty: a switch
  std::string help;
  std::vector<std::string> choices;  // empty: any value
  std::string short_name;            // one letter without the dash, or empty
};

// What was given. A value.
class Arguments {
 public:
  bool has(const std::string& flag) const { return values_.count(flag) != 0; }
  // The last value given; empty if none was. A switch's is "true" or "false".
  std::string value(const std::string& flag) const;
  // All that were given, in order.
  std::vector<std::string> values(const std::string& flag) const;
  void Set(const std::string& flag, std::string value) {
    values_[flag].push_back(std::move(value));
  }

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

// Reads "--flag value", "--flag=value", "-f value", "--switch", "--switch=false". No positional
// arguments. Pure. Errors: INVALID_ARGUMENT with one line that says what is wrong with which word
// and, for an unknown flag, which known one is nearest.
absl::StatusOr<Arguments> ParseArguments(absl::Span<const Flag> flags,
                                         absl::Span<const std::string> words);

// The candidate that `word` most likely meant, or empty when none is near. Pure.
std::string Nearest(const std::string& word, absl::Span<const std::string> candidates);

// The end of a line about an unknown word: "; did you mean NEAREST?", or `otherwise` where none of
// the candidates is near. Pure.
std::string DidYouMean(const std::string& word, absl::Span<const std::string> candidates,
                       const std::string& otherwise);

}  // namespace lambent::cli
