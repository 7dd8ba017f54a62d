// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace lambent::os {

// Makes the calling thread give way to the others, for good: nice 10, a tenth of a CPU that is
// wanted by one other thread. Not less: whoever waits for a lock it holds, malloc's too, waits
// until it runs again. Beside one busy thread that took 20 ms at worst with the usual priority, 410
// ms with nice 19, 1.4 s with SCHED_IDLE. Best effort: false when it is refused, and nothing has
// changed.
bool LowerThreadPriority();

}  // namespace lambent::os
