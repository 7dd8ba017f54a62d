// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <elfutils/libdw.h>

#include <cstddef>
#include <cstdint>

// What libelf and libdw hold of a file beside the file itself. They do not tell; these are
// estimates from what they were asked for, rounded up from what elfutils 0.188 was seen to take for
// programs of 50 and 80 MB.
namespace lambent::collector {

// Of a compilation unit once units were listed.
inline constexpr size_t kListedUnitBytes = 12288;

// Of a unit once it was asked for code: the table of its lines and, where its entries were split
// off into a file of their own, that file.
size_t AskedUnitBytes(Dwarf_Die* unit);

// What compressed sections take once they are not. libdw expands them when it opens the file; until
// then it is what the file claims, at most 2^63.
uint64_t ExpandedBytes(Elf* elf);

}  // namespace lambent::collector
