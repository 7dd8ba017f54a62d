// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "profiler/os/proc_values.h"

namespace lambent::os {

// What a file of /proc says, as values. Bounded and strict: false, and the output unspecified, for
// text that is not what the kernel writes. Format: proc(5). Async-signal-safe.
bool ParseThreadStat(std::string_view text, ThreadStat* stat);
bool ParseSchedule(std::string_view text, ThreadSchedule* schedule);
bool ParseCall(std::string_view text, ThreadCall* call);
bool ParseProcessStat(std::string_view text, ProcessStat* stat);
// Second figure of statm, in pages.
bool ParseResidentPages(std::string_view text, uint64_t* pages);
bool ParseStatus(std::string_view text, ProcessStatus* status);
// Of a thread's status.
bool ParseSwitches(std::string_view text, ThreadSwitches* switches);
bool ParseIo(std::string_view text, ProcessIo* io);
// Soft limit of "Max open files" of /proc/PID/limits; -1: unlimited.
bool ParseOpenFilesLimit(std::string_view text, int64_t* limit);

}  // namespace lambent::os
