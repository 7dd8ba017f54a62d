// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/query/sampling_rate.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace lambent::collector {
namespace {

constexpr double kMuchLower = 0.95;
// Jitter alone moves a few ticks by more than a twentieth.
constexpr double kMissedTicks = 2;

bool IsLower(double hz, double than_hz, uint64_t ticks) {
  const double missed = hz > 0 ? static_cast<double>(ticks) * (than_hz / hz - 1) : than_hz;
  return hz < kMuchLower * than_hz && missed >= kMissedTicks;
}

// "99", "45.2".
std::string HzText(double hz) {
  std::string text = absl::StrFormat("%.1f", hz);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

}  // namespace

SamplingRate RateOf(const Cost& cost) {
  if (cost.sampled_us == 0 || cost.asked_microticks == 0) return {};
  const double seconds = static_cast<double>(cost.sampled_us) / 1e6;
  return {.asked_hz = static_cast<double>(cost.asked_microticks) / 1e6 / seconds,
          .allowed_hz = static_cast<double>(cost.allowed_microticks) / 1e6 / seconds,
          .achieved_hz = static_cast<double>(cost.ticks) / seconds,
          .ticks = cost.ticks};
}

std::string WhyLower(const SamplingRate& rate) {
  if (!IsLower(rate.achieved_hz, rate.asked_hz, rate.ticks)) return "";
  std::string why;
  if (IsLower(rate.allowed_hz, rate.asked_hz, rate.ticks)) {
    why = absl::StrCat("the overhead budget allowed ", HzText(rate.allowed_hz), " Hz");
  }
  if (IsLower(rate.achieved_hz, rate.allowed_hz, rate.ticks)) {
    absl::StrAppend(&why, why.empty() ? "" : ", and ", "ticks came late");
  }
  return why.empty() ? "ticks came late" : why;
}

std::string RateText(const SamplingRate& rate) {
  if (rate.asked_hz == 0) return "";
  const std::string why = WhyLower(rate);
  return why.empty()
             ? absl::StrCat(HzText(rate.achieved_hz), " Hz")
             : absl::StrCat(HzText(rate.achieved_hz), " of ", HzText(rate.asked_hz), " Hz: ", why);
}

}  // namespace lambent::collector
