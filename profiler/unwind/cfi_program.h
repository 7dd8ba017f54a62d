// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "profiler/unwind/cfi_entry.h"
#include "profiler/unwind/cfi_row.h"

namespace lambent {

// Runs a CIE's instructions into cie->initial. False: malformed.
bool RunCieInstructions(Cie* cie);

// Runs an FDE's instructions up to the row that holds at `at`, an address in the file that lies in
// the function. False: malformed. Time is linear in the instructions' size. Pure functions of
// untrusted bytes. DWARF 5 section 6.4.2; GNU extensions: LSB core and binutils' dwarf2.h.
bool RunFdeInstructions(const Cie& cie, const Fde& fde, uint64_t at, CfiRow* row);

}  // namespace lambent
