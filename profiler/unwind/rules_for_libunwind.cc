// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/rules_for_libunwind.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "profiler/os/thread_control.h"
#include "profiler/unwind/byte_cursor.h"
#include "profiler/unwind/cfi_entry.h"

namespace lambent {
namespace {

constexpr int kMaxRemembered = 64;
constexpr uint8_t kDivide = 0x1b;  // DW_OP_div

// Walks through instructions without running them. DWARF 5 section 6.4.2.
class Walk {
 public:
  Walk(const Cie& cie, absl::Span<const uint8_t> instructions, bool has_cfa)
      : cursor_(instructions), address_encoding_(cie.address_encoding), has_cfa_(has_cfa) {}

  // False: there is one that libunwind must not have, or that nobody knows.
  bool Run() {
    while (!cursor_.done()) {
      const auto code = cursor_.Read<uint8_t>();
      if (code >> 6 == 1 && !has_cfa_) return false;  // advance_loc
      if (code >> 6 == 2) cursor_.Uleb();             // offset
      if (code >> 6 == 0 && !Step(code)) return false;
    }
    return cursor_.ok();
  }

  // Whether each row so far says where the frame is.
  bool has_cfa() const { return has_cfa_; }

 private:
  bool Step(uint8_t code) {
    switch (code) {
      case 0x00:  // nop
        return true;
      case 0x01:  // set_loc
        ReadEncoded(cursor_, address_encoding_, 0);
        return has_cfa_;
      case 0x02:  // advance_loc1, 2, 4
        cursor_.Take(1);
        return has_cfa_;
      case 0x03:
        cursor_.Take(2);
        return has_cfa_;
      case 0x04:
        cursor_.Take(4);
        return has_cfa_;
      case 0x0a:  // remember_state
        return has_cfa_ && ++remembered_ <= kMaxRemembered;
      case 0x0b:  // restore_state
        return --remembered_ >= 0;
      case 0x0c:  // def_cfa, def_cfa_sf
      case 0x12:
        has_cfa_ = true;
        return cursor_.Uleb() < os::Registers::kCount && Skip(1);
      case 0x09:  // register
        cursor_.Uleb();
        return cursor_.Uleb() < os::Registers::kCount;
      case 0x05:  // offset_extended, offset_extended_sf, GNU_negative_offset_extended
      case 0x11:
      case 0x2f:
        return Skip(2);
      case 0x06:  // restore_extended, undefined, same_value
      case 0x07:
      case 0x08:
      case 0x0e:  // def_cfa_offset, def_cfa_offset_sf, GNU_args_size
      case 0x13:
      case 0x2e:
        return Skip(1);
      case 0x0d:  // def_cfa_register
        return cursor_.Uleb() < os::Registers::kCount;
      case 0x0f:  // def_cfa_expression
        has_cfa_ = true;
        return SkipExpression();
      case 0x10:  // expression, val_expression
      case 0x16:
        cursor_.Uleb();
        return SkipExpression();
      default:
        return false;
    }
  }

  // Numbers, of either sign.
  bool Skip(int count) {
    for (int i = 0; i < count; ++i) cursor_.Uleb();
    return true;
  }

  bool SkipExpression() {
    const absl::Span<const uint8_t> bytes = cursor_.Take(cursor_.Uleb());
    return std::find(bytes.begin(), bytes.end(), kDivide) == bytes.end();
  }

  ByteCursor cursor_;
  const uint8_t address_encoding_;
  int remembered_ = 0;
  bool has_cfa_;
};

// What follows the id of an entry; none: it is no such entry, or too large.
std::optional<std::vector<uint8_t>> ReadContent(CodeCache& code, const CodeCache::Loaded& loaded,
                                                uint64_t address, EntryHead* head) {
  std::array<uint8_t, kEntryHeadBytes> first;
  const size_t got = code.Read(loaded, address, first.data(), first.size());
  const std::optional<EntryHead> parsed = ParseEntryHead({first.data(), got}, CfiFormat::kEhFrame);
  if (!parsed.has_value() || parsed->next == 0 || parsed->next > kMaxBytesForLibunwind) {
    return std::nullopt;
  }
  *head = *parsed;
  std::vector<uint8_t> content(static_cast<size_t>(head->next - head->content));
  const size_t read = code.Read(loaded, address + head->content, content.data(), content.size());
  if (read != content.size()) return std::nullopt;
  return content;
}

}  // namespace

bool IsFitForLibunwind(CodeCache& code, const CodeCache::Loaded& loaded, uint64_t fde_address) {
  EntryHead head;
  const auto fde = ReadContent(code, loaded, fde_address, &head);
  if (!fde.has_value() || head.is_cie) return false;
  const uint64_t cie_address = head.CieOf(CfiFormat::kEhFrame, fde_address);
  const auto cie = ReadContent(code, loaded, cie_address, &head);
  return cie.has_value() && head.is_cie && AreRulesFitForLibunwind(*cie, *fde);
}

bool AreRulesFitForLibunwind(absl::Span<const uint8_t> cie, absl::Span<const uint8_t> fde) {
  Cie parsed;
  Fde function;
  if (!ParseCie(cie, CfiFormat::kEhFrame, &parsed) || !ParseFde(fde, 0, parsed, &function)) {
    return false;
  }
  Walk common(parsed, parsed.instructions, /*has_cfa=*/false);
  if (!common.Run()) return false;
  Walk own(parsed, function.instructions, common.has_cfa());
  return own.Run() && own.has_cfa();
}

}  // namespace lambent
