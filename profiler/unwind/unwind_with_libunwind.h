// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "profiler/target/module_table.h"
#include "profiler/unwind/unwinder.h"

namespace lambent {

// Unwinds with libunwind over our own accessors: memory is the snapshot's stack and the modules'
// files, rules come from .eh_frame_hdr's sorted table, parsed rules are cached by address (1 µs a
// frame and less when warm). No ptrace, no allocation in the steady state. `modules` must outlive
// it; it notices when they changed. The work done for one snapshot is bounded, whatever the
// snapshot and the files say, and rules that could lead libunwind astray are kept from it
// (rules_for_libunwind.h).
class LibunwindUnwinder : public Unwinder {
 public:
  // From the next unwind on: callers are guessed by frame pointer, where there are no rules, of the
  // `frames` next to the leaf but the last. Without it: wherever there are none.
  virtual void GuessWithin(size_t frames) = 0;
};

std::unique_ptr<LibunwindUnwinder> CreateLibunwindUnwinder(const ModuleTable& modules);

}  // namespace lambent
