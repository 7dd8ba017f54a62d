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
  kSystemCall = 4,
  kRunQueue = 5,
  kInterpreterLock = 6,
};

inline constexpr FrameKind kLastFrameKind = FrameKind::kInterpreterLock;

// No code: what the thread waited for, always at the leaf.
constexpr bool IsWaiting(FrameKind kind) { return kind >= FrameKind::kSystemCall; }

}  // namespace lambent
