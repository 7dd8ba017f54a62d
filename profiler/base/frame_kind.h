// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace lambent {

// What a frame is. Values equal lambent.v1.FrameKind.
enum class FrameKind : uint8_t {
  kUnknown = 0,
  kNative = 1,
  kPython = 2,
  kTruncated = 3,
};

}  // namespace lambent
