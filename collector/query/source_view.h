// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "collector/symbolize/symbolizer.h"

namespace lambent::collector {

// What debugging information adds to a profile's native frames, those whose code's own addresses
// were recorded. A value.
struct SourceView {
  Symbolizer* symbolizer = nullptr;  // null: nothing; else it must outlive what is made with it
  bool inlined = true;               // functions that were inlined are frames of their own
  bool lines = true;                 // frames are told apart by the line they execute
};

}  // namespace lambent::collector
