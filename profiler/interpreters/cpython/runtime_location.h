// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "profiler/interpreters/cpython/offsets.h"
#include "profiler/os/remote_memory.h"
#include "profiler/target/module_table.h"

namespace lambent::cpython {

// A range of addresses in the process.
struct AddressRange {
  uint64_t start = 0;
  uint64_t end = 0;
};

// A CPython runtime found in a process.
struct RuntimeLocation {
  int minor = 0;           // of 3.minor
  uint64_t runtime = 0;    // _PyRuntime
  uint64_t code_type = 0;  // PyCode_Type; 0: not exported
  ModuleId module{};       // the executable or libpython
  // The evaluation loop, _PyEval_EvalFrameDefault and its cold part where symbols tell: one native
  // frame in it stands for the Python frames down to one that was called by C code.
  std::vector<AddressRange> eval;
  Offsets offsets;
};

// Finds CPython in the process whose modules these are. Errors:
//   NotFound       it is not a Python process
//   Unavailable    it will be one: the library is not mapped yet, or memory can not be read now
//   Unimplemented  a version or build we do not know; the message says which
absl::StatusOr<RuntimeLocation> LocateRuntime(const ModuleTable& modules, os::RemoteMemory& memory);

// The N of "python3.N" in a path; 0: there is none.
int MinorVersionInPath(std::string_view path);

}  // namespace lambent::cpython
