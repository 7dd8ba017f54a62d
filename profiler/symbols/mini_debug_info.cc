// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "profiler/symbols/mini_debug_info.h"

#include <lzma.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/status/status.h"

namespace lambent {
namespace {

// Bytes of the section read at once, and room made at first.
constexpr size_t kInputBytes = 16 * 1024;
constexpr size_t kFirstBytes = 256 * 1024;
// What a stream may be ahead of its content: its own header, those of its blocks and its index.
// xz stores what it cannot make smaller, so that a stream with content stays far below.
constexpr uint64_t kMaxAheadBytes = 64 * 1024;

// The decoder of one .xz stream (https://tukaani.org/xz/xz-file-format.txt).
class XzDecoder {
 public:
  XzDecoder() { ready_ = lzma_stream_decoder(&stream_, kMaxXzDecoderBytes, 0) == LZMA_OK; }
  ~XzDecoder() { lzma_end(&stream_); }
  XzDecoder(const XzDecoder&) = delete;
  XzDecoder& operator=(const XzDecoder&) = delete;

  bool ready() const { return ready_; }
  lzma_stream& stream() { return stream_; }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ready_ = false;
};

absl::Status TooLarge() {
  return absl::ResourceExhaustedError("decompress .gnu_debugdata: too large");
}

absl::Status Refused(lzma_ret result) {
  if (result == LZMA_MEMLIMIT_ERROR || result == LZMA_MEM_ERROR) {
    return absl::ResourceExhaustedError("decompress .gnu_debugdata: needs too much memory");
  }
  return absl::InvalidArgumentError("decompress .gnu_debugdata: not a whole xz stream");
}

// The stream in `section`, if it and its content are within `max_bytes`. *done_bytes: how much was
// decompressed or read, whichever is more, also of what is refused.
absl::StatusOr<std::string> Decompress(const os::FileBytes& file,
                                       const ElfSections::Content& section, size_t max_bytes,
                                       size_t* done_bytes) {
  if (section.size > max_bytes) return TooLarge();
  XzDecoder decoder;
  if (!decoder.ready()) return Refused(LZMA_MEM_ERROR);
  lzma_stream& stream = decoder.stream();
  std::array<uint8_t, kInputBytes> input;
  std::string output(std::min(kFirstBytes, max_bytes + 1), '\0');
  uint64_t read = 0;
  lzma_ret result = LZMA_OK;
  while (result == LZMA_OK) {
    if (stream.avail_in == 0 && read < section.size) {
      const size_t asked = std::min<uint64_t>(input.size(), section.size - read);
      stream.avail_in = file.ReadAt(section.offset + read, input.data(), asked);
      stream.next_in = input.data();
      if (stream.avail_in == 0) break;  // the file shrank
      read += stream.avail_in;
    }
    if (stream.total_out == output.size()) {
      if (output.size() > max_bytes) break;
      // One byte more than allowed tells what is too large from what is just not.
      output.resize(std::min(2 * output.size(), max_bytes + 1));
    }
    stream.next_out = reinterpret_cast<uint8_t*>(output.data()) + stream.total_out;
    stream.avail_out = output.size() - stream.total_out;
    // Without input left, LZMA_BUF_ERROR at the latest the second time.
    result = lzma_code(&stream, read == section.size ? LZMA_FINISH : LZMA_RUN);
    // Blocks without content take time, too: a MiB of them as much as a MiB of content.
    if (stream.total_in > stream.total_out + kMaxAheadBytes) break;
  }
  *done_bytes = std::max(stream.total_in, stream.total_out);
  if (stream.total_out > max_bytes || stream.total_in > stream.total_out + kMaxAheadBytes) {
    return TooLarge();
  }
  if (result != LZMA_STREAM_END) return Refused(result);
  output.resize(stream.total_out);
  output.shrink_to_fit();
  return output;
}

}  // namespace

absl::StatusOr<std::string> ReadMiniDebugInfo(const os::FileBytes& file,
                                              const ElfSections& sections,
                                              MiniDebugInfoBudget& budget) {
  const std::optional<ElfSections::Content> section = sections.Find(".gnu_debugdata");
  if (!section.has_value()) return absl::NotFoundError("read .gnu_debugdata: there is none");
  size_t done_bytes = 0;
  absl::StatusOr<std::string> bytes =
      Decompress(file, *section, std::min(kMaxMiniDebugInfoBytes, budget.left_bytes), &done_bytes);
  budget.left_bytes -= std::min(done_bytes, budget.left_bytes);
  return bytes;
}

}  // namespace lambent
