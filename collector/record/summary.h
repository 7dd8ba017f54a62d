// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "collector/record/recording.h"

namespace lambent::record {

// What came of a recording in a few lines for people: samples, drops by reason, rungs, cost, and
// how the command ended. Without the last newline. Pure.
std::string SummaryText(const Recorded& recorded);

// The same for programs: one JSON object; `file` is where the profile lies. Pure.
std::string SummaryJson(const Recorded& recorded, const std::string& file);

// Why there is not a single sample, and what to do; one line. Pure.
std::string WhyEmpty(const Recorded& recorded);

// Rungs that would have taken the samples dropped as refused, and why they do not work; empty when
// nothing was refused. Pure.
std::string WhyRefused(const Recorded& recorded);

}  // namespace lambent::record
