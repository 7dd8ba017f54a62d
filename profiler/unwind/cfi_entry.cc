// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/cfi_entry.h"

#include <string_view>

namespace lambent {
namespace {

// DW_EH_PE_*: the low four bits say how a value is stored, the next three what it is relative to.
constexpr uint8_t kFormatMask = 0x0f;
constexpr uint8_t kRelativeMask = 0x70;
constexpr uint8_t kRelativeToPosition = 0x10;  // DW_EH_PE_pcrel
constexpr uint8_t kIndirect = 0x80;
constexpr uint8_t kOmitted = 0xff;
constexpr size_t kMaxAugmentationBytes = 16;

uint64_t ReadFormat(ByteCursor& cursor, uint8_t format) {
  switch (format) {
    case 0x00:  // absptr
    case 0x04:  // udata8
    case 0x0c:  // sdata8
      return cursor.Read<uint64_t>();
    case 0x01:
      return cursor.Uleb();
    case 0x02:
      return cursor.Read<uint16_t>();
    case 0x03:
      return cursor.Read<uint32_t>();
    case 0x09:
      return static_cast<uint64_t>(cursor.Sleb());
    case 0x0a:
      return static_cast<uint64_t>(int64_t{cursor.Read<int16_t>()});
    case 0x0b:
      return static_cast<uint64_t>(int64_t{cursor.Read<int32_t>()});
    default:
      cursor.Fail();
      return 0;
  }
}

// The string that says what else the CIE holds; none when it does not end soon.
std::optional<std::string_view> ReadAugmentation(ByteCursor& cursor) {
  const absl::Span<const uint8_t> rest = cursor.rest();
  size_t length = 0;
  while (length < rest.size() && rest[length] != 0) {
    if (++length > kMaxAugmentationBytes) return std::nullopt;
  }
  cursor.Take(length + 1);
  return std::string_view(reinterpret_cast<const char*>(rest.data()), length);
}

bool ReadAugmentationContent(ByteCursor& cursor, std::string_view letters, Cie* cie) {
  const uint64_t size = cursor.Uleb();
  ByteCursor content(cursor.Take(size));
  for (const char letter : letters) {
    switch (letter) {
      case 'L':  // encoding of the pointer to the language's own table
        content.Read<uint8_t>();
        break;
      case 'P': {  // personality routine
        const auto encoding = content.Read<uint8_t>();
        if (encoding != kOmitted) ReadFormat(content, encoding & kFormatMask);
        break;
      }
      case 'R':
        cie->address_encoding = content.Read<uint8_t>();
        break;
      case 'S':
        cie->signal_frame = true;
        break;
      case 'B':  // aarch64: return addresses are signed with the B key
      case 'G':  // aarch64: memory tagging of the frame
        break;
      default:
        return false;
    }
  }
  return content.ok() && cursor.ok();
}

}  // namespace

uint64_t ReadEncoded(ByteCursor& cursor, uint8_t encoding, uint64_t address) {
  const uint64_t position = address + cursor.offset();
  if ((encoding & kIndirect) != 0) {
    cursor.Fail();
    return 0;
  }
  const uint64_t value = ReadFormat(cursor, encoding & kFormatMask);
  switch (encoding & kRelativeMask) {
    case 0:
      return value;
    case kRelativeToPosition:
      return position + value;
    default:
      cursor.Fail();
      return 0;
  }
}

std::optional<EntryHead> ParseEntryHead(absl::Span<const uint8_t> bytes, CfiFormat format) {
  ByteCursor cursor(bytes);
  EntryHead head;
  uint64_t length = cursor.Read<uint32_t>();
  const bool wide = length == 0xffffffff;  // the 64-bit format, DWARF 5 section 7.4
  if (wide) length = cursor.Read<uint64_t>();
  if (!cursor.ok()) return std::nullopt;
  if (length == 0) return head;
  head.id_at = cursor.offset();
  if (length > UINT64_MAX - head.id_at) return std::nullopt;
  head.next = head.id_at + length;
  // .eh_frame's id has four bytes in either format.
  if (format == CfiFormat::kDebugFrame && wide) {
    head.id = cursor.Read<uint64_t>();
    head.is_cie = head.id == UINT64_MAX;
  } else {
    head.id = cursor.Read<uint32_t>();
    head.is_cie = head.id == (format == CfiFormat::kEhFrame ? 0 : 0xffffffff);
  }
  head.content = cursor.offset();
  if (!cursor.ok() || head.content > head.next) return std::nullopt;
  return head;
}

bool ParseCie(absl::Span<const uint8_t> content, CfiFormat format, Cie* cie) {
  *cie = Cie{};
  ByteCursor cursor(content);
  const auto version = cursor.Read<uint8_t>();
  if (version != 1 && version != 3 && version != 4) return false;
  const std::optional<std::string_view> augmentation = ReadAugmentation(cursor);
  if (!augmentation.has_value()) return false;
  if (version == 4) {
    const auto address_size = cursor.Read<uint8_t>();
    const auto segment_size = cursor.Read<uint8_t>();
    if (address_size != 8 || segment_size != 0) return false;
  }
  cie->code_factor = cursor.Uleb();
  cie->data_factor = cursor.Sleb();
  cie->return_column = version == 1 ? cursor.Read<uint8_t>() : cursor.Uleb();
  if (!augmentation->empty()) {
    if (augmentation->front() != 'z') return false;  // without a size nothing can be skipped
    cie->sized_augmentation = true;
    if (!ReadAugmentationContent(cursor, augmentation->substr(1), cie)) return false;
  }
  if (format == CfiFormat::kDebugFrame && cie->address_encoding != 0) return false;
  cie->instructions = cursor.rest();
  return cursor.ok() && cie->return_column < os::Registers::kCount;
}

bool ParseFde(absl::Span<const uint8_t> content, uint64_t address, const Cie& cie, Fde* fde) {
  ByteCursor cursor(content);
  fde->start = ReadEncoded(cursor, cie.address_encoding, address);
  fde->size = ReadFormat(cursor, cie.address_encoding & kFormatMask);
  if (cie.sized_augmentation) cursor.Take(cursor.Uleb());
  fde->instructions = cursor.rest();
  return cursor.ok();
}

}  // namespace lambent
