// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "collector/query/diff.h"
#include "collector/query/profile.h"

namespace lambent::collector {

// What a profile can be turned into. Values equal lambent.v1.Format.
enum class Format : uint8_t {
  kHtml = 1,        // self-contained interactive flame graph
  kSvg = 2,         // static flame graph
  kFolded = 3,      // "main;work 42" lines; three columns for a difference
  kPprof = 4,       // gzipped profile.proto
  kSpeedscope = 5,  // https://www.speedscope.app/file-format-schema.json
  kJson = 6,        // our own tree (json_tree.h)
  kGperftools = 7,  // CPU profile with symbols, for google-pprof
};

// "html", "svg", "folded", "pprof", "speedscope", "json", "gperftools". Thread-safe.
std::string_view FormatName(Format format);
// The inverse; nothing for any other text. Thread-safe.
std::optional<Format> ParseFormat(std::string_view name);
// Media type for an HTTP answer. Thread-safe.
std::string_view ContentType(Format format);
// What the file's name ends with, without a leading dot: "pb.gz", "speedscope.json". Thread-safe.
std::string_view FileExtension(Format format);

// Draws a profile. `weight` is what widths (or counts) mean; pprof and JSON carry all three and
// only prefer it. Pure: equal arguments give equal bytes. Thread-safe. Errors: INVALID_ARGUMENT
// when the columns of `profile` contradict one another.
absl::StatusOr<std::string> Render(const Profile& profile, Format format, Weight weight);

// Draws a difference, in the weight it was made with. Errors: as above, and UNIMPLEMENTED for
// pprof, speedscope and gperftools, which have no notion of one. Thread-safe.
absl::StatusOr<std::string> RenderDiff(const ProfileDiff& diff, Format format);

}  // namespace lambent::collector
