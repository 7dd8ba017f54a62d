// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "collector/query/profile.h"

namespace lambent::collector {

// A CPU profile of gperftools with its symbols (gperftools docs/cpuprofile-fileformat.html, and
// docs/pprof_remote_servers.html for the symbol section): the one format google-pprof reads. What
// the newer pprof reads is pprof.h.
//
// Records count samples. Theirs are the profile's own for kSamples; wall and CPU time are given as
// samples of 1000 µs, the period in the header, each stack rounded to whole ones and left out at
// none. Threads and phases have no place in it. Stacks are leaf first; the root is no frame but
// where a stack is nothing else. Words are 64-bit, little-endian, whatever this machine's are.
//
// Names are one line each: "--", which means inlining there, becomes "- -"; the rest is as in
// folded.h. google-pprof takes "<...>" for template arguments and drops it, so Python's names and
// those that begin with "<" have "[...]" instead: "[module]", "f.[locals].g".
//
// REQUIRES: CheckProfile() is OK. Thread-safe.
std::string RenderGperftools(const Profile& profile, Weight weight);

}  // namespace lambent::collector
