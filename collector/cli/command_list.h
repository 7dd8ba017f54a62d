// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "collector/cli/command.h"

namespace lambent::cli {

// Each subcommand, defined in the .cc named after it.
Command RecordCommand();
Command LocalCommand();
Command FunctionsCommand();
Command InvocationsCommand();
Command FlamegraphCommand();
Command ExportCommand();
Command DiffCommand();
Command MetricsCommand();
Command DoctorCommand();

}  // namespace lambent::cli
