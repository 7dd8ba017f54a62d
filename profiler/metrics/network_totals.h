// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace lambent {

// Bytes over all network interfaces but loopback.
struct NetworkTotals {
  int64_t received_bytes = 0;
  int64_t sent_bytes = 0;
};

// Sums /proc/net/dev, proc(5): two lines of headings, then "name: " and sixteen figures a line, the
// first is bytes received and the ninth bytes sent. False for a text that is not of that form.
// Pure.
bool ParseNetworkTotals(std::string_view text, NetworkTotals* totals);

}  // namespace lambent
