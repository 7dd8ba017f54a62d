// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "collector/symbolize/debug_file.h"

namespace lambent::collector {

// Where debugging information is looked for. A value.
struct DebugFileSearch {
  // Folders laid out as /usr/lib/debug is: DIR/.build-id/xx/yyyy.debug for a build id xxyyyy.
  std::vector<std::string> debug_directories{"/usr/lib/debug"};
  // What to put before a module's own path to open it; empty: it is never opened. Paths come with
  // profiles, so a collector must not: they are of other machines and from strangers.
  std::vector<std::string> module_roots;
};

// The file with a module's debugging information: the module's own, else the one that its build id
// names in a debug directory, else the one that its .gnu_debuglink names. A file of another build
// id is never taken; where a module has none, the link's checksum decides. A file for which there
// is no room is passed over, with a line in the log. Errors: NOT_FOUND.
absl::StatusOr<std::unique_ptr<DebugFile>> OpenDebugFile(const DebugFileSearch& search,
                                                         const std::string& module_path,
                                                         const std::string& build_id,
                                                         DebugFile::Room room = DebugFile::AnyRoom);

// "DIR/.build-id/ab/cdef.debug"; empty when the build id is too short to have one. Pure.
std::string BuildIdPath(const std::string& directory, const std::string& build_id);

}  // namespace lambent::collector
