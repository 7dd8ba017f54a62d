// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/request_ids.h"

#include "absl/strings/str_cat.h"

namespace lambent::local {
namespace {

// No blank, control or non-ASCII character: clients put the id into a request line as it is.
constexpr const char* kOddTail = R"(/../<b>&amp;"'%3Cx%00;$(id)`\{}|~)";

std::string Uuid(std::mt19937_64& random) {
  const uint64_t high = random();
  const uint64_t low = random();
  const auto hex = [](uint64_t value, absl::PadSpec pad) { return absl::Hex(value, pad); };
  return absl::StrCat(hex(high >> 32, absl::kZeroPad8), "-",
                      hex((high >> 16) & 0xffff, absl::kZeroPad4), "-",
                      hex((high & 0x0fff) | 0x4000, absl::kZeroPad4), "-",
                      hex(((low >> 48) & 0x3fff) | 0x8000, absl::kZeroPad4), "-",
                      hex(low & 0xffffffffffff, absl::kZeroPad12));
}

}  // namespace

std::string RequestIds::NextUuid() { return Uuid(random_); }

std::string RequestIds::NextRequestId() {
  std::string id = Uuid(requests_);
  if (odd_) id += kOddTail;
  return id;
}

std::string RequestIds::NextTraceId(int64_t unix_seconds) {
  const uint64_t high = random_();
  const uint64_t low = random_();
  return absl::StrCat("Root=1-", absl::Hex(unix_seconds, absl::kZeroPad8), "-",
                      absl::Hex(high >> 32, absl::kZeroPad8), absl::Hex(low, absl::kZeroPad16),
                      ";Parent=", absl::Hex(random_(), absl::kZeroPad16), ";Sampled=0");
}

int64_t RequestIds::Between(int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random_);
}

}  // namespace lambent::local
