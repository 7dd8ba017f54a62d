// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/dwarf_expression.h"

#include <array>
#include <cstddef>

#include "profiler/unwind/byte_cursor.h"

namespace lambent {
namespace {

constexpr size_t kMaxDepth = 32;

class Machine {
 public:
  Machine(absl::Span<const uint8_t> expression, const FrameRegisters& registers,
          StackMemory& memory)
      : cursor_(expression), registers_(registers), memory_(memory) {}

  void Push(uint64_t value) {
    if (depth_ == kMaxDepth) return End(ExpressionEnd::kMalformed);
    stack_[depth_++] = value;
  }

  ExpressionEnd Run(uint64_t* value) {
    for (int step = 0; !cursor_.done(); ++step) {
      if (step == kMaxExpressionSteps) return ExpressionEnd::kMalformed;
      Step(cursor_.Read<uint8_t>());
      if (end_ != ExpressionEnd::kValue) return end_;
    }
    if (!cursor_.ok() || depth_ == 0) return ExpressionEnd::kMalformed;
    *value = stack_[depth_ - 1];
    return ExpressionEnd::kValue;
  }

 private:
  void End(ExpressionEnd end) {
    if (end_ == ExpressionEnd::kValue) end_ = end;
  }
  uint64_t Pop() {
    if (depth_ == 0) {
      End(ExpressionEnd::kMalformed);
      return 0;
    }
    return stack_[--depth_];
  }
  // The value `index` below the top.
  uint64_t Peek(size_t index) {
    if (index >= depth_) {
      End(ExpressionEnd::kMalformed);
      return 0;
    }
    return stack_[depth_ - 1 - index];
  }
  template <typename T>
  void PushSigned(T value) {
    Push(static_cast<uint64_t>(int64_t{value}));
  }
  void PushRegister(uint64_t reg, int64_t offset) {
    if (reg >= os::Registers::kCount) return End(ExpressionEnd::kMalformed);
    if (!registers_.Knows(static_cast<size_t>(reg))) return End(ExpressionEnd::kUnknownRegister);
    Push(registers_.values[static_cast<size_t>(reg)] + static_cast<uint64_t>(offset));
  }
  void Load(size_t size) {
    uint64_t word = 0;
    if (!memory_.Read(Pop(), &word)) return End(ExpressionEnd::kUnreadable);
    Push(size == 8 ? word : word & ((uint64_t{1} << 8 * size) - 1));
  }
  void Jump(int16_t distance) {
    const int64_t target = static_cast<int64_t>(cursor_.offset()) + distance;
    cursor_.MoveTo(target < 0 ? SIZE_MAX : static_cast<size_t>(target));
  }

  void Step(uint8_t code) {
    if (code >= 0x30 && code <= 0x4f) return Push(code - 0x30u);  // lit0 … lit31
    if (code >= 0x70 && code <= 0x8f) return PushRegister(code - 0x70u, cursor_.Sleb());  // breg
    switch (code) {
      case 0x03:  // addr
      case 0x0e:  // const8u
      case 0x0f:  // const8s
        return Push(cursor_.Read<uint64_t>());
      case 0x06:  // deref
        return Load(8);
      case 0x08:  // const1u …
        return Push(cursor_.Read<uint8_t>());
      case 0x09:
        return PushSigned(cursor_.Read<int8_t>());
      case 0x0a:
        return Push(cursor_.Read<uint16_t>());
      case 0x0b:
        return PushSigned(cursor_.Read<int16_t>());
      case 0x0c:
        return Push(cursor_.Read<uint32_t>());
      case 0x0d:
        return PushSigned(cursor_.Read<int32_t>());
      case 0x10:  // constu
        return Push(cursor_.Uleb());
      case 0x11:  // consts
        return PushSigned(cursor_.Sleb());
      case 0x12:  // dup
        return Push(Peek(0));
      case 0x13:  // drop
        Pop();
        return;
      case 0x14:  // over
        return Push(Peek(1));
      case 0x15:  // pick
        return Push(Peek(cursor_.Read<uint8_t>()));
      case 0x16:  // swap
        return Rotate(2);
      case 0x17:  // rot
        return Rotate(3);
      case 0x23:  // plus_uconst
        return Push(Pop() + cursor_.Uleb());
      case 0x28: {  // bra
        const auto distance = cursor_.Read<int16_t>();
        if (Pop() != 0) Jump(distance);
        return;
      }
      case 0x2f:  // skip
        return Jump(cursor_.Read<int16_t>());
      case 0x92: {  // bregx
        const uint64_t reg = cursor_.Uleb();
        return PushRegister(reg, cursor_.Sleb());
      }
      case 0x94: {  // deref_size
        const auto size = cursor_.Read<uint8_t>();
        if (size == 0 || size > 8) return End(ExpressionEnd::kMalformed);
        return Load(size);
      }
      case 0x96:  // nop
        return;
      case 0x19:  // abs
      case 0x1f:  // neg
      case 0x20:  // not
        return Push(OfOne(code, Pop()));
      default: {
        const uint64_t right = Pop();
        const uint64_t left = Pop();
        return Push(OfTwo(code, left, right));
      }
    }
  }

  // The top goes below the `count` - 1 values under it.
  void Rotate(size_t count) {
    if (depth_ < count) return End(ExpressionEnd::kMalformed);
    const uint64_t top = stack_[depth_ - 1];
    for (size_t i = depth_ - 1; i > depth_ - count; --i) stack_[i] = stack_[i - 1];
    stack_[depth_ - count] = top;
  }

  static uint64_t OfOne(uint8_t code, uint64_t value) {
    if (code == 0x20) return ~value;
    const bool negate = code == 0x1f || static_cast<int64_t>(value) < 0;
    return negate ? uint64_t{0} - value : value;
  }

  uint64_t OfTwo(uint8_t code, uint64_t left, uint64_t right) {
    const auto signed_left = static_cast<int64_t>(left);
    const auto signed_right = static_cast<int64_t>(right);
    switch (code) {
      case 0x1a:
        return left & right;
      case 0x1b:  // div
        if (right == 0 || (signed_left == INT64_MIN && signed_right == -1)) break;
        return static_cast<uint64_t>(signed_left / signed_right);
      case 0x1c:
        return left - right;
      case 0x1d:  // mod
        if (right == 0) break;
        return left % right;
      case 0x1e:
        return left * right;
      case 0x21:
        return left | right;
      case 0x22:
        return left + right;
      case 0x24:  // shl
        return right < 64 ? left << right : 0;
      case 0x25:  // shr
        return right < 64 ? left >> right : 0;
      case 0x26:  // shra
        return static_cast<uint64_t>(signed_left >> (right < 64 ? right : 63));
      case 0x27:
        return left ^ right;
      case 0x29:
        return signed_left == signed_right;
      case 0x2a:
        return signed_left >= signed_right;
      case 0x2b:
        return signed_left > signed_right;
      case 0x2c:
        return signed_left <= signed_right;
      case 0x2d:
        return signed_left < signed_right;
      case 0x2e:
        return signed_left != signed_right;
      default:
        break;
    }
    End(ExpressionEnd::kMalformed);
    return 0;
  }

  ByteCursor cursor_;
  const FrameRegisters& registers_;
  StackMemory& memory_;
  ExpressionEnd end_ = ExpressionEnd::kValue;
  size_t depth_ = 0;
  std::array<uint64_t, kMaxDepth> stack_;
};

}  // namespace

ExpressionEnd EvaluateExpression(absl::Span<const uint8_t> expression,
                                 const FrameRegisters& registers, StackMemory& memory,
                                 std::optional<uint64_t> cfa, uint64_t* value) {
  Machine machine(expression, registers, memory);
  if (cfa.has_value()) machine.Push(*cfa);
  return machine.Run(value);
}

}  // namespace lambent
