// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "profiler/os/thread_control.h"

namespace lambent {

// How one register of the caller is found. DWARF 5 section 6.4.1, "register rules".
struct RegisterRule {
  enum class Kind : uint8_t {
    kUnsaid,          // no instruction names it
    kUndefined,       // lost; of the return address: nobody calls this function
    kSame,            // as it is in the callee
    kAt,              // in memory at CFA + value
    kIs,              // CFA + value
    kRegister,        // in register `reg`
    kAtExpression,    // in memory where an expression says
    kIsExpression,    // what an expression says
    kRegisterOffset,  // of the CFA only: register `reg` + value
  };
  Kind kind = Kind::kUnsaid;
  uint8_t reg = 0;    // an expression's: 1 when it stands in the CIE, else in the FDE
  uint16_t size = 0;  // of an expression, bytes
  int32_t value = 0;  // of an expression: where it begins in the entry's instructions

  friend bool operator==(const RegisterRule&, const RegisterRule&) = default;
};

// One row of the table that call frame information describes: what holds at one instruction. By
// DWARF's register numbers, which are os::Registers's. A value.
struct CfiRow {
  RegisterRule cfa;
  std::array<RegisterRule, os::Registers::kCount> registers;

  friend bool operator==(const CfiRow&, const CfiRow&) = default;
};

}  // namespace lambent
