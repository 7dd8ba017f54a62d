// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"

#include "collector/store/database.h"
#include "collector/store/records.h"

namespace lambent::collector {

// Names the native frames of `forest` that have no name by their modules' symbol tables, where
// those are there; the frame's address becomes that of the function. Each part of a table that is
// needed is decoded once. Errors: DATA_LOSS when a part is damaged, else the database's.
absl::Status NameBySymbols(Database& database, StackForest& forest);

}  // namespace lambent::collector
