// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lambent::collector {

// Frame names come from other people's processes. Everything a renderer writes outside of a length-
// prefixed field goes through one of these. All are total: any bytes in, valid output out.
// Thread-safe.

// Well-formed UTF-8: each byte that is not part of a well-formed sequence becomes U+FFFD.
std::string ValidUtf8(std::string_view text);

// Appends a JSON string with its quotes. "<", ">" and "&" are written as \u escapes too, so the
// JSON may stand inside a <script> element.
void AppendJsonString(std::string_view text, std::string* out);

// Appends text for XML content or a quoted attribute. Characters XML 1.0 cannot carry (controls,
// U+FFFE, U+FFFF) become U+FFFD; so do the marks that reorder text (U+202A-202E, U+2066-2069).
void AppendXmlText(std::string_view text, std::string* out);

// Appends one frame of a folded stack: see folded.h.
void AppendFoldedName(std::string_view name, std::string* out);

// At most `limit` code points of well-formed UTF-8, "…" being the last when something was cut.
std::string Shorten(std::string_view utf8, size_t limit);

}  // namespace lambent::collector
