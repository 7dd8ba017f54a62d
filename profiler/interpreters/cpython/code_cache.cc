// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/code_cache.h"

#include <string>

#include "profiler/interpreters/cpython/frame_reader.h"
#include "profiler/interpreters/cpython/text_reader.h"

namespace lambent::cpython {

CodeCache::CodeCache(os::RemoteMemory& memory, const Offsets& offsets, uint64_t code_type,
                     StringTable& strings)
    : memory_(memory), offsets_(offsets), code_type_(code_type), strings_(strings) {}

CodeCache::Names CodeCache::Find(const CodeHead& head) {
  if (const auto known = entries_.find(head.address);
      known != entries_.end() && known->second.head == head) {
    return known->second.names;
  }
  std::string name;
  std::string file;
  if (!ReadText(memory_, offsets_, head.name, &name) ||
      !ReadText(memory_, offsets_, head.file_name, &file) || !StillThere(head)) {
    return {};
  }
  if (entries_.size() >= kMaxEntries) entries_.clear();
  const Names names{strings_.Intern(name), strings_.Intern(file), head.first_line};
  entries_.insert_or_assign(head.address, Entry{head, names});
  return names;
}

bool CodeCache::StillThere(const CodeHead& head) {
  char bytes[kCodeBytes];
  CodeHead now{.address = head.address};
  return memory_.Read(head.address, bytes, kCodeBytes) == kCodeBytes &&
         ParseCodeHead(bytes, offsets_, code_type_, &now) && now == head;
}

}  // namespace lambent::cpython
