// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/render/gzip.h"

#include <zlib.h>

#include <cstring>

namespace lambent::collector {

std::string Gzip(std::string_view bytes) {
  z_stream stream;
  std::memset(&stream, 0, sizeof(stream));
  constexpr int kWindowBitsGzip = 15 + 16;  // zlib.h: 16 more asks for a gzip header
  constexpr int kMemoryLevel = 8;
  if (deflateInit2(&stream, 6, Z_DEFLATED, kWindowBitsGzip, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    return std::string();  // out of memory: nothing to be done here
  }
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  // zlib's next_in is not const; it does not write through it.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace lambent::collector
