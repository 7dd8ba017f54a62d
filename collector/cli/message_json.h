// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace google::protobuf {
class Message;
}

namespace lambent::cli {

// A message as JSON for --json: the proto's field names, every field present, enums as lower-case
// words ("timeout", not INVOCATION_STATUS_TIMEOUT) and 64-bit numbers as numbers (protobuf's own
// JSON makes strings of them, which no script wants). Ends with a newline. Pure.
std::string MessageJson(const google::protobuf::Message& message);

}  // namespace lambent::cli
