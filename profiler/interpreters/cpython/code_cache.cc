// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/code_cache.h"

#include <string>
#include <utility>

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

uint32_t CodeCache::FindLine(const CodeHead& head, int32_t offset) {
  if (offset == RawFrame::kNowhere) return 0;
  if (offset < 0) return head.first_line;
  auto known = lines_.find(head.address);
  if (known == lines_.end() || known->second.head != head) {
    LineTable table = ReadLines(head);
    if (!StillThere(head)) return 0;
    if (line_bytes_ + table.bytes() > kMaxLineBytes || lines_.size() >= kMaxEntries) {
      lines_.clear();
      line_bytes_ = 0;
    }
    line_bytes_ += table.bytes();
    // What is replaced stays counted until all is forgotten: code objects are seldom replaced.
    known = lines_.insert_or_assign(head.address, Lines{head, std::move(table)}).first;
  }
  return known->second.table.LineAt(static_cast<uint32_t>(offset));
}

LineTable CodeCache::ReadLines(const CodeHead& head) {
  uint64_t size = 0;
  if (!ReadRemote(memory_, head.line_table + kBytesSizeOffset, &size) ||
      size > LineTable::kMaxBytes) {
    return {};
  }
  std::string bytes(static_cast<size_t>(size), '\0');
  if (memory_.Read(head.line_table + kBytesDataOffset, bytes.data(), bytes.size()) !=
      bytes.size()) {
    return {};
  }
  return LineTable(offsets_.line_form, bytes, head.first_line);
}

bool CodeCache::StillThere(const CodeHead& head) {
  char bytes[kCodeBytes];
  CodeHead now{.address = head.address};
  return memory_.Read(head.address, bytes, kCodeBytes) == kCodeBytes &&
         ParseCodeHead(bytes, offsets_, code_type_, &now) && now == head;
}

}  // namespace lambent::cpython
