// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "collector/query/diff.h"
#include "collector/query/profile.h"

namespace lambent::collector {

// A flame graph as one HTML file that needs no network: viewer/* and the profile, each as a
// compressed blob (viewer_blob.h), that viewer/loader.js unpacks. Frame names never become markup:
// they are only inside the base64 blob.
//
// REQUIRES: CheckProfile() (for a difference CheckDiff()) is OK. Thread-safe.
std::string RenderHtml(const Profile& profile, Weight weight);
std::string RenderDiffHtml(const ProfileDiff& diff);

}  // namespace lambent::collector
