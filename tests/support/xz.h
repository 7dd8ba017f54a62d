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

// The beginning of an .xz stream whose blocks are all empty, of at least `bytes`; its end is
// missing. Empty when it cannot be made.
inline std::string XzEmptyBlocks(size_t bytes) {
  lzma_options_lzma options;
  lzma_lzma_preset(&options, 0);
  lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  lzma_stream_flags flags = {};
  flags.check = LZMA_CHECK_NONE;
  std::string xz(LZMA_STREAM_HEADER_SIZE, '\0');
  if (lzma_stream_header_encode(&flags, reinterpret_cast<uint8_t*>(xz.data())) != LZMA_OK) {
    return "";
  }
  lzma_block block = {};
  block.check = LZMA_CHECK_NONE;
  block.filters = filters;
  block.compressed_size = block.uncompressed_size = LZMA_VLI_UNKNOWN;
  if (lzma_block_header_size(&block) != LZMA_OK) return "";
  // The header, LZMA2's end marker, padding.
  std::string empty(block.header_size + 4, '\0');
  if (lzma_block_header_encode(&block, reinterpret_cast<uint8_t*>(empty.data())) != LZMA_OK) {
    return "";
  }
  while (xz.size() < bytes) xz += empty;
  return xz;
}

}  // namespace lambent::support
