// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/os/proc_parse.h"

#include <charconv>

namespace lambent::os {
namespace {

constexpr std::string_view kBlanks = " \t\n";

// Takes the next word off *text; empty at the end.
std::string_view TakeWord(std::string_view* text) {
  const size_t start = text->find_first_not_of(kBlanks);
  if (start == std::string_view::npos) {
    *text = {};
    return {};
  }
  const size_t end = std::min(text->find_first_of(kBlanks, start), text->size());
  const std::string_view word = text->substr(start, end - start);
  text->remove_prefix(end);
  return word;
}

template <typename T>
bool ParseNumber(std::string_view word, T* value, int base = 10) {
  if (base == 16 && word.substr(0, 2) == "0x") word.remove_prefix(2);
  const char* const end = word.data() + word.size();
  const auto result = std::from_chars(word.data(), end, *value, base);
  return !word.empty() && result.ec == std::errc() && result.ptr == end;
}

template <typename T>
bool TakeNumber(std::string_view* text, T* value, int base = 10) {
  return ParseNumber(TakeWord(text), value, base);
}

bool SkipWords(std::string_view* text, int count) {
  for (int i = 0; i < count; ++i) {
    if (TakeWord(text).empty()) return false;
  }
  return true;
}

// What follows "pid (comm) ": the name may hold blanks and parentheses, so it ends at the last one.
bool TakeState(std::string_view* text, char* state) {
  const size_t close = text->rfind(')');
  if (close == std::string_view::npos) return false;
  text->remove_prefix(close + 1);
  const std::string_view word = TakeWord(text);
  if (word.size() != 1) return false;
  *state = word[0];
  return true;
}

// The rest of the line that starts with `key`, in a file of "key value" lines.
bool FindLine(std::string_view text, std::string_view key, std::string_view* rest) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.substr(0, key.size()) == key) {
      *rest = line.substr(key.size());
      return true;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

template <typename T>
bool FindNumber(std::string_view text, std::string_view key, T* value) {
  std::string_view rest;
  return FindLine(text, key, &rest) && TakeNumber(&rest, value);
}

}  // namespace

bool ParseThreadStat(std::string_view text, ThreadStat* stat) {
  return TakeState(&text, &stat->state) && SkipWords(&text, 10) &&  // 4-13
         TakeNumber(&text, &stat->user_ticks) && TakeNumber(&text, &stat->system_ticks) &&
         SkipWords(&text, 6) &&                                            // 16-21
         TakeNumber(&text, &stat->start_ticks) && SkipWords(&text, 16) &&  // 23-38
         TakeNumber(&text, &stat->processor);
}

bool ParseSchedule(std::string_view text, ThreadSchedule* schedule) {
  return TakeNumber(&text, &schedule->cpu_ns) && TakeNumber(&text, &schedule->wait_ns) &&
         TakeNumber(&text, &schedule->timeslices);
}

bool ParseCall(std::string_view text, ThreadCall* call) {
  std::string_view rest = text;
  const std::string_view first = TakeWord(&rest);
  *call = {};
  if (first == "running") return true;
  if (!ParseNumber(first, &call->number)) return false;
  call->kind = call->number < 0 ? ThreadCall::Kind::kBlocked : ThreadCall::Kind::kInCall;
  if (call->number >= 0 && (!TakeNumber(&rest, &call->argument, 16) || !SkipWords(&rest, 5))) {
    return false;
  }
  return TakeNumber(&rest, &call->sp, 16) && TakeNumber(&rest, &call->pc, 16);
}

bool ParseProcessStat(std::string_view text, ProcessStat* stat) {
  return TakeState(&text, &stat->state) && TakeNumber(&text, &stat->parent) &&
         SkipWords(&text, 5) &&  // 5-9
         TakeNumber(&text, &stat->minor_faults) && SkipWords(&text, 1) &&
         TakeNumber(&text, &stat->major_faults) && SkipWords(&text, 1) &&
         TakeNumber(&text, &stat->user_ticks) && TakeNumber(&text, &stat->system_ticks) &&
         SkipWords(&text, 4) &&  // 16-19
         TakeNumber(&text, &stat->threads) && SkipWords(&text, 1) &&
         TakeNumber(&text, &stat->start_ticks);
}

bool ParseResidentPages(std::string_view text, uint64_t* pages) {
  return SkipWords(&text, 1) && TakeNumber(&text, pages);
}

bool ParseStatus(std::string_view text, ProcessStatus* status) {
  std::string_view uids;
  if (!FindLine(text, "Uid:", &uids) || !SkipWords(&uids, 1) || !TakeNumber(&uids, &status->uid)) {
    return false;
  }
  if (!FindNumber(text, "Tgid:", &status->leader) || !FindNumber(text, "PPid:", &status->parent)) {
    return false;
  }
  std::string_view pids;  // one a namespace, the innermost last; not in kernels before 4.1
  status->namespace_pid = 0;
  if (FindLine(text, "NSpid:", &pids)) {
    while (TakeNumber(&pids, &status->namespace_pid)) {
    }
  }
  uint64_t peak_kib = 0;
  // A process without memory of its own (kernel thread, zombie) has no VmHWM.
  if (!FindNumber(text, "VmHWM:", &peak_kib) || peak_kib > (uint64_t{1} << 53)) peak_kib = 0;
  status->rss_peak_bytes = peak_kib * 1024;
  return true;
}

bool ParseSwitches(std::string_view text, ThreadSwitches* switches) {
  return FindNumber(text, "voluntary_ctxt_switches:", &switches->voluntary) &&
         FindNumber(text, "nonvoluntary_ctxt_switches:", &switches->involuntary);
}

bool ParseIo(std::string_view text, ProcessIo* io) {
  return FindNumber(text, "rchar:", &io->read_bytes) &&
         FindNumber(text, "wchar:", &io->write_bytes);
}

bool ParseOpenFilesLimit(std::string_view text, int64_t* limit) {
  std::string_view rest;
  if (!FindLine(text, "Max open files", &rest)) return false;
  const std::string_view soft = TakeWord(&rest);
  if (soft == "unlimited") {
    *limit = -1;
    return true;
  }
  return ParseNumber(soft, limit) && *limit >= 0;
}

}  // namespace lambent::os
