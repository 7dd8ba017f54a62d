// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace lambent {

// Functions of this program to be interrupted in, each with a difficulty of unwinding, optimised
// and without frame pointers: own_work.inc, compiled in several ways. Each Root returns after a
// millisecond or less. None allocates or takes a lock, and so a signal handler may.
struct OwnWork {
  void (*leaf)();       // OwnLeaf<OwnLeafCaller<OwnLeafRoot: a leaf that pushes nothing
  void (*realigned)();  // OwnRealignedLeaf<OwnRealignedFrame<OwnRealignedRoot
  void (*linkage)();    // OwnStubCaller<OwnStubRoot: calls by way of the linkage table
  void (*recursion)();  // OwnRecursionLeaf<OwnRecursion * kOwnRecursions<OwnRecursionRoot
  void (*fault)();      // OwnFaultWork<OwnFaultHandler<OwnFaultLeaf<OwnFaultCaller<OwnFaultRoot
  void (*tail_call)();  // OwnTail<OwnTailRoot: a function that is jumped to
};
inline constexpr int kOwnRecursions = 300;

extern const OwnWork kPlainOwnWork;
#if defined(__aarch64__)
extern const OwnWork kSignedOwnWork;  // signs its return addresses, marks where calls may land
extern const OwnWork kBareOwnWork;    // without rules, with frame pointers
#endif

}  // namespace lambent
