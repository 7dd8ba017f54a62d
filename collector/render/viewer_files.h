// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace lambent::collector {

// The sources of viewer/, put into the program by .cmake/embed.cmake.
extern const char kViewerHtml[];
extern const size_t kViewerHtmlBytes;
extern const char kViewerCss[];
extern const size_t kViewerCssBytes;
extern const char kViewerJs[];
extern const size_t kViewerJsBytes;
extern const char kLoaderJs[];
extern const size_t kLoaderJsBytes;

}  // namespace lambent::collector
