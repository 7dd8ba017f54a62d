// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lzma.h>

#include <cstdint>
#include <string>

namespace lambent::support {

// `bytes` as an .xz stream, as `xz -PRESET` writes it. Empty when it cannot be made.
inline std::string Xz(const std::string& bytes, uint32_t preset = 6) {
  std::string xz(lzma_stream_buffer_bound(bytes.size()), '\0');
  size_t size = 0;
  const lzma_ret result = lzma_easy_buffer_encode(
      preset, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const uint8_t*>(bytes.data()),
      bytes.size(), reinterpret_cast<uint8_t*>(xz.data()), &size, xz.size());
  xz.resize(result == LZMA_OK ? size : 0);
  return xz;
}

}  // namespace lambent::support
