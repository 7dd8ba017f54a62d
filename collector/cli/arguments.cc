// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/arguments.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace lambent::cli {
namespace {

// Insertions, deletions and replacements from one word to the other (Levenshtein).
size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

const Flag* Find(absl::Span<const Flag> flags, const std::string& word) {
  for (const Flag& flag : flags) {
    if (word == "--" + flag.name) return &flag;
    if (!flag.short_name.empty() && word == "-" + flag.short_name) return &flag;
  }
  return nullptr;
}

absl::Status Unknown(absl::Span<const Flag> flags, const std::string& word) {
  if (!absl::StartsWith(word, "-")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "unexpected argument \"", word, "\"; each value follows its flag, as in ",
        flags.empty() ? "--flag value" : absl::StrCat("--", flags[0].name, " ", flags[0].value)));
  }
  std::vector<std::string> names;
  for (const Flag& flag : flags) names.push_back("--" + flag.name);
  return absl::InvalidArgumentError(
      absl::StrCat("unknown flag ", word, DidYouMean(word, names, "")));
}

absl::Status CheckValue(const Flag& flag, const std::string& value) {
  if (flag.value.empty()) {
    if (value == "true" || value == "false") return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("--", flag.name, "=", value, ": want true or false"));
  }
  if (flag.choices.empty() ||
      std::find(flag.choices.begin(), flag.choices.end(), value) != flag.choices.end()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("--", flag.name, " ", value, ": want one of ",
                                                 absl::StrJoin(flag.choices, ", ")));
}

}  // namespace

std::string Arguments::value(const std::string& flag) const {
  const auto found = values_.find(flag);
  return found == values_.end() ? std::string() : found->second.back();
}

std::vector<std::string> Arguments::values(const std::string& flag) const {
  const auto found = values_.find(flag);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

absl::StatusOr<Arguments> ParseArguments(absl::Span<const Flag> flags,
                                         absl::Span<const std::string> words) {
  Arguments out;
  for (size_t i = 0; i < words.size(); ++i) {
    const size_t equals = absl::StartsWith(words[i], "--") ? words[i].find('=') : std::string::npos;
    const std::string word = words[i].substr(0, equals);
    const Flag* flag = Find(flags, word);
    if (flag == nullptr) return Unknown(flags, word);
    std::string value = "true";
    if (equals != std::string::npos) {
      value = words[i].substr(equals + 1);
    } else if (!flag->value.empty()) {
      // A value that begins with dashes can be given behind an equals sign.
      if (i + 1 == words.size() || absl::StartsWith(words[i + 1], "--")) {
        return absl::InvalidArgumentError(absl::StrCat(
            word, ": needs a value, ", flag->value,
            i + 1 == words.size() ? "" : absl::StrCat("; ", words[i + 1], " follows it")));
      }
      value = words[++i];
    }
    if (absl::Status status = CheckValue(*flag, value); !status.ok()) return status;
    out.Set(flag->name, value);
  }
  return out;
}

std::string Nearest(const std::string& word, absl::Span<const std::string> candidates) {
  std::string best;
  size_t least = std::max<size_t>(2, word.size() / 3) + 1;  // further away is no help
  for (const std::string& candidate : candidates) {
    // A beginning is as good as one typing error: "--func" means "--function".
    const size_t distance = absl::StartsWith(candidate, word) ? 1 : EditDistance(word, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

std::string DidYouMean(const std::string& word, absl::Span<const std::string> candidates,
                       const std::string& otherwise) {
  const std::string nearest = Nearest(word, candidates);
  return nearest.empty() ? otherwise : absl::StrCat("; did you mean ", nearest, "?");
}

}  // namespace lambent::cli
