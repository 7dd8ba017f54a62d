// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
//
// What compilers call without being asked, also where there is no library (GCC manual,
// "Standards"): gcc fills a struct of 64 bytes by memset on aarch64. Byte by byte: no such call is
// on the handler's way. Async-signal-safe.
#include <cstddef>

extern "C" {

void* memset(void* into, int value, size_t bytes) {
  auto* const to = static_cast<volatile unsigned char*>(into);
  for (size_t i = 0; i < bytes; ++i) to[i] = static_cast<unsigned char>(value);
  return into;
}

void* memcpy(void* into, const void* from, size_t bytes) {
  auto* const to = static_cast<volatile unsigned char*>(into);
  const auto* const bytes_from = static_cast<const unsigned char*>(from);
  for (size_t i = 0; i < bytes; ++i) to[i] = bytes_from[i];
  return into;
}

}  // extern "C"
