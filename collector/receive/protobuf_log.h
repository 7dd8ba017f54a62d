// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace lambent::collector {

// libprotobuf writes a line to standard error for each text of a message that is not UTF-8, that
// is, as many as a stranger likes. After QuietProtobuf, the process's first such line is logged and
// the rest is only counted; what protobuf ends the process for is still said. To be called before
// messages are read; again, it does nothing.
void QuietProtobuf();

// Lines of protobuf's since then. Thread-safe.
uint64_t ProtobufLines();

}  // namespace lambent::collector
