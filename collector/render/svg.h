// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "collector/query/diff.h"
#include "collector/query/profile.h"

namespace lambent::collector {

// A static flame graph, root at the bottom, as one SVG file without scripts. Each frame has a
// <title>, which viewers show on hover. Frames too narrow to be seen are left out and counted in
// the footer. All text is escaped.
//
// REQUIRES: CheckProfile() (for a difference CheckDiff()) is OK. Thread-safe.
std::string RenderSvg(const Profile& profile, Weight weight);
std::string RenderDiffSvg(const ProfileDiff& diff);

}  // namespace lambent::collector
