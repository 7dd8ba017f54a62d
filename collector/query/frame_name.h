// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "collector/query/profile.h"
#include "collector/store/records.h"

namespace lambent::collector {

// `bytes` as valid UTF-8 without control characters: bytes that are neither are written \xHH. Pure.
std::string SafeText(std::string_view bytes);

// The frame as people see it: its name demangled and safe, never empty. Unnamed native frames are
// [module+0x…], by the start of their function where unwind rules told it, the rest [unknown], and
// the frame at which a walk ended early is [truncated]. What a thread waited for is in brackets
// too: [epoll_wait], [run-queue wait]. Pure.
Profile::Frame ShownFrame(const FrameRecord& frame);

}  // namespace lambent::collector
