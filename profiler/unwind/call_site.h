// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace lambent {

// Most bytes a call instruction takes.
inline constexpr uint64_t kCallBytes = 8;

// Whether the `kCallBytes` bytes before a return address, in `word` as memory has them (the last
// byte before the return address is the highest), end in a call. Tells a return address from other
// values that point into code, where a frame pointer is all there is to go by. A pure function.
//  x86-64: call rel32 (E8), call r/m64 (FF /2), Intel SDM vol. 2, "CALL".
//  aarch64: BL, BLR and its authenticating forms, Arm ARM C6.2.
bool EndsInCall(uint64_t word);

}  // namespace lambent
