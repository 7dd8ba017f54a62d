// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/frame_rule.h"

#include <limits>

#include "profiler/unwind/byte_cursor.h"
#include "profiler/unwind/machine.h"

namespace lambent {
namespace {

using Kind = RegisterRule::Kind;

constexpr uint8_t kBreg0 = 0x70;  // DW_OP_breg0 … breg31
constexpr uint8_t kDeref = 0x06;
constexpr uint8_t kPlusConstant = 0x23;

bool FitsInt32(int64_t value) {
  return value >= std::numeric_limits<int32_t>::min() &&
         value <= std::numeric_limits<int32_t>::max();
}

// Reads "register + offset" off the front of an expression.
bool ReadBase(ByteCursor& cursor, uint8_t* base, int32_t* offset) {
  const auto code = cursor.Read<uint8_t>();
  const int64_t value = cursor.Sleb();
  if (!cursor.ok() || code < kBreg0 || code - kBreg0 >= 32 || !FitsInt32(value)) return false;
  *base = static_cast<uint8_t>(code - kBreg0);
  *offset = static_cast<int32_t>(value);
  return *base < os::Registers::kCount;
}

// CFA = reg + N, or *(reg + N) + M: realigned stacks, signal frames.
bool TakeCfa(const FoundRules& found, FrameRule* rule) {
  const RegisterRule& cfa = found.row.cfa;
  if (cfa.kind == Kind::kRegisterOffset) {
    rule->base = cfa.reg;
    rule->offset = cfa.value;
    return true;
  }
  ByteCursor cursor(found.ExpressionOf(cfa));
  if (!ReadBase(cursor, &rule->base, &rule->offset) || cursor.Read<uint8_t>() != kDeref) {
    return false;
  }
  rule->is_indirect = 1;
  if (!cursor.done()) {
    if (cursor.Read<uint8_t>() != kPlusConstant) return false;
    const uint64_t add = cursor.Uleb();
    if (add > INT32_MAX) return false;
    rule->add = static_cast<int32_t>(add);
  }
  return cursor.ok() && cursor.done();
}

bool TakeReturn(const FoundRules& found, FrameRule* rule) {
  const RegisterRule& where = found.row.registers[found.return_column];
  rule->return_in_link = 0;
  if (where.kind == Kind::kAt) {
    rule->return_offset = where.value;
    return true;
  }
  if (kReturnOnStack || (where.kind != Kind::kUnsaid && where.kind != Kind::kSame)) return false;
  rule->return_in_link = 1;
  return true;
}

bool TakeSaved(const FoundRules& found, size_t reg, FrameRule* rule) {
  const RegisterRule& where = found.row.registers[reg];
  int32_t offset = where.value;
  uint8_t from_base = 0;
  switch (where.kind) {
    case Kind::kUnsaid:
    case Kind::kSame:
      return true;
    case Kind::kUndefined:
      return (kLostInCalls & RegisterBit(reg)) != 0;
    case Kind::kAt:
      break;
    case Kind::kAtExpression: {
      ByteCursor cursor(found.ExpressionOf(where));
      uint8_t base = 0;
      if (!ReadBase(cursor, &base, &offset) || !cursor.done() || base != rule->base) return false;
      from_base = 1;
      break;
    }
    default:
      return false;
  }
  const int32_t slot = offset / 8;
  if (offset % 8 != 0 || slot != static_cast<int16_t>(slot)) return false;
  if (rule->saved_count == FrameRule::kMaxSaved || reg >= 32) return false;
  rule->saved_mask |= static_cast<uint32_t>(RegisterBit(reg));
  rule->saved[rule->saved_count++] = {static_cast<uint8_t>(reg), from_base,
                                      static_cast<int16_t>(slot)};
  return true;
}

bool TakeAll(const FoundRules& found, FrameRule* rule) {
  if (!TakeCfa(found, rule) || !TakeReturn(found, rule)) return false;
  if (found.row.registers[os::Registers::kSp].kind != Kind::kUnsaid) return false;
  for (size_t reg = 0; reg < os::Registers::kCount; ++reg) {
    if (reg == found.return_column || reg == os::Registers::kPc) continue;
    if (!TakeSaved(found, reg, rule)) return false;
  }
  return true;
}

}  // namespace

FrameRule MakeFrameRule(const FoundRules& found) {
  FrameRule rule;
  if (found.row.registers[found.return_column].kind == Kind::kUndefined) {
    rule.kind = FrameRule::Kind::kRoot;
    return rule;
  }
  rule.kind = FrameRule::Kind::kStep;
  // A signal frame restores every register: more than this form holds.
  if (found.signal_frame || !TakeAll(found, &rule)) {
    rule = FrameRule();
    rule.kind = FrameRule::Kind::kEvaluate;
  }
  rule.is_signal = found.signal_frame ? 1 : 0;
  return rule;
}

}  // namespace lambent
