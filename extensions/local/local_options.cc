// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/local_options.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace lambent::local {
namespace {

using Setter = std::function<absl::Status(const std::string& value)>;

absl::Status Wrong(const std::string& option, const std::string& value, const std::string& want) {
  return absl::InvalidArgumentError(absl::StrCat(option, " ", value, ": ", want));
}

template <typename T>
Setter Text(T* to) {
  return [to](const std::string& value) {
    *to = value;
    return absl::OkStatus();
  };
}

Setter Integer(const char* option, int64_t low, int64_t high, int64_t* to) {
  return [=](const std::string& value) {
    int64_t parsed = 0;
    if (!absl::SimpleAtoi(value, &parsed) || parsed < low || parsed > high) {
      return Wrong(option, value, absl::StrCat("want a whole number from ", low, " to ", high));
    }
    *to = parsed;
    return absl::OkStatus();
  };
}

Setter Seconds(const char* option, double* to) {
  return [=](const std::string& value) {
    double parsed = 0;
    if (!absl::SimpleAtod(value, &parsed) || !(parsed > 0) || parsed > 900) {
      return Wrong(option, value, "want seconds, more than 0, at most 900");
    }
    *to = parsed;
    return absl::OkStatus();
  };
}

Setter Variable(const char* option, std::map<std::string, std::string>* to) {
  return [=](const std::string& value) {
    const size_t equals = value.find('=');
    if (equals == 0 || value.empty()) return Wrong(option, value, "want NAME=VALUE or NAME");
    if (equals != std::string::npos) {
      (*to)[value.substr(0, equals)] = value.substr(equals + 1);
    } else if (const char* ours = std::getenv(value.c_str()); ours != nullptr) {
      (*to)[value] = ours;
    }
    return absl::OkStatus();
  };
}

absl::Status AddEvent(const std::string& value, std::vector<std::string>* events) {
  std::string text = value;
  if (!nlohmann::json::accept(value)) {
    std::ifstream file(value, std::ios::binary);
    if (!file) {
      return absl::NotFoundError(
          absl::StrCat("--event ", value, ": neither JSON nor a file that can be read"));
    }
    text.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    if (!nlohmann::json::accept(text)) return Wrong("--event", value, "the file is not JSON");
  }
  events->push_back(std::move(text));
  return absl::OkStatus();
}

absl::Status SetFreeze(const std::string& value, LocalOptions* options) {
  const size_t dash = value.find('-');
  const std::string low = value.substr(0, dash);
  const std::string high = dash == std::string::npos ? low : value.substr(dash + 1);
  if (!absl::SimpleAtoi(low, &options->freeze_min_ms) ||
      !absl::SimpleAtoi(high, &options->freeze_max_ms) || options->freeze_min_ms < 0 ||
      options->freeze_max_ms < options->freeze_min_ms) {
    return Wrong("--freeze-ms", value, "want milliseconds, or a range as in 100-5000");
  }
  return absl::OkStatus();
}

absl::Status SetFaults(const std::string& value, TelemetryFaults* faults) {
  size_t begin = 0;
  while (begin <= value.size()) {
    const size_t end = std::min(value.find(',', begin), value.size());
    const std::string name = value.substr(begin, end - begin);
    begin = end + 1;
    if (name == "late") {
      faults->late = true;
    } else if (name == "duplicate") {
      faults->duplicate = true;
    } else if (name == "out-of-order") {
      faults->out_of_order = true;
    } else if (name == "unknown") {
      faults->unknown = true;
    } else if (name == "malformed") {
      faults->malformed = true;
    } else {
      return Wrong("--telemetry-faults", value,
                   "want some of late,duplicate,out-of-order,unknown,malformed");
    }
  }
  return absl::OkStatus();
}

struct Option {
  bool takes_value = true;
  Setter set;
};

Option Flag(bool* to) {
  return {false, [to](const std::string&) {
            *to = true;
            return absl::OkStatus();
          }};
}

std::map<std::string, Option> OptionTable(LocalOptions* o, std::string* runtime, int64_t* seed) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  return {
      {"--help", Flag(&o->help)},
      {"--quiet", Flag(&o->quiet)},
      {"--fail-on-error", Flag(&o->fail_on_error)},
      {"--ric", Flag(&o->use_awslambdaric)},
      {"--telemetry-unsupported", Flag(&o->telemetry_unsupported)},
      {"--register-refuse", Flag(&o->register_refuse)},
      {"--odd-request-ids", Flag(&o->odd_request_ids)},
      {"--extensions",
       {true,
        [o](const std::string& value) {
          o->extension_dirs.push_back(value);
          return absl::OkStatus();
        }}},
      {"--runtime", {true, Text(runtime)}},
      {"--python", {true, Text(&o->python)}},
      {"--handler", {true, Text(&o->handler)}},
      {"--task-root", {true, Text(&o->task_root)}},
      {"--event", {true, [o](const std::string& value) { return AddEvent(value, &o->events); }}},
      {"--invocations", {true, Integer("--invocations", 1, 1'000'000, &o->invocations)}},
      {"--timeout", {true, Seconds("--timeout", &o->timeout_s)}},
      {"--init-timeout", {true, Seconds("--init-timeout", &o->init_timeout_s)}},
      {"--memory", {true, Integer("--memory", 128, 10'240, &o->memory_mb)}},
      {"--freeze-ms", {true, [o](const std::string& value) { return SetFreeze(value, o); }}},
      {"--function-name", {true, Text(&o->function_name)}},
      {"--function-version", {true, Text(&o->function_version)}},
      {"--env", {true, Variable("--env", &o->environment)}},
      {"--env-extensions", {true, Variable("--env-extensions", &o->extension_environment)}},
      {"--concurrency",
       {true,
        [](const std::string& value) {
          return value == "1" ? absl::OkStatus()
                              : Wrong("--concurrency", value, "only 1 is implemented");
        }}},
      {"--response-dir", {true, Text(&o->response_dir)}},
      {"--report", {true, Text(&o->report_file)}},
      {"--seed", {true, Integer("--seed", 0, kMax, seed)}},
      {"--telemetry-faults",
       {true, [o](const std::string& value) { return SetFaults(value, &o->faults); }}},
  };
}

}  // namespace

absl::StatusOr<LocalOptions> ParseLocalOptions(absl::Span<const std::string> arguments) {
  LocalOptions options;
  std::string runtime;
  int64_t seed = 0;
  const std::map<std::string, Option> table = OptionTable(&options, &runtime, &seed);
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string name = arguments[i];
    if (name == "--") {
      options.command.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                             arguments.end());
      if (options.command.empty()) return absl::InvalidArgumentError("--: a command must follow");
      break;
    }
    std::optional<std::string> value;
    if (const size_t equals = name.find('='); equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    }
    if (name == "-h") name = "--help";
    const auto option = table.find(name);
    if (option == table.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": unknown option; see lambent local --help"));
    }
    if (option->second.takes_value && !value.has_value()) {
      if (++i == arguments.size())
        return absl::InvalidArgumentError(name + ": a value must follow");
      value = arguments[i];
    }
    if (!option->second.takes_value && value.has_value()) {
      return absl::InvalidArgumentError(name + ": takes no value");
    }
    if (absl::Status set = option->second.set(value.value_or("")); !set.ok()) return set;
  }
  if (options.help) return options;
  options.seed = static_cast<uint64_t>(seed);
  if (!options.command.empty()) {
    if (!runtime.empty())
      return absl::InvalidArgumentError("give --runtime or a command, not both");
    options.runtime = RuntimeKind::kCommand;
  } else if (runtime == "python") {
    options.runtime = RuntimeKind::kPython;
  } else if (!runtime.empty() && runtime != "provided") {
    return Wrong("--runtime", runtime, "want python or provided, or a command after --");
  }
  if (options.events.empty()) {
    return absl::InvalidArgumentError("--event: at least one is needed, a file or JSON as in '{}'");
  }
  options.invocations =
      std::max(options.invocations,
               options.invocations == 0 ? static_cast<int64_t>(options.events.size()) : int64_t{1});
  return options;
}

}  // namespace lambent::local
