// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/cli/selection.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "collector/cli/words.h"

namespace lambent::cli {
namespace {

// The value of a protobuf enum by the tail of its name: "init" of PHASE_INIT. Zero if there is
// none.
template <typename Enum>
Enum EnumOf(const google::protobuf::EnumDescriptor* type, const std::string& prefix,
            const std::string& name) {
  const auto* value = type->FindValueByName(prefix + absl::AsciiStrToUpper(name));
  return static_cast<Enum>(value == nullptr ? 0 : value->number());
}

// The time a flag gives; 0: it was not given.
absl::StatusOr<int64_t> TimeOf(const Arguments& arguments, const std::string& flag,
                               absl::Time now) {
  if (!arguments.has(flag)) return 0;
  const absl::StatusOr<absl::Time> time = ParseTime(arguments.value(flag), now);
  if (time.ok()) return absl::ToUnixMicros(*time);
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, ": ", std::string(time.status().message())));
}

// An empty value, for instance of a script's variable that is not set, would select everything.
absl::Status CheckNoneEmpty(const Arguments& arguments) {
  for (const Flag& flag : SelectionFlags()) {
    if (!arguments.has(flag.name) || !arguments.value(flag.name).empty()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--", flag.name, ": its value, ", flag.value,
                     ", is empty; leave the flag out where it is not to select"));
  }
  return absl::OkStatus();
}

absl::Status CheckEnvironment(const std::string& hex) {
  const bool digits =
      std::all_of(hex.begin(), hex.end(), [](unsigned char c) { return absl::ascii_isxdigit(c); });
  if (hex.empty() || (hex.size() == 32 && digits)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--environment ", hex,
                   ": want 32 hexadecimal digits, as lambent invocations --json shows them"));
}

}  // namespace

v1::Phase PhaseOf(const std::string& name) {
  return EnumOf<v1::Phase>(v1::Phase_descriptor(), "PHASE_", name);
}
v1::InvocationStatus StatusOf(const std::string& name) {
  return EnumOf<v1::InvocationStatus>(v1::InvocationStatus_descriptor(), "INVOCATION_STATUS_",
                                      name);
}
v1::Weight WeightOf(const std::string& name) {
  return EnumOf<v1::Weight>(v1::Weight_descriptor(), "WEIGHT_", name);
}
v1::Format FormatOf(const std::string& name) {
  return EnumOf<v1::Format>(v1::Format_descriptor(), "FORMAT_", name);
}

std::string StatusName(v1::InvocationStatus status) {
  switch (status) {
    case v1::INVOCATION_STATUS_SUCCESS:
      return "success";
    case v1::INVOCATION_STATUS_ERROR:
      return "error";
    case v1::INVOCATION_STATUS_TIMEOUT:
      return "timeout";
    case v1::INVOCATION_STATUS_FAILURE:
      return "failure";
    default:
      return "-";
  }
}

std::vector<Flag> SelectionFlags() {
  return {
      {"function", "NAME", "only this function", {}, "f"},
      {"version", "VERSION", "only this version of it, for instance 7 or $LATEST", {}, ""},
      {"request-id", "ID", "only this invocation, all its attempts", {}, ""},
      {"attempt", "N", "only the N-th attempt of --request-id", {}, ""},
      {"environment", "HEX", "only this execution environment", {}, ""},
      {"phase", "PHASE", "only this phase", {"init", "invoke", "after", "shutdown"}, ""},
      {"status",
       "STATUS",
       "only invocations that ended so",
       {"success", "error", "timeout", "failure"},
       ""},
      {"cold",
       "",
       "only the first invocation of each environment; --cold=false: only others",
       {},
       ""},
      {"since",
       "TIME",
       "from here on: an age (30m, 1h, 2d) or a time (2026-11-23T08:00:00Z)",
       {},
       ""},
      {"until", "TIME", "up to here", {}, ""},
      {"thread", "NAME", "only threads of this name", {}, ""},
      {"gil", "", "only while a thread held its Python's global lock", {}, ""},
  };
}

std::vector<Flag> InvocationFlags() {
  std::vector<Flag> flags = SelectionFlags();
  const auto chooses_samples = [](const Flag& flag) {
    return flag.name == "phase" || flag.name == "thread" || flag.name == "gil";
  };
  flags.erase(std::remove_if(flags.begin(), flags.end(), chooses_samples), flags.end());
  return flags;
}

absl::StatusOr<v1::Selection> SelectionOf(const Arguments& arguments, absl::Time now) {
  if (absl::Status empty = CheckNoneEmpty(arguments); !empty.ok()) return empty;
  if (absl::Status wrong = CheckEnvironment(arguments.value("environment")); !wrong.ok()) {
    return wrong;
  }
  v1::Selection out;
  out.set_function_name(arguments.value("function"));
  out.set_function_version(arguments.value("version"));
  out.set_request_id(arguments.value("request-id"));
  uint32_t attempt = 0;
  if (arguments.has("attempt")) {
    if (!absl::SimpleAtoi(arguments.value("attempt"), &attempt) || attempt == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("--attempt ", arguments.value("attempt"), ": want a number from 1 on"));
    }
    if (out.request_id().empty()) {
      return absl::InvalidArgumentError("--attempt: needs the --request-id it is of");
    }
  }
  out.set_attempt(attempt);
  out.set_environment_id(arguments.value("environment"));
  out.set_thread_name(arguments.value("thread"));
  out.set_with_lock(arguments.value("gil") == "true");
  out.set_status(StatusOf(arguments.value("status")));
  if (arguments.has("phase")) out.add_phases(PhaseOf(arguments.value("phase")));
  if (arguments.has("cold")) out.set_cold(arguments.value("cold") == "true");
  const absl::StatusOr<int64_t> since = TimeOf(arguments, "since", now);
  if (!since.ok()) return since.status();
  const absl::StatusOr<int64_t> until = TimeOf(arguments, "until", now);
  if (!until.ok()) return until.status();
  if (*until != 0 && *since > *until) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--since ", arguments.value("since"), " is later than --until ", arguments.value("until")));
  }
  out.set_since_unix_us(*since);
  out.set_until_unix_us(*until);
  return out;
}

absl::StatusOr<v1::Selection> ParseSelector(const std::string& selector, absl::Time now) {
  std::vector<std::string> words;
  std::vector<std::string> names;
  for (const Flag& flag : SelectionFlags()) names.push_back(flag.name);
  const std::vector<std::string> parts = absl::StrSplit(selector, ',', absl::SkipWhitespace());
  for (const std::string& part : parts) {
    const std::string word = absl::StrCat("--", absl::StripAsciiWhitespace(part));
    if (word.find('=') == std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("selector \"", selector, "\": \"", part,
                       "\" is not name=value, as in function=orders,version=7"));
    }
    const std::string name = word.substr(2, word.find('=') - 2);
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      const std::string all = absl::StrCat("; want one of ", absl::StrJoin(names, ", "));
      return absl::InvalidArgumentError(absl::StrCat("selector \"", selector, "\": unknown name ",
                                                     name, DidYouMean(name, names, all)));
    }
    words.push_back(word);
  }
  const std::vector<Flag> flags = SelectionFlags();
  absl::StatusOr<Arguments> arguments = ParseArguments(flags, words);
  if (!arguments.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("selector \"", selector, "\": ", std::string(arguments.status().message())));
  }
  return SelectionOf(*arguments, now);
}

}  // namespace lambent::cli
