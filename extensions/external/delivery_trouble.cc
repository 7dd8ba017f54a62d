// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/external/delivery_trouble.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "profiler/base/log.h"

namespace lambent {
namespace {

// Of a stranger's words on the other end.
constexpr size_t kMaxReasonBytes = 300;

// What to do about a failure. What the collector itself said shows that it runs.
std::string Advice(bool tls, const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnauthenticated:
      return "Give the function what that collector's --token-file holds";
    case absl::StatusCode::kResourceExhausted:
      return "Make room for that collector's data (its --data-dir)";
    default:
      return absl::StrCat("Check LAMBENT_COLLECTOR and that lambent-collector runs there",
                          tls ? " and speaks TLS (LAMBENT_TLS=off for plain text)" : "");
  }
}

}  // namespace

DeliveryTrouble::DeliveryTrouble(const ChannelSettings& channel)
    : collector_(channel.collector), tls_(channel.tls) {}

std::string DeliveryTrouble::Line(const std::string& collector, bool tls,
                                  const absl::Status& status) {
  std::string reason(status.message());
  reason.resize(std::min(reason.size(), kMaxReasonBytes));
  if (absl::IsInvalidArgument(status)) {
    return absl::StrCat(
        "the collector at ", collector, " refused a batch: ", reason,
        "; its samples are counted as rejected. Are it and the layer of one version?");
  }
  return absl::StrCat("profiles cannot be delivered to ", collector, ": ", reason,
                      "; the function is not affected. ", Advice(tls, status));
}

void DeliveryTrouble::Note(const absl::Status& status, int failures) {
  absl::MutexLock lock(&mutex_);
  last_ = status;
  if (failures >= kLasting || absl::IsInvalidArgument(status)) SayOnce();
}

void DeliveryTrouble::OnEnd(bool delivered) {
  absl::MutexLock lock(&mutex_);
  if (delivered) return;
  // Nothing failed yet: the environment's life was shorter than the patience with the collector.
  if (last_.ok()) last_ = absl::DeadlineExceededError("it did not answer in time");
  SayOnce();
}

void DeliveryTrouble::SayOnce() {
  if (said_) return;
  said_ = true;
  Log(LogLevel::kWarn, Line(collector_, tls_, last_));
}

}  // namespace lambent
