// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "profiler/interpreters/cpython/offsets.h"
#include "profiler/os/remote_memory.h"

namespace lambent::cpython {

// Most characters of a name or path that are read; the rest is cut off.
inline constexpr size_t kMaxTextCharacters = 1024;

// Reads the str object at `address` as UTF-8. False for what is no compact string (PEP 393) or can
// not be read. What is not a Unicode scalar value becomes U+FFFD. At most `max_characters` of it,
// itself at most kMaxTextCharacters.
bool ReadText(os::RemoteMemory& memory, const Offsets& offsets, uint64_t address, std::string* text,
              size_t max_characters = kMaxTextCharacters);

}  // namespace lambent::cpython
