// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "collector/receive/cost.h"

namespace lambent::collector {

// How often threads were looked at, against how often they should have been, in ticks a second. A
// profile that was taken at a lower rate than asked for is coarser, and says so. A value.
struct SamplingRate {
  double asked_hz = 0;    // 0: nobody counted (a batch of an older extension)
  double allowed_hz = 0;  // what the overhead budget left of it
  double achieved_hz = 0;
  uint64_t ticks = 0;
};

// The mean over what `cost` sums up. Pure.
SamplingRate RateOf(const Cost& cost);

// Why the rate was lower than asked for, for people: "the overhead budget allowed 46.1 Hz". Empty:
// it was not, by a twentieth and two ticks. Pure.
std::string WhyLower(const SamplingRate& rate);

// "99 Hz"; where it was lower "45.2 of 99 Hz: " and the reason; empty: not known. Pure.
std::string RateText(const SamplingRate& rate);

}  // namespace lambent::collector
