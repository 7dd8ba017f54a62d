// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace lambent {

// Index of a module in the target's ModuleTable; 0 is "no module".
enum class ModuleId : uint32_t {};

}  // namespace lambent
