// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"

#include "collector/store/database.h"

namespace lambent::collector {

// The layout of the database this build reads and writes, kept in PRAGMA user_version.
inline constexpr int kSchemaVersion = 7;

// Makes `database` (at `path`, for messages) one that this build can use: creates the tables in an
// empty file, migrates an older layout step by step in one transaction each, switches to WAL with
// synchronous=FULL.
//
// Before anything is written: FAILED_PRECONDITION for a newer layout or a database of another
// program; DATA_LOSS when the file is damaged (small ones are checked throughout, larger ones at
// their head).
absl::Status PrepareSchema(Database& database, const std::string& path);

}  // namespace lambent::collector
