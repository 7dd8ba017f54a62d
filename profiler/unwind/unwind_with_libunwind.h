// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "profiler/target/module_table.h"
#include "profiler/unwind/unwinder.h"

namespace lambent {

// libunwind over our own accessors: memory is the snapshot's stack and the modules' files, rules
// come from .eh_frame_hdr's sorted table, parsed rules are cached by address (1 µs a frame and less
// when warm). No ptrace, no allocation in the steady state. `modules` must outlive it; it notices
// when they changed. The work done for one snapshot is bounded, whatever the snapshot and the files
// say.
std::unique_ptr<Unwinder> CreateLibunwindUnwinder(const ModuleTable& modules);

}  // namespace lambent
