// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/receive/bounded_zstd.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include <zstd.h>

namespace lambent::collector {
namespace {

constexpr int kMaxWindowLog = 24;
// Room made at first: for nearly all that is honest enough. A claim alone must not cost memory.
constexpr size_t kFirstBytes = 64 * 1024;
constexpr size_t kUsualRatio = 16;

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

absl::StatusOr<std::string> DecompressExactly(std::string_view compressed, size_t expected_bytes) {
  const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (context == nullptr) return absl::ResourceExhaustedError("decompress: out of memory");
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  // One byte of room more than expected shows content that is too long.
  const size_t room = expected_bytes + 1;
  std::string result(std::min(room, kFirstBytes + kUsualRatio * compressed.size()), '\0');
  ZSTD_inBuffer in{compressed.data(), compressed.size(), 0};
  ZSTD_outBuffer out{result.data(), result.size(), 0};
  size_t pending = 1;
  while (in.pos < in.size || pending != 0) {
    if (out.pos == out.size && out.size < room) {
      result.resize(std::min(room, 2 * result.size()));
      out.dst = result.data();
      out.size = result.size();
    }
    const size_t in_before = in.pos;
    const size_t out_before = out.pos;
    pending = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(pending) != 0) {
      return absl::InvalidArgumentError(absl::StrCat("decompress: ", ZSTD_getErrorName(pending)));
    }
    if (out.pos > expected_bytes) {
      return absl::InvalidArgumentError(absl::StrCat("decompress: content is longer than the ",
                                                     expected_bytes, " bytes claimed"));
    }
    if (in.pos == in_before && out.pos == out_before && (in.pos < in.size || pending != 0)) {
      return absl::InvalidArgumentError("decompress: content is cut short");
    }
  }
  if (out.pos != expected_bytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "decompress: content has ", out.pos, " bytes where ", expected_bytes, " were claimed"));
  }
  result.resize(expected_bytes);
  return result;
}

std::string Compress(std::string_view bytes, int level) {
  std::string result(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size =
      ZSTD_compress(result.data(), result.size(), bytes.data(), bytes.size(), level);
  result.resize(ZSTD_isError(size) != 0 ? 0 : size);  // only fails when memory is short
  return result;
}

}  // namespace lambent::collector
