// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/types/span.h"

namespace lambent::local {

// `lambent local`: runs a function on this machine as Lambda would. `arguments` are what follows
// the word "local". Returns the exit status: 0 every invocation was carried out, 1 one failed and
// --fail-on-error was given, 2 wrong usage, 4 the environment could not start, 130 interrupted.
// Call from the main thread, before other threads are started: it blocks signals for its time.
int RunLocal(absl::Span<const std::string> arguments);

}  // namespace lambent::local
