// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/query/frame_name.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"

#include "collector/query/demangle.h"

namespace lambent::collector {
namespace {

constexpr size_t kMaxShownBytes = 4096;

// Bytes of the UTF-8 sequence at the start of `bytes` (RFC 3629), 0 when there is none.
size_t Utf8Length(std::string_view bytes) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const uint8_t lead = at(0);
  size_t length = 0;
  uint32_t smallest = 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) length = 2, smallest = 0x80;
  if (lead >= 0xe0 && lead <= 0xef) length = 3, smallest = 0x800;
  if (lead >= 0xf0 && lead <= 0xf4) length = 4, smallest = 0x10000;
  if (length == 0 || bytes.size() < length) return 0;
  uint32_t code = lead & (0xffU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (at(i) & 0x3f);
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  // U+0080 to U+009F are control characters too.
  return code < smallest || code > 0x10ffff || surrogate || code < 0xa0 ? 0 : length;
}

std::string_view FileName(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// "asyncio/base_events.py": enough of a source file to tell a module.
std::string_view FileTail(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return path;
  const size_t before = path.rfind('/', slash - 1);
  return before == std::string_view::npos ? path : path.substr(before + 1);
}

// A name such as <module> or <lambda> is everybody's: the file says which. A cold start is made of
// these.
std::string PythonName(const FrameRecord& frame) {
  if (frame.name[0] != '<' || frame.file.empty()) return SafeText(frame.name);
  return absl::StrCat(SafeText(frame.name), " ", SafeText(FileTail(frame.file)));
}

std::string ShownName(const FrameRecord& frame) {
  if (frame.kind == FrameKind::kTruncated) return "[truncated]";
  if (frame.kind == FrameKind::kRunQueue) return "[run-queue wait]";
  if (frame.kind == FrameKind::kInterpreterLock) return "[waiting for the GIL]";
  if (frame.kind == FrameKind::kSystemCall) {
    return absl::StrCat("[", frame.name.empty() ? "blocked" : SafeText(frame.name), "]");
  }
  if (!frame.name.empty()) {
    return frame.kind == FrameKind::kPython ? PythonName(frame) : SafeText(Demangled(frame.name));
  }
  if (!frame.module.empty()) {
    return absl::StrCat("[", SafeText(FileName(frame.module)), "+0x", absl::Hex(frame.address),
                        "]");
  }
  return frame.address == 0 ? "[unknown]"
                            : absl::StrCat("[unknown 0x", absl::Hex(frame.address), "]");
}

}  // namespace

std::string SafeText(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string safe;
  safe.reserve(bytes.size());
  while (!bytes.empty() && safe.size() < kMaxShownBytes) {
    const auto first = static_cast<uint8_t>(bytes[0]);
    const size_t length = first < 0x20 || first == 0x7f ? 0 : Utf8Length(bytes);
    if (length == 0) {
      safe += {'\\', 'x', kDigits[first >> 4], kDigits[first & 15]};
      bytes.remove_prefix(1);
    } else {
      safe += bytes.substr(0, length);
      bytes.remove_prefix(length);
    }
  }
  if (!bytes.empty()) safe += "…";
  return safe;
}

Profile::Frame ShownFrame(const FrameRecord& frame) {
  Profile::Frame shown;
  shown.kind = frame.kind;
  shown.name = ShownName(frame);
  shown.file = SafeText(frame.file);
  shown.line = frame.line;
  shown.current_line = frame.current_line;
  shown.module = SafeText(frame.module);
  shown.address = frame.address;
  return shown;
}

}  // namespace lambent::collector
