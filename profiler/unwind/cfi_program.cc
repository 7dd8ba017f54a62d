// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/cfi_program.h"

#include <cstring>
#include <limits>
#include <type_traits>

#include "profiler/unwind/byte_cursor.h"

namespace lambent {
namespace {

using Kind = RegisterRule::Kind;

// Compilers nest one or two.
constexpr size_t kMaxRemembered = 8;
static_assert(std::is_trivially_copyable_v<CfiRow>);
constexpr size_t kMaxProgramBytes = 65535;  // an expression's place fits 16 bits

// One run of instructions.
class Program {
 public:
  Program(const Cie& cie, absl::Span<const uint8_t> instructions, bool in_cie, CfiRow* row)
      : cie_(cie), cursor_(instructions), in_cie_(in_cie), row_(*row) {}

  // Up to the row that holds `target` bytes into the function.
  bool Run(uint64_t target) {
    while (!cursor_.done()) {
      const auto code = cursor_.Read<uint8_t>();
      const auto low = static_cast<uint8_t>(code & 0x3f);
      switch (code >> 6) {
        case 1:  // DW_CFA_advance_loc
          if (!Advance(low, target)) return cursor_.ok();
          break;
        case 2:  // DW_CFA_offset
          Set(low, Kind::kAt, Factored(cursor_.Uleb()));
          break;
        case 3:  // DW_CFA_restore
          Restore(low);
          break;
        default:
          if (!Extended(code, target)) return ended_ && cursor_.ok();
      }
    }
    return cursor_.ok();
  }

 private:
  // Whether the next row still holds for the target.
  bool Advance(uint64_t delta, uint64_t target) {
    const uint64_t bytes = delta * cie_.code_factor;
    if (bytes > target - location_) {
      ended_ = true;
      return false;
    }
    location_ += bytes;
    return true;
  }

  // False: ended_ tells whether by the target's row or by what is not understood.
  bool Extended(uint8_t code, uint64_t target) {
    switch (code) {
      case 0x00:  // nop
        return true;
      case 0x02:  // advance_loc1
        return Advance(cursor_.Read<uint8_t>(), target);
      case 0x03:
        return Advance(cursor_.Read<uint16_t>(), target);
      case 0x04:
        return Advance(cursor_.Read<uint32_t>(), target);
      case 0x05:  // offset_extended
        return SetNext(Kind::kAt, [this] { return Factored(cursor_.Uleb()); });
      case 0x06:  // restore_extended
        Restore(cursor_.Uleb());
        return true;
      case 0x07:  // undefined
        return SetNext(Kind::kUndefined, [] { return 0; });
      case 0x08:  // same_value
        return SetNext(Kind::kSame, [] { return 0; });
      case 0x09: {  // register
        const uint64_t column = cursor_.Uleb();
        const uint64_t source = cursor_.Uleb();
        if (source >= os::Registers::kCount) return column >= os::Registers::kCount;
        Set(column, Kind::kRegister, 0, static_cast<uint8_t>(source));
        return true;
      }
      case 0x0a:  // remember_state
        if (remembered_ == kMaxRemembered) return false;
        std::memcpy(states_ + sizeof(CfiRow) * remembered_++, &row_, sizeof(CfiRow));
        return true;
      case 0x0b:  // restore_state
        if (remembered_ == 0) return false;
        std::memcpy(&row_, states_ + sizeof(CfiRow) * --remembered_, sizeof(CfiRow));
        return true;
      case 0x0c: {  // def_cfa
        const uint64_t reg = cursor_.Uleb();
        return SetCfa(reg, Bounded(cursor_.Uleb()));
      }
      case 0x0d:  // def_cfa_register
        return HasCfaRegister() && SetCfa(cursor_.Uleb(), row_.cfa.value);
      case 0x0e:  // def_cfa_offset
        return HasCfaRegister() && SetCfa(row_.cfa.reg, Bounded(cursor_.Uleb()));
      case 0x0f:  // def_cfa_expression
        row_.cfa = Expression(Kind::kIsExpression);
        return true;
      case 0x10:  // expression
        return SetExpression(Kind::kAtExpression);
      case 0x11:  // offset_extended_sf
        return SetNext(Kind::kAt, [this] { return FactoredSigned(cursor_.Sleb()); });
      case 0x12: {  // def_cfa_sf
        const uint64_t reg = cursor_.Uleb();
        return SetCfa(reg, FactoredSigned(cursor_.Sleb()));
      }
      case 0x13:  // def_cfa_offset_sf
        return HasCfaRegister() && SetCfa(row_.cfa.reg, FactoredSigned(cursor_.Sleb()));
      case 0x14:  // val_offset
        return SetNext(Kind::kIs, [this] { return Factored(cursor_.Uleb()); });
      case 0x15:  // val_offset_sf
        return SetNext(Kind::kIs, [this] { return FactoredSigned(cursor_.Sleb()); });
      case 0x16:  // val_expression
        return SetExpression(Kind::kIsExpression);
      case 0x1d:  // MIPS_advance_loc8
        return Advance(cursor_.Read<uint64_t>(), target);
      case 0x2c:  // AARCH64_negate_ra_state_with_pc
      case 0x2d:  // AARCH64_negate_ra_state: signatures are taken off whether or not it is said
        return true;
      case 0x2e:  // GNU_args_size
        cursor_.Uleb();
        return true;
      case 0x2f:  // GNU_negative_offset_extended
        return SetNext(Kind::kAt, [this] { return -Factored(cursor_.Uleb()); });
      default:  // set_loc (01) too: no compiler for our machines writes it
        return false;
    }
  }

  // Offsets that do not fit cannot be of a stack frame.
  int32_t Fit(int64_t value) {
    if (value < -std::numeric_limits<int32_t>::max() ||
        value > std::numeric_limits<int32_t>::max()) {
      cursor_.Fail();
      return 0;
    }
    return static_cast<int32_t>(value);
  }
  int32_t Bounded(uint64_t value) {
    return Fit(value > INT64_MAX ? INT64_MAX : static_cast<int64_t>(value));
  }
  int32_t FactoredSigned(int64_t value) {
    int64_t product = 0;
    if (__builtin_mul_overflow(value, cie_.data_factor, &product)) product = INT64_MAX;
    return Fit(product);
  }
  int32_t Factored(uint64_t value) {
    return FactoredSigned(value > INT64_MAX ? INT64_MAX : static_cast<int64_t>(value));
  }

  // Columns of vector registers and the like are read over.
  void Set(uint64_t column, Kind kind, int32_t value, uint8_t reg = 0) {
    if (column < row_.registers.size()) row_.registers[column] = {kind, reg, 0, value};
  }
  template <typename Value>
  bool SetNext(Kind kind, Value value) {
    const uint64_t column = cursor_.Uleb();
    Set(column, kind, value());
    return true;
  }
  void Restore(uint64_t column) {
    if (column >= row_.registers.size()) return;
    row_.registers[column] = in_cie_ ? RegisterRule{} : cie_.initial.registers[column];
  }
  bool HasCfaRegister() const { return row_.cfa.kind == Kind::kRegisterOffset; }
  bool SetCfa(uint64_t reg, int32_t offset) {
    if (reg >= os::Registers::kCount) return false;
    row_.cfa = {Kind::kRegisterOffset, static_cast<uint8_t>(reg), 0, offset};
    return true;
  }
  RegisterRule Expression(Kind kind) {
    const uint64_t size = cursor_.Uleb();
    const size_t begin = cursor_.offset();
    cursor_.Take(size);
    if (!cursor_.ok()) return {};
    return {kind, in_cie_ ? uint8_t{1} : uint8_t{0}, static_cast<uint16_t>(size),
            static_cast<int32_t>(begin)};
  }
  bool SetExpression(Kind kind) {
    const uint64_t column = cursor_.Uleb();
    const RegisterRule rule = Expression(kind);
    if (column < row_.registers.size()) row_.registers[column] = rule;
    return true;
  }

  const Cie& cie_;
  ByteCursor cursor_;
  const bool in_cie_;
  CfiRow& row_;
  uint64_t location_ = 0;
  bool ended_ = false;
  size_t remembered_ = 0;
  char states_[kMaxRemembered * sizeof(CfiRow)];  // raw: few programs use any
};

}  // namespace

bool RunCieInstructions(Cie* cie) {
  if (cie->instructions.size() > kMaxProgramBytes) return false;
  cie->initial = CfiRow{};
  return Program(*cie, cie->instructions, /*in_cie=*/true, &cie->initial).Run(UINT64_MAX);
}

bool RunFdeInstructions(const Cie& cie, const Fde& fde, uint64_t at, CfiRow* row) {
  if (fde.instructions.size() > kMaxProgramBytes || at < fde.start) return false;
  *row = cie.initial;
  return Program(cie, fde.instructions, /*in_cie=*/false, row).Run(at - fde.start) &&
         row->cfa.kind != Kind::kUnsaid;
}

}  // namespace lambent
