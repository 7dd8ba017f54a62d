// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/thread_names.h"

#include <algorithm>
#include <array>
#include <optional>

#include "profiler/interpreters/cpython/text_reader.h"

namespace lambent::cpython {
namespace {

constexpr std::array<std::string_view, 3> kAttributes = {"_name", "_ident", "_native_id"};
// Copies of a name that must be alike: that of a thread which is renamed all the time is freed, and
// may lie there again, with another str there in between.
constexpr int kLooks = 3;

bool IsPowerOfTwo(uint64_t n) { return n != 0 && (n & (n - 1)) == 0; }

}  // namespace

ThreadNames::ThreadNames(os::RemoteMemory& memory, const Offsets& offsets,
                         const ObjectLayout& layout, int32_t main_tid)
    : memory_(memory), offsets_(offsets), main_tid_(main_tid), objects_(memory, offsets, layout) {}

bool ThreadNames::Read(const ThreadStateRef& state, int32_t tid, std::string* name) {
  uint64_t interpreter = 0;
  if (state.pthread == 0 ||
      !ReadRemote(memory_, state.address + offsets_.thread_interpreter, &interpreter) ||
      !IsObjectAddress(interpreter)) {
    return false;
  }
  if (active_.size() >= kMaxKnown && !active_.contains(interpreter)) active_.clear();
  Active& active = active_[interpreter];
  uint64_t thread = active.dict == 0 ? 0 : FindThread(active.dict, state.pthread);
  // The module may have been loaded anew; more often, it is none of its threads.
  if (thread == 0 && (active.dict == 0 || IsPowerOfTwo(++active.misses))) {
    active.dict = FindActive(interpreter);
    thread = active.dict == 0 ? 0 : FindThread(active.dict, state.pthread);
  }
  return thread != 0 && ReadName(thread, state.pthread, tid, name) && !SaysNothing(*name);
}

uint64_t ThreadNames::FindActive(uint64_t interpreter) {
  uint64_t modules = 0;
  if (!ReadRemote(memory_, interpreter + offsets_.interpreter_modules, &modules) ||
      !objects_.ReadDict(modules, &entries_)) {
    return 0;
  }
  const uint64_t module = objects_.Find(entries_, "threading").value;
  uint64_t globals = 0;
  const uint64_t dict_type = objects_.ReadType(modules);
  if (!IsObjectAddress(module) || !ReadRemote(memory_, module + kModuleDictOffset, &globals) ||
      dict_type == 0 || objects_.ReadType(globals) != dict_type ||
      !objects_.ReadDict(globals, &entries_)) {
    return 0;
  }
  const uint64_t active = objects_.Find(entries_, "_active").value;
  return objects_.ReadType(active) == dict_type ? active : 0;
}

uint64_t ThreadNames::FindThread(uint64_t active, uint64_t pthread) {
  if (!objects_.ReadDict(active, &entries_)) return 0;
  // The hash of an int of fewer than 61 bits is itself.
  const auto found = std::find_if(
      entries_.begin(), entries_.end(),
      [pthread](const ObjectEntry& entry) { return entry.hash == pthread && entry.value != 0; });
  return found == entries_.end() ? 0 : found->value;
}

bool ThreadNames::ReadName(uint64_t thread, uint64_t pthread, int32_t tid, std::string* name) {
  std::array<ObjectEntry, kAttributes.size()> found;
  if (!objects_.ReadAttributes(thread, &entries_)) return false;
  objects_.Find(entries_, kAttributes, absl::MakeSpan(found));
  const auto& [text, ident, native_id] = found;
  if (text.value == 0 || objects_.ReadInt(ident.value) != pthread) return false;
  if (tid != main_tid_ &&
      objects_.ReadInt(native_id.value) != std::optional(static_cast<uint64_t>(tid))) {
    return false;
  }
  // It is a str as the attribute's own name is.
  const uint64_t text_type = objects_.ReadType(text.key);
  if (text_type == 0 || objects_.ReadType(text.value) != text_type) return false;
  std::string before;
  for (int look = 0; look < kLooks; ++look) {
    if (!ReadText(memory_, offsets_, text.value, name, kMaxThreadName) || !StillHas(found) ||
        (look > 0 && *name != before)) {
      return false;
    }
    before = *name;
  }
  return true;
}

bool ThreadNames::StillHas(absl::Span<const ObjectEntry> attributes) {
  std::array<uint64_t, kAttributes.size()> now{};
  std::array<os::RemoteRange, kAttributes.size()> ranges;
  size_t count = 0;
  for (const ObjectEntry& attribute : attributes) {
    if (attribute.value == 0) continue;
    ranges[count] = {attribute.slot, &now[count], sizeof(uint64_t)};
    ++count;
  }
  if (memory_.ReadV(absl::MakeConstSpan(ranges.data(), count)) != count * sizeof(uint64_t)) {
    return false;
  }
  count = 0;
  for (const ObjectEntry& attribute : attributes) {
    if (attribute.value != 0 && attribute.value != now[count++]) return false;
  }
  return true;
}

bool SaysNothing(std::string_view name) {
  if (name.empty() || name == "MainThread") return true;
  constexpr std::string_view kPrefix = "Dummy-";
  return name.size() > kPrefix.size() && name.substr(0, kPrefix.size()) == kPrefix &&
         name.find_first_not_of("0123456789", kPrefix.size()) == std::string_view::npos;
}

}  // namespace lambent::cpython
