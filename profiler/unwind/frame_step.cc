// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/unwind/frame_step.h"

#include <optional>

#include "profiler/unwind/dwarf_expression.h"
#include "profiler/unwind/machine.h"

namespace lambent {
namespace {

using Kind = RegisterRule::Kind;

StepEnd StepEndOf(ExpressionEnd end) {
  switch (end) {
    case ExpressionEnd::kValue:
      return StepEnd::kStepped;
    case ExpressionEnd::kMalformed:
      return StepEnd::kBadRules;
    case ExpressionEnd::kUnknownRegister:
      return StepEnd::kNoRegister;
    case ExpressionEnd::kUnreadable:
      return StepEnd::kUnreadable;
  }
  return StepEnd::kBadRules;
}

// One step's inputs: the callee's registers and what its rules say.
struct Evaluation {
  const FoundRules& found;
  const FrameRegisters& callee;
  StackMemory& memory;
  uint64_t cfa = 0;

  StepEnd FindCfa() {
    const RegisterRule& rule = found.row.cfa;
    if (rule.kind != Kind::kRegisterOffset) {
      return StepEndOf(
          EvaluateExpression(found.ExpressionOf(rule), callee, memory, std::nullopt, &cfa));
    }
    if (!callee.Knows(rule.reg)) return StepEnd::kNoRegister;
    cfa = callee.values[rule.reg] + static_cast<uint64_t>(int64_t{rule.value});
    return StepEnd::kStepped;
  }

  // The caller's value of a register.
  StepEnd Find(size_t reg, uint64_t* value) const {
    const RegisterRule& rule = found.row.registers[reg];
    const uint64_t near_cfa = cfa + static_cast<uint64_t>(int64_t{rule.value});
    switch (rule.kind) {
      case Kind::kUndefined:
        return StepEnd::kNoRegister;
      case Kind::kUnsaid:
      case Kind::kSame:
        return Copy(reg, value);
      case Kind::kRegister:
        return Copy(rule.reg, value);
      case Kind::kAt:
        return memory.Read(near_cfa, value) ? StepEnd::kStepped : StepEnd::kUnreadable;
      case Kind::kIs:
        *value = near_cfa;
        return StepEnd::kStepped;
      case Kind::kAtExpression:
      case Kind::kIsExpression: {
        const StepEnd end =
            StepEndOf(EvaluateExpression(found.ExpressionOf(rule), callee, memory, cfa, value));
        if (end != StepEnd::kStepped || rule.kind == Kind::kIsExpression) return end;
        return memory.Read(*value, value) ? StepEnd::kStepped : StepEnd::kUnreadable;
      }
      case Kind::kRegisterOffset:
        break;  // of the CFA only
    }
    return StepEnd::kBadFrame;
  }

  StepEnd Copy(size_t reg, uint64_t* value) const {
    if (!callee.Knows(reg)) return StepEnd::kNoRegister;
    *value = callee.values[reg];
    return StepEnd::kStepped;
  }
};

uint64_t Plus(uint64_t address, int64_t offset) { return address + static_cast<uint64_t>(offset); }

}  // namespace

StepEnd StepByRule(const FrameRule& rule, FrameRegisters* registers, StackMemory& memory,
                   uint64_t* pc) {
  if (!registers->Knows(rule.base)) return StepEnd::kNoRegister;
  const uint64_t base = registers->values[rule.base];
  uint64_t cfa = Plus(base, rule.offset);
  if (rule.is_indirect != 0) {
    if (!memory.Read(cfa, &cfa)) return StepEnd::kUnreadable;
    cfa = Plus(cfa, rule.add);
  }
  if (rule.return_in_link == 0) {
    if (!memory.Read(Plus(cfa, rule.return_offset), pc)) return StepEnd::kUnreadable;
  } else {
    if (!registers->Knows(kLinkRegister)) return StepEnd::kNoRegister;
    *pc = registers->values[kLinkRegister];
  }
  uint64_t known = (registers->known & ~kLostInCalls) | rule.saved_mask;
  for (size_t i = 0; i < rule.saved_count; ++i) {
    const FrameRule::Saved saved = rule.saved[i];
    uint64_t value = 0;
    if (!memory.Read(Plus(saved.from_base != 0 ? base : cfa, int64_t{saved.slot} * 8), &value)) {
      known &= ~RegisterBit(saved.reg);
    }
    registers->values[saved.reg] = value;
  }
  registers->known = known | RegisterBit(os::Registers::kSp);
  registers->values[os::Registers::kSp] = cfa;
  return StepEnd::kStepped;
}

StepEnd StepByRow(const FoundRules& found, uint64_t at, FrameRegisters* registers,
                  StackMemory& memory, uint64_t* pc) {
  registers->Set(os::Registers::kPc, at);
  Evaluation evaluation{found, *registers, memory};
  if (const StepEnd end = evaluation.FindCfa(); end != StepEnd::kStepped) return end;
  const RegisterRule& where = found.row.registers[found.return_column];
  if (where.kind == Kind::kUndefined) return StepEnd::kRoot;
  // A pc that stays as it is would call itself.
  const bool unsaid = where.kind == Kind::kUnsaid || where.kind == Kind::kSame;
  if (unsaid && found.return_column == os::Registers::kPc) return StepEnd::kBadFrame;
  if (const StepEnd end = evaluation.Find(found.return_column, pc); end != StepEnd::kStepped) {
    return end;
  }
  FrameRegisters caller;
  for (size_t reg = 0; reg < os::Registers::kCount; ++reg) {
    const bool unsaid_here = found.row.registers[reg].kind == Kind::kUnsaid;
    if (unsaid_here && (kLostInCalls & RegisterBit(reg)) != 0) continue;
    uint64_t value = 0;
    if (evaluation.Find(reg, &value) == StepEnd::kStepped) caller.Set(reg, value);
  }
  if (found.row.registers[os::Registers::kSp].kind == Kind::kUnsaid) {
    caller.Set(os::Registers::kSp, evaluation.cfa);
  }
  if (!caller.Knows(os::Registers::kSp)) return StepEnd::kUnreadable;
  *registers = caller;
  return StepEnd::kStepped;
}

StepEnd StepByFramePointer(bool is_leaf, FrameRegisters* registers, StackMemory& memory,
                           uint64_t* pc) {
  if (!registers->Knows(os::Registers::kFp)) return StepEnd::kNoRegister;
  const uint64_t frame = registers->values[os::Registers::kFp];
  if (frame == 0) return is_leaf ? StepEnd::kBadFrame : StepEnd::kRoot;
  if (frame % 8 != 0 || frame > UINT64_MAX - 16 || frame + kFramePointerBelow < registers->sp()) {
    return StepEnd::kBadFrame;
  }
  uint64_t callers = 0;
  if (!memory.Read(frame, &callers) || !memory.Read(frame + 8, pc)) return StepEnd::kUnreadable;
  registers->known = 0;
  registers->Set(os::Registers::kFp, callers);
  registers->Set(os::Registers::kSp, frame + 16);
  return StepEnd::kStepped;
}

}  // namespace lambent
