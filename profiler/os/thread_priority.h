// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace lambent::os {

// Gives the calling thread the lowest priority there is, for good: it runs when no other thread
// wants its CPU, and little more. So does who waits for a lock that it holds: keep those few and
// short. SCHED_IDLE (sched(7)), else nice 19. Best effort: false when both are refused, and nothing
// has changed.
bool LowerThreadPriority();

}  // namespace lambent::os
