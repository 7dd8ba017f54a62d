// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "collector/query/diff.h"
#include "collector/query/profile.h"

namespace lambent::collector {

// Our own JSON, for programs. Nodes are columns in pre-order as in Profile:
//
//   {"format":"lambent-profile","version":1,"title":…,"weight":"wall",
//    "units":{"wall":"microseconds","cpu":"microseconds","samples":"count"},
//    "threads":[…],"drops":{reason:samples,…},
//    "cost":{"self_cpu_us":…,"stopped_us":…,"target_cpu_us":…},
//    "sampling":{"asked_hz":…,"allowed_hz":…,"achieved_hz":…,"ticks":…,"why_lower":…},
//    "totals":{"wall_us":…,"cpu_us":…,"samples":…,"partial_samples":…},
//    "rungs":{rung:{"samples":…,"wall_us":…},…},
//    "frames":[{"name":…,"kind":…,"file":…,"line":…,"current_line":…,"inlined":true,"module":…,
//               "address":"0x…"},…],
//    "nodes":{"frame":[…],"parent":[…],"total":[…],"self":[…]},
//    "rows":[{"leaf":…,"thread":…,"phase":…,"wall_us":…,"cpu_us":…,"samples":…,
//             "rung":…,"partial":true},…]}
//
// A difference has "format":"lambent-diff", "base" and "compare" titles, and per node base_total,
// base_self, compare_total, compare_self. A frame's "line" is its function's first, "current_line"
// the one it executes, and "inlined" says that its code lies in the frame above it. Empty, zero and
// false fields of a frame are left out, and "sampling" where rates are not known; "why_lower" is
// empty where the rate is what was asked for. A row's "rung" is the name of the one that took its
// samples (profiler/base/rung.h); "rungs" has those that took any. "partial", left out where it is
// false: native frames were to be read and are not in the stack.
//
// REQUIRES: CheckProfile() (for a difference CheckDiff()) is OK. Thread-safe.
std::string RenderJson(const Profile& profile, Weight weight);
std::string RenderDiffJson(const ProfileDiff& diff);

}  // namespace lambent::collector
