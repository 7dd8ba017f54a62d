// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace lambent::os {

// The name of a system call of this architecture by its number, as ThreadCall::number has it;
// empty: the kernel headers that this was built with have none. The numbers differ from one
// architecture to the next. Thread-safe; the view is a constant.
std::string_view SystemCallName(int64_t number);

}  // namespace lambent::os
