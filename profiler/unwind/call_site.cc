// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// With machine.h and trampoline.cc, all the unwinder knows of a machine.
#include "profiler/unwind/call_site.h"

#include <initializer_list>

namespace lambent {
namespace {

[[maybe_unused]] uint8_t ByteBefore(uint64_t word, unsigned distance) {
  return static_cast<uint8_t>(word >> (8 * (kCallBytes - distance)));
}

}  // namespace

#if defined(__x86_64__)

bool EndsInCall(uint64_t word) {
  if (ByteBefore(word, 5) == 0xe8) return true;
  // FF /2 with its addressing forms: 2 bytes for a register or [register], 3 with a displacement of
  // 8 bits or an index, 4 with both, 6 and 7 with 32 bits.
  for (const unsigned distance : {2u, 3u, 4u, 6u, 7u}) {
    if (ByteBefore(word, distance) != 0xff) continue;
    const uint8_t mod_rm = ByteBefore(word, distance - 1);
    if ((mod_rm >> 3 & 7) != 2) continue;
    const unsigned mod = mod_rm >> 6;
    const bool index = mod != 3 && (mod_rm & 7) == 4;
    unsigned length = 2 + (index ? 1 : 0);
    if (mod == 1) length += 1;
    if (mod == 2 || (mod == 0 && (mod_rm & 7) == 5)) length += 4;
    if (mod == 0 && index && (ByteBefore(word, distance - 2) & 7) == 5) length += 4;
    if (length == distance) return true;
  }
  return false;
}

#elif defined(__aarch64__)

bool EndsInCall(uint64_t word) {
  const auto instruction = static_cast<uint32_t>(word >> 32);
  const bool bl = (instruction & 0xfc000000) == 0x94000000;
  const bool blr = (instruction & 0xfefff000) == 0xd63f0000;
  return bl || blr;
}

#endif

}  // namespace lambent
