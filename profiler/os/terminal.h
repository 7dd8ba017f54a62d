// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace lambent::os {

// Whether standard output is a terminal: a person is reading. Thread-safe.
bool StandardOutputIsTerminal();
// The same of standard error, where progress and complaints go.
bool StandardErrorIsTerminal();

}  // namespace lambent::os
