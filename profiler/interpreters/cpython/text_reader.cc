// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/interpreters/cpython/text_reader.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace lambent::cpython {
namespace {

// One read gets most names whole.
constexpr size_t kFirstRead = 320;

template <typename T>
T ValueAt(const char* bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes + offset, sizeof(value));
  return value;
}

void AppendUtf8(uint32_t c, std::string* text) {
  if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) c = 0xfffd;
  const auto put = [text](uint32_t byte) { text->push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

}  // namespace

bool ReadText(os::RemoteMemory& memory, const Offsets& offsets, uint64_t address, std::string* text,
              size_t max_characters) {
  std::array<char, 128 + 4 * kMaxTextCharacters> bytes;
  size_t got = memory.Read(address, bytes.data(), kFirstRead);
  if (got < kTextStateOffset + sizeof(uint32_t)) return false;
  const uint32_t state = ValueAt<uint32_t>(bytes.data(), kTextStateOffset);
  const uint32_t width = state >> kTextKindShift & kTextKindMask;
  if ((state & kTextCompact) == 0 || (width != 1 && width != 2 && width != 4)) return false;
  const bool ascii = (state & kTextAscii) != 0;
  if (ascii && width != 1) return false;
  const size_t start = ascii ? offsets.ascii_size : offsets.compact_size;
  const uint64_t length = ValueAt<uint64_t>(bytes.data(), kTextLengthOffset);
  const size_t count = static_cast<size_t>(
      std::min({length, uint64_t{max_characters}, uint64_t{kMaxTextCharacters}}));
  const size_t wanted = start + count * width;
  if (wanted > got) {
    got += memory.Read(address + got, bytes.data() + got, wanted - got);
    if (got < wanted) return false;
  }
  text->clear();
  if (ascii) {
    text->assign(bytes.data() + start, count);
    return true;
  }
  for (size_t i = 0; i < count; ++i) {
    const size_t at = start + i * width;
    switch (width) {
      case 1:
        AppendUtf8(ValueAt<uint8_t>(bytes.data(), at), text);
        break;
      case 2:
        AppendUtf8(ValueAt<uint16_t>(bytes.data(), at), text);
        break;
      default:
        AppendUtf8(ValueAt<uint32_t>(bytes.data(), at), text);
    }
  }
  return true;
}

}  // namespace lambent::cpython
