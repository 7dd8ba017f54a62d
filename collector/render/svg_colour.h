// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "collector/query/profile.h"

namespace lambent::collector {

// CSS colour of a frame: warm for interpreted code, cool for native, varied by module or file so
// that neighbours differ; pale green for what a thread waits for; the hatched pattern "url(#x)" for
// unknown and truncated. The viewer's own colours (viewer/colour.js, frameColour) follow the same
// rule. Thread-safe.
std::string FrameColour(const Profile::Frame& frame);

// CSS colour of a change between two shares of 0 to 1: red when compare is the greater, blue when
// it is the smaller, white when equal; full strength when only one side has it. Thread-safe.
std::string DiffColour(double base_share, double compare_share);

}  // namespace lambent::collector
