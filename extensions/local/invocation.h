// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace lambent::local {

// The invocation under way, or the last one.
struct Invocation {
  int64_t number = 0;  // 1, 2, 3…
  std::string request_id;
  std::string event;  // JSON text
  std::string trace_id;
  int64_t deadline_unix_ms = 0;
  bool answered = false;  // by the runtime, if only by init/error
  bool printed = false;   // the response was passed on
  std::string response;   // what the caller gets, byte for byte
};

}  // namespace lambent::local
