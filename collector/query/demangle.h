// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace lambent::collector {

// A symbol as its source has it: the mangling of C++ (Itanium C++ ABI, section 5.1) and of Rust
// (legacy, whose hash is removed, and v0, RFC 2603) undone. What a compiler made of a function, as
// .constprop.0 or .cold, stays: "f(int) [clone .cold]". Names that are not mangled, too long, or
// whose text would grow beyond bounds are returned as they are. Thread-safe.
std::string Demangled(std::string_view symbol);

}  // namespace lambent::collector
