// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "collector/query/profile.h"

namespace lambent::collector {

// Gzipped perftools.profiles.Profile (github.com/google/pprof/blob/main/proto/profile.proto):
// sample types samples/count, wall/nanoseconds and cpu/nanoseconds, `weight` being the default one;
// labels "thread" and "phase"; one location a frame; title and rate are comments. Readable by
// pprof, Pyroscope, Parca and speedscope; for google-pprof see gperftools.h.
//
// REQUIRES: CheckProfile() (for a difference CheckDiff()) is OK. Thread-safe.
std::string RenderPprof(const Profile& profile, Weight weight);

}  // namespace lambent::collector
