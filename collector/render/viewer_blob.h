// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "collector/query/diff.h"
#include "collector/query/profile.h"

namespace lambent::collector {

// The profile as viewer/read.js reads it, before compression. Every number is a base-128 varint;
// signed never occurs.
//
// - header: length, then JSON {title, weight, threads, drops: [[reason, samples]…], cost, rate,
//   rungs: [name…], diff}
// - strings: count, byte length of all, UTF-16 length of each, then all their UTF-8 in one piece
//   (one TextDecoder call instead of one a string)
// - frames: count, then columns kind, name, file, line, module (string indices), address in two
//   halves of 32 bits (low, high), and 1 where it was inlined into its caller
// - nodes: count, then columns frame, and how many levels up from the previous node's child level
//   (0: a child of the previous node)
// - rows: count, then columns leaf (difference to the row before, by which they are sorted),
//   thread, phase, rung (index into rungs) and 8 where native frames are missing, wall µs, cpu µs,
//   samples
// - base rows: the same, for a difference's base; rows are then compare's
//
// Pre-order makes parents and subtree ends follow from the levels. Thread-safe.
std::string ViewerBlob(const Profile& profile, Weight weight);
std::string ViewerBlob(const ProfileDiff& diff);

}  // namespace lambent::collector
