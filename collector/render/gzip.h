// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace lambent::collector {

// `bytes` as one gzip member (RFC 1952) without name or time, so equal input gives equal output.
// Thread-safe.
std::string Gzip(std::string_view bytes);

}  // namespace lambent::collector
