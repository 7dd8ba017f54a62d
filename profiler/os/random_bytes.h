// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/types/span.h"

namespace lambent::os {

// Fills `bytes` from the kernel's random source: getrandom(2), else /dev/urandom. False when
// neither answers. Thread-safe.
bool FillRandom(absl::Span<uint8_t> bytes);

}  // namespace lambent::os
