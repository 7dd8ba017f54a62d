// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "absl/types/span.h"

#include "profiler/unwind/frame_registers.h"
#include "profiler/unwind/stack_memory.h"

namespace lambent {

// Why an expression has no value.
enum class ExpressionEnd : uint8_t {
  kValue,
  kMalformed,        // or too long, or an operation of debuggers only
  kUnknownRegister,  // it needs a register that is not known
  kUnreadable,       // it needs memory that cannot be read
};

// Evaluates a DWARF expression as call frame information has them: a stack machine over addresses,
// DWARF 5 sections 2.5.1 and 6.4.2. `cfa`, when given, lies on the stack at first. Untrusted: at
// most kMaxExpressionSteps operations.
inline constexpr int kMaxExpressionSteps = 256;
ExpressionEnd EvaluateExpression(absl::Span<const uint8_t> expression,
                                 const FrameRegisters& registers, StackMemory& memory,
                                 std::optional<uint64_t> cfa, uint64_t* value);

}  // namespace lambent
