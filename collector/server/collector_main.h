// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace lambent::collector {

// lambent-collector from its command line to its exit status (collector_options.h).
int CollectorMain(int argc, char** argv);

}  // namespace lambent::collector
