// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collector/query/profile_queries.h"
#include "collector/query/selection.h"

namespace lambent::collector {

// The page at "/": functions, and the invocations of `selection` with links to their flame graphs.
// Self-contained; every name in it is escaped. Pure.
std::string OverviewPage(const std::vector<FunctionRecord>& functions,
                         const std::vector<InvocationSummary>& invocations,
                         const Selection& selection);

// The same look around one message, for errors. Pure.
std::string MessagePage(std::string_view title, std::string_view message);

// Text as HTML text or attribute value. Pure.
std::string EscapeHtml(std::string_view text);

}  // namespace lambent::collector
