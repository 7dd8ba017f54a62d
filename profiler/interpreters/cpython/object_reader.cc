// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/object_reader.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace lambent::cpython {
namespace {

constexpr uint64_t kEntryBytes = 24;      // PyDictKeyEntry: hash, key, value
constexpr uint64_t kTextEntryBytes = 16;  // PyDictUnicodeEntry, where all keys are str: key, value
constexpr size_t kMaxKeysHead = 40;
constexpr size_t kMaxTypeBytes = 896;
// Of a str with a name in it: PyASCIIObject has 48 bytes or less.
constexpr size_t kTextBytes = 48 + ObjectReader::kMaxName;
// Keys at once, and of those how many may be unreadable before the dict is taken for garbage.
constexpr size_t kKeysAtOnce = os::RemoteMemory::kMaxRanges;
constexpr int kMaxUnreadable = 4;
// PyLongObject: 30 bits in each digit; of lv_tag the lowest bits tell the sign, 0 of what is above
// 0, and the others the number of digits.
constexpr uint64_t kMaxDigits = 3;
constexpr uint64_t kTagSign = 3;
constexpr int kTagShift = 3;

template <typename T>
T At(const char* bytes, size_t offset) {
  T value{};
  std::memcpy(&value, bytes + offset, sizeof(value));
  return value;
}

// What a str holds whose first bytes these are, where it is ASCII and short; empty: it is not.
std::string_view ShortText(const char* bytes, const Offsets& offsets) {
  const auto state = At<uint32_t>(bytes, kTextStateOffset);
  const auto length = At<uint64_t>(bytes, kTextLengthOffset);
  const bool ascii = (state & kTextCompact) != 0 && (state & kTextAscii) != 0 &&
                     (state >> kTextKindShift & kTextKindMask) == 1;
  if (!ascii || length > ObjectReader::kMaxName || offsets.ascii_size + length > kTextBytes) {
    return {};
  }
  return {bytes + offsets.ascii_size, static_cast<size_t>(length)};
}

}  // namespace

bool ObjectReader::ReadDict(uint64_t address, std::vector<ObjectEntry>* entries) {
  entries->clear();
  std::array<uint64_t, 2> tables{};  // ma_keys, ma_values
  static_assert(kDictValuesOffset == kDictKeysOffset + 8);
  if (!IsObjectAddress(address) || !ReadRemote(memory_, address + kDictKeysOffset, &tables)) {
    return false;
  }
  if (tables[1] == 0) return ReadKeys(tables[0], 0, entries);
  return IsObjectAddress(tables[1]) &&
         ReadKeys(tables[0], tables[1] + layout_.values_first, entries);
}

// `values`: address of the first value where these are apart from the keys; 0: they are not.
bool ObjectReader::ReadKeys(uint64_t keys, uint64_t values, std::vector<ObjectEntry>* entries) {
  std::array<char, kMaxKeysHead> head;
  if (!IsObjectAddress(keys) ||
      memory_.Read(keys, head.data(), layout_.keys_indices) != layout_.keys_indices) {
    return false;
  }
  constexpr uint64_t kMaxSize = 4 * kMaxEntries;
  uint64_t index_bytes = 0;
  bool texts = false;
  if (layout_.keys_tell_log2) {
    const auto log2_index_bytes = At<uint8_t>(head.data(), 9);
    const auto kind = At<uint8_t>(head.data(), 10);
    if (log2_index_bytes > 24 || kind > 2) return false;
    index_bytes = uint64_t{1} << log2_index_bytes;
    texts = kind != 0;
  } else {
    const auto size = At<uint64_t>(head.data(), 8);
    if (size > kMaxSize) return false;
    index_bytes = size * (size <= 0xff ? 1 : size <= 0xffff ? 2 : 4);
  }
  const auto count = At<uint64_t>(head.data(), layout_.keys_count);
  if (count > kMaxEntries) return false;
  if (count == 0) return true;
  const uint64_t step = texts ? kTextEntryBytes : kEntryBytes;
  const uint64_t start = keys + layout_.keys_indices + index_bytes;
  bytes_.resize(static_cast<size_t>(count * step));
  if (memory_.Read(start, bytes_.data(), bytes_.size()) != bytes_.size()) return false;
  for (size_t i = 0; i < count; ++i) {
    const char* const entry = bytes_.data() + i * step;
    const size_t key = texts ? 0 : 8;
    entries->push_back({.key = At<uint64_t>(entry, key),
                        .hash = texts ? 0 : At<uint64_t>(entry, 0),
                        .value = At<uint64_t>(entry, key + 8),
                        .slot = start + i * step + key + 8});
  }
  if (values == 0) return true;
  std::vector<uint64_t> apart(static_cast<size_t>(count));
  const size_t wanted = apart.size() * sizeof(uint64_t);
  if (memory_.Read(values, apart.data(), wanted) != wanted) return false;
  for (size_t i = 0; i < count; ++i) {
    (*entries)[i].value = apart[i];
    (*entries)[i].slot = values + i * sizeof(uint64_t);
  }
  return true;
}

bool ObjectReader::ReadAttributes(uint64_t address, std::vector<ObjectEntry>* entries) {
  entries->clear();
  const uint64_t type = ReadType(address);
  std::array<char, kMaxTypeBytes> bytes;
  const size_t wanted = layout_.type_cached_keys + sizeof(uint64_t);
  if (!IsObjectAddress(type) || memory_.Read(type, bytes.data(), wanted) != wanted) return false;
  if (layout_.attributes != AttributePlace::kDictPointer &&
      (At<uint64_t>(bytes.data(), kTypeFlagsOffset) & kTypeManagedDict) != 0) {
    return ReadManaged(address, bytes.data(), entries);
  }
  constexpr int64_t kMaxOffset = 1 << 16;
  const auto offset = At<int64_t>(bytes.data(), kTypeDictOffsetOffset);
  uint64_t dict = 0;
  return offset > 0 && offset < kMaxOffset &&
         ReadRemote(memory_, address + static_cast<uint64_t>(offset), &dict) &&
         ReadDict(dict, entries);
}

bool ObjectReader::ReadManaged(uint64_t address, const char* type,
                               std::vector<ObjectEntry>* entries) {
  const auto keys = At<uint64_t>(type, layout_.type_cached_keys);
  uint64_t dict = 0;
  if (!ReadRemote(memory_, address - kManagedDictBefore, &dict)) return false;
  uint64_t values = 0;
  switch (layout_.attributes) {
    case AttributePlace::kDictPointer:
      return false;
    case AttributePlace::kValuesPointer:
      if (!ReadRemote(memory_, address - kManagedValuesBefore, &values)) return false;
      break;
    case AttributePlace::kTaggedPointer:
      if (dict % 2 == 1) values = dict + 1;
      break;
    case AttributePlace::kInline: {
      if (dict != 0) break;
      if ((At<uint64_t>(type, kTypeFlagsOffset) & kTypeInlineValues) == 0) return false;
      const auto size = At<uint64_t>(type, kTypeBasicSizeOffset);
      std::array<uint8_t, 4> head{};  // capacity, size, embedded, valid
      if (size > UINT16_MAX || !ReadRemote(memory_, address + size, &head) || head[3] == 0) {
        return false;
      }
      values = address + size;
      break;
    }
  }
  if (values == 0) return ReadDict(dict, entries);
  return IsObjectAddress(values) && ReadKeys(keys, values + layout_.values_first, entries);
}

// Copies what may be a short str of each key, at most kKeysAtOnce of them.
void ObjectReader::ReadTexts(absl::Span<const ObjectEntry> entries) {
  const size_t wanted = std::min<size_t>(offsets_.ascii_size + kMaxName, kTextBytes);
  texts_.assign(entries.size() * kTextBytes, '\0');
  read_.assign(entries.size(), false);
  int unreadable = 0;
  for (size_t next = 0; next < entries.size() && unreadable <= kMaxUnreadable;) {
    std::array<os::RemoteRange, kKeysAtOnce> ranges;
    std::array<size_t, kKeysAtOnce> whose;
    size_t count = 0;
    for (size_t i = next; i < entries.size(); ++i) {
      if (entries[i].value == 0 || !IsObjectAddress(entries[i].key)) continue;
      whose[count] = i;
      ranges[count++] = {entries[i].key, texts_.data() + i * kTextBytes, wanted};
    }
    if (count == 0) return;
    const size_t whole = memory_.ReadV(absl::MakeConstSpan(ranges.data(), count)) / wanted;
    for (size_t i = 0; i < whole; ++i) read_[whose[i]] = true;
    if (whole == count) return;
    ++unreadable;
    next = whose[whole] + 1;
  }
}

void ObjectReader::Find(absl::Span<const ObjectEntry> entries,
                        absl::Span<const std::string_view> names, absl::Span<ObjectEntry> found) {
  std::fill(found.begin(), found.end(), ObjectEntry{});
  size_t missing = names.size();
  for (size_t start = 0; start < entries.size() && missing > 0; start += kKeysAtOnce) {
    const auto part = entries.subspan(start, kKeysAtOnce);
    ReadTexts(part);
    for (size_t i = 0; i < part.size(); ++i) {
      if (!read_[i]) continue;
      const std::string_view text = ShortText(texts_.data() + i * kTextBytes, offsets_);
      for (size_t j = 0; j < names.size(); ++j) {
        if (text != names[j] || found[j].value != 0) continue;
        found[j] = part[i];
        --missing;
      }
    }
  }
}

ObjectEntry ObjectReader::Find(absl::Span<const ObjectEntry> entries, std::string_view name) {
  ObjectEntry found;
  Find(entries, {&name, 1}, {&found, 1});
  return found;
}

std::optional<uint64_t> ObjectReader::ReadInt(uint64_t address) {
  std::array<char, kLongDigitsOffset + kMaxDigits * sizeof(uint32_t)> bytes{};
  if (!IsObjectAddress(address)) return std::nullopt;
  // A small one may lie at the end of what is mapped.
  const size_t got = memory_.Read(address, bytes.data(), bytes.size());
  if (got < kLongDigitsOffset) return std::nullopt;
  auto digits = At<uint64_t>(bytes.data(), kLongSizeOffset);
  if (layout_.long_tells_tag) {
    if (digits >> kTagShift != 0 && (digits & kTagSign) != 0) return std::nullopt;
    digits >>= kTagShift;
  }
  if (digits > kMaxDigits || got < kLongDigitsOffset + digits * sizeof(uint32_t)) {
    return std::nullopt;
  }
  uint64_t value = 0;
  for (uint64_t i = 0; i < digits; ++i) {
    const auto digit = At<uint32_t>(bytes.data(), kLongDigitsOffset + i * sizeof(uint32_t));
    if (digit >> 30 != 0 || (i == 2 && digit >> 4 != 0)) return std::nullopt;
    value |= uint64_t{digit} << (30 * i);
  }
  return value;
}

uint64_t ObjectReader::ReadType(uint64_t address) {
  uint64_t type = 0;
  const bool read = IsObjectAddress(address) && ReadRemote(memory_, address + kTypeOffset, &type);
  return read ? type : 0;
}

}  // namespace lambent::cpython
