// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/render/text_escape.h"

#include <cstddef>

#include "absl/strings/str_format.h"

namespace lambent::collector {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr std::string_view kReplacementUtf8 = "\xEF\xBF\xBD";

// One code point and how many bytes it took; malformed bytes are taken one at a time.
struct Decoded {
  char32_t code_point;
  size_t bytes;
  bool valid;
};

// The well-formed sequences of the Unicode Standard, table 3-7.
Decoded DecodeOne(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](size_t i, unsigned low, unsigned high) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const Decoded malformed{kReplacement, 1, false};
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  if (lead >= 0xC2 && lead <= 0xDF) {
    if (!continues(1, 0x80, 0xBF)) return malformed;
    return {(lead & 0x1Fu) << 6 | (byte(1) & 0x3Fu), 2, true};
  }
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;   // else overlong
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;  // else a surrogate
    if (!continues(1, low, high) || !continues(2, 0x80, 0xBF)) return malformed;
    return {(lead & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu), 3, true};
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
    if (!continues(1, low, high) || !continues(2, 0x80, 0xBF) || !continues(3, 0x80, 0xBF)) {
      return malformed;
    }
    return {
        (lead & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3Fu),
        4, true};
  }
  return malformed;
}

// Calls visit(code point, its well-formed UTF-8) from front to back.
template <typename Visit>
void ForEachCodePoint(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const Decoded decoded = DecodeOne(text);
    visit(decoded.code_point, decoded.valid ? text.substr(0, decoded.bytes) : kReplacementUtf8);
    text.remove_prefix(decoded.bytes);
  }
}

bool IsControl(char32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0); }
bool Reorders(char32_t c) { return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069); }

}  // namespace

std::string ValidUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  ForEachCodePoint(text, [&](char32_t, std::string_view utf8) { out.append(utf8); });
  return out;
}

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  ForEachCodePoint(text, [&](char32_t c, std::string_view utf8) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->append(utf8);
    } else if (IsControl(c) || c == '<' || c == '>' || c == '&' || c == 0x2028 || c == 0x2029) {
      absl::StrAppendFormat(out, "\\u%04x", static_cast<uint32_t>(c));
    } else {
      out->append(utf8);
    }
  });
  out->push_back('"');
}

void AppendXmlText(std::string_view text, std::string* out) {
  ForEachCodePoint(text, [&](char32_t c, std::string_view utf8) {
    if (c == '&') {
      out->append("&amp;");
    } else if (c == '<') {
      out->append("&lt;");
    } else if (c == '>') {
      out->append("&gt;");
    } else if (c == '"') {
      out->append("&quot;");
    } else if (c == '\'') {
      out->append("&#39;");
    } else if (IsControl(c) || Reorders(c) || (c & 0xFFFE) == 0xFFFE) {
      out->append(kReplacementUtf8);
    } else {
      out->append(utf8);
    }
  });
}

void AppendFoldedName(std::string_view name, std::string* out) {
  ForEachCodePoint(name, [&](char32_t c, std::string_view utf8) {
    if (c == ';') {
      out->push_back(':');
    } else if (IsControl(c) || c == 0x2028 || c == 0x2029) {
      out->push_back(' ');
    } else {
      out->append(utf8);
    }
  });
}

std::string Shorten(std::string_view utf8, size_t limit) {
  if (utf8.size() <= limit) return std::string(utf8);
  size_t seen = 0;
  size_t cut = 0;  // end of the first limit - 1 code points
  for (size_t i = 0; i < utf8.size(); ++i) {
    if ((static_cast<unsigned char>(utf8[i]) & 0xC0u) == 0x80) continue;
    if (seen + 1 == limit) cut = i;
    if (++seen > limit) return std::string(utf8.substr(0, cut)) + "…";
  }
  return std::string(utf8);
}

}  // namespace lambent::collector
