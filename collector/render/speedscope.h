// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "collector/query/profile.h"

namespace lambent::collector {

// speedscope JSON (github.com/jlfwong/speedscope, file-format-spec.ts): one "sampled" profile a
// thread, weights in microseconds, or unitless for samples.
//
// REQUIRES: CheckProfile() (for a difference CheckDiff()) is OK. Thread-safe.
std::string RenderSpeedscope(const Profile& profile, Weight weight);

}  // namespace lambent::collector
