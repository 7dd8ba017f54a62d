// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace lambent::collector {

// Decompresses one or more zstd frames (RFC 8878) of untrusted bytes that must come to exactly
// `expected_bytes`. Stops as soon as one byte more would be written, makes room only as the content
// comes, whatever is expected, and allows windows of at most 16 MiB, so memory stays within twice
// what comes and that. INVALID_ARGUMENT otherwise. Pure.
absl::StatusOr<std::string> DecompressExactly(std::string_view compressed, size_t expected_bytes);

// Compresses at `level`. Pure.
std::string Compress(std::string_view bytes, int level);

}  // namespace lambent::collector
