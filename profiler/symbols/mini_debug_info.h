// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

#include "profiler/os/file_bytes.h"
#include "profiler/symbols/elf_sections.h"

namespace lambent {

// Largest ELF file taken out of a .gnu_debugdata section. That of a libc is 0.4 MiB, of the largest
// libraries of a distribution some 10.
inline constexpr size_t kMaxMiniDebugInfoBytes = 16 << 20;
// Most memory the decoder may take, nearly all of it for the stream's window: enough for what
// `xz -7` writes, and more than what distributions use (-6).
inline constexpr uint64_t kMaxXzDecoderBytes = 20 << 20;

// What may still be read and decompressed of the mini debug info of several files together.
// Thread-compatible.
struct MiniDebugInfoBudget {
  size_t left_bytes = kMaxMiniDebugInfoBytes;
};

// Mini debug info: Fedora, Amazon Linux and others strip the .symtab of their programs and leave
// the names of functions that .dynsym lacks as an xz-compressed ELF file in the section
// .gnu_debugdata (GDB manual, "MiniDebugInfo"). Returns that ELF file's bytes.
//
// The file is untrusted. Memory stays within the bounds above and the output grows as content
// comes, so that a claim alone costs nothing; a stream beyond a bound is refused whole, and so is
// one that goes on without content. 1 MiB takes some 10 ms: off the capture path. What is
// decompressed, or read where that is more, is taken off `budget`, whatever comes of it, so that it
// bounds time as well.
//
// Errors: NotFound without such a section, ResourceExhausted beyond a bound, else InvalidArgument.
absl::StatusOr<std::string> ReadMiniDebugInfo(const os::FileBytes& file,
                                              const ElfSections& sections,
                                              MiniDebugInfoBudget& budget);

}  // namespace lambent
