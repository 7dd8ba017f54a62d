// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lambent::cli {

// Numbers as people write and read them. Pure.

// "90s", "30m", "1h", "2d" before `now`, or RFC 3339 ("2026-11-23T08:00:00Z"), or a date, or "now".
// Errors: INVALID_ARGUMENT that shows what is accepted.
absl::StatusOr<absl::Time> ParseTime(const std::string& text, absl::Time now);

// "1.23 s", "45.6 ms", "780 µs"; "-" for 0, which the wire uses for unknown.
std::string DurationText(int64_t us);
// "12.3 ms" also for 0.
std::string MillisecondsText(int64_t us);
// "87.4 MB" (10^6, as Lambda counts MB by 2^20: "MiB"); "-" for 0.
std::string BytesText(int64_t bytes);
// "1,234,567".
std::string CountText(uint64_t count);
// "2026-11-23 08:00:00" in the machine's zone; "-" for 0.
std::string TimeText(int64_t unix_us);
// "12 s ago", "3 h ago"; "-" for 0.
std::string AgeText(int64_t unix_us, absl::Time now);
// Seven-level bars, one a value: "▁▂▅▇". At most `width` characters; the largest of each stretch.
std::string Sparkline(const int64_t* values, size_t count, size_t width);

// Control characters become spaces: names come from strangers and must not drive the terminal.
std::string Printable(const std::string& text);

}  // namespace lambent::cli
