// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/external/delivery_trouble.h"

#include <string>
#include <string_view>

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
    case absl::StatusCode::kInvalidArgument:
      return "Are it and the layer of one version?";
    default:
      return absl::StrCat("Check LAMBENT_COLLECTOR and that lambent-collector runs there",
                          tls ? " and speaks TLS (LAMBENT_TLS=off for plain text)" : "");
  }
}

std::string Shortened(std::string_view reason) {
  return std::string(reason.substr(0, kMaxReasonBytes));
}

}  // namespace

DeliveryTrouble::DeliveryTrouble(const ChannelSettings& channel)
    : collector_(channel.collector), tls_(channel.tls) {}

std::string DeliveryTrouble::Line(const std::string& collector, bool tls,
                                  const absl::Status& status) {
  const absl::string_view message = status.message();
  return absl::StrCat("profiles cannot be delivered to ", collector, ": ",
                      Shortened({message.data(), message.size()}),
                      "; the function is not affected. ", Advice(tls, status));
}

std::string DeliveryTrouble::RefusedLine(const std::string& collector, std::string_view reason) {
  return absl::StrCat(
      "the collector at ", collector, " refused a batch: ", Shortened(reason),
      "; its samples are counted as rejected. Are it and the layer of one version?");
}

void DeliveryTrouble::Note(const absl::Status& status, int failures) {
  absl::MutexLock lock(&mutex_);
  last_ = status;
  if (failures >= kLasting) SayOnce(Line(collector_, tls_, last_));
}

void DeliveryTrouble::NoteRefused(std::string_view reason) {
  absl::MutexLock lock(&mutex_);
  SayOnce(RefusedLine(collector_, reason));
}

void DeliveryTrouble::OnEnd(bool delivered) {
  absl::MutexLock lock(&mutex_);
  if (delivered) return;
  // Nothing failed yet: the environment's life was shorter than the patience with the collector.
  if (last_.ok()) last_ = absl::DeadlineExceededError("it did not answer in time");
  SayOnce(Line(collector_, tls_, last_));
}

void DeliveryTrouble::SayOnce(const std::string& line) {
  if (said_) return;
  said_ = true;
  Log(LogLevel::kWarn, line);
}

}  // namespace lambent
