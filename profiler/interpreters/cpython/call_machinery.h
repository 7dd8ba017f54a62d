// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace lambent::cpython {

// Whether a function of CPython's own, named by its symbol, only carries a call from one Python
// function to another or to C: argument conversion, slots, generators' resumption, import. Among
// Python frames it says nothing that these do not, and another version has another one in its
// place. What does something of its own (time_sleep, list_sort_impl, take_gil) is not. Pure.
bool IsCallMachinery(std::string_view function);

}  // namespace lambent::cpython
