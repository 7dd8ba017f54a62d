// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"

#include "collector/store/database.h"
#include "profiler/base/drop_reason.h"

namespace lambent::collector {

// Adds the rows (reason, samples) that a statement still gives to `drops`. Reasons of a newer build
// are passed over. Fails as the statement does.
absl::Status AddDropRows(Statement& rows, DropCounts& drops);

}  // namespace lambent::collector
