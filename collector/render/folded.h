// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "collector/query/diff.h"
#include "collector/query/profile.h"

namespace lambent::collector {

// Folded stacks, one line a leaf that has weight of its own: the frames from the root on, joined by
// ";", a space, the weight (µs for wall and CPU, else samples). Readable by flamegraph.pl,
// speedscope, Pyroscope. Lines are in the order of the tree, so equal profiles give equal bytes.
//
// Names are kept as they are but for what would break the format: ";" becomes ":", control
// characters (line breaks and NUL among them) become a space, and bytes that are not UTF-8 become
// U+FFFD. Frames that could not be named keep their name, for instance "[unknown]".
//
// REQUIRES: CheckProfile() (for a difference CheckDiff()) is OK. Thread-safe.
std::string RenderFolded(const Profile& profile, Weight weight);
std::string RenderDiffFolded(const ProfileDiff& diff);

}  // namespace lambent::collector
