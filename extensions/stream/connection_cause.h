// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace lambent {

// Why a connection failed, in words that say what to look at, from what gRPC and its TLS library
// say of it ("failed to connect to all addresses; last error: …"). What is not known stays as it
// is. Pure.
std::string ConnectionCause(std::string_view message);

}  // namespace lambent
