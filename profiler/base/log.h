// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace lambent {

// Severity of a log line; a line below the process's threshold is not written.
enum class LogLevel { kDebug, kInfo, kWarn, kError, kOff };

// Sets the threshold; the default is kWarn. Thread-safe.
void SetLogLevel(LogLevel level);

// Reads "debug", "info", "warn", "error" or "off". False, and *level unchanged, for anything else.
bool ParseLogLevel(std::string_view text, LogLevel* level);

// Writes one line "lambent: <message>" to standard error with a single write(2). Control characters
// and line breaks in the message are replaced, so one call is always one line. Thread-safe.
void Log(LogLevel level, std::string_view message);

}  // namespace lambent
