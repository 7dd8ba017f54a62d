// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/types/span.h"

#include "profiler/interpreters/cpython/object_layout.h"
#include "profiler/interpreters/cpython/offsets.h"
#include "profiler/os/remote_memory.h"

namespace lambent::cpython {

// One key of a dict or one attribute of an object.
struct ObjectEntry {
  uint64_t key = 0;    // address of the key; 0 and `value` 0: a place without one
  uint64_t hash = 0;   // of the key; 0 where the dict does not keep it
  uint64_t value = 0;  // address of the value
  uint64_t slot = 0;   // where the pointer to the value lies
};

// Reads dicts, attributes and numbers out of a process that may run meanwhile: what is found may be
// torn, and is to be checked by who uses it. Bounded whatever the memory holds. Confined to the
// sampler thread.
class ObjectReader {
 public:
  // Keys of a dict: a larger one is refused.
  static constexpr size_t kMaxEntries = 16384;

  // `memory` must outlive this.
  ObjectReader(os::RemoteMemory& memory, const Offsets& offsets, const ObjectLayout& layout)
      : memory_(memory), offsets_(offsets), layout_(layout) {}

  // The entries of the dict at `address`, in order. False: what lies there is none, or it can not
  // be read.
  bool ReadDict(uint64_t address, std::vector<ObjectEntry>* entries);

  // The attributes of the object at `address`, of a class written in Python. False: as above.
  bool ReadAttributes(uint64_t address, std::vector<ObjectEntry>* entries);

  // Finds the entries with these keys, ASCII strings of at most kMaxName characters: `found` gets
  // one for each, empty where there is none.
  void Find(absl::Span<const ObjectEntry> entries, absl::Span<const std::string_view> names,
            absl::Span<ObjectEntry> found);
  ObjectEntry Find(absl::Span<const ObjectEntry> entries, std::string_view name);
  static constexpr size_t kMaxName = 16;

  // The int at `address`; none for a negative one, one of more than 64 bits, and what is none.
  std::optional<uint64_t> ReadInt(uint64_t address);

  // The type of the object at `address`; 0: it can not be read.
  uint64_t ReadType(uint64_t address);

 private:
  bool ReadKeys(uint64_t keys, uint64_t values, std::vector<ObjectEntry>* entries);
  bool ReadManaged(uint64_t address, const char* type, std::vector<ObjectEntry>* entries);
  void ReadTexts(absl::Span<const ObjectEntry> entries);

  os::RemoteMemory& memory_;
  const Offsets offsets_;
  const ObjectLayout layout_;
  std::vector<char> bytes_;  // of a dict's entries
  std::vector<char> texts_;  // of keys, kTextBytes each
  std::vector<bool> read_;   // whether they could be read
};

}  // namespace lambent::cpython
