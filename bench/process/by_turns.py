# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""What a running extension makes a function slower: within one invocation, beside itself stopped.

The same process, the same memory, the same minute: two processes of one program differ by more than a
profiler costs. A stopped extension (SIGSTOP) takes no sample and no CPU time, as one that is not there."""
import os
import signal
import statistics
import tempfile
import time

import results
from units import UnitLog

SLICE = 1.0     # seconds
SETTLE = 0.15   # after each change: belongs to neither
FOUR = 4 * (SLICE + SETTLE)
LEAST_UNITS = 5
LEAST_FOURS = 20


class ByTurns:
    """Of functions.units, in fours: beside it, stopped, stopped, beside it (BAAB); the next four the other
    way round. So what changes steadily changes for both alike."""

    def __init__(self, fours):
        self.fours = fours
        self.folder = tempfile.TemporaryDirectory(prefix="lambent-bench-")
        self.seconds = fours * FOUR + 10
        self.event = {"file": os.path.join(self.folder.name, "units"), "seconds": self.seconds}
        self.slowed = []  # of each four
        self.seconds_beside = 0

    def take(self, extension):
        """With the function running; the extension runs again afterwards, come what may."""
        end = time.monotonic() + self.seconds - 5  # it may have begun a little before
        log = UnitLog(self.event["file"], lambda: True)
        try:
            for four in range(self.fours):
                if time.monotonic() + FOUR > end:
                    break
                took = {"A": [], "B": []}
                for turn in "ABBA" if four % 2 else "BAAB":
                    os.kill(extension, signal.SIGCONT if turn == "B" else signal.SIGSTOP)
                    time.sleep(SETTLE)
                    units = log.over(SLICE, 1 if results.QUICK else LEAST_UNITS)
                    took[turn].append(statistics.mean(units))
                self.seconds_beside += 2 * SLICE
                self.slowed.append(sum(took["B"]) / sum(took["A"]) - 1)
        finally:
            log.end()
            log.close()
            os.kill(extension, signal.SIGCONT)
        if len(self.slowed) < min(self.fours, LEAST_FOURS):
            raise RuntimeError(f"{len(self.slowed)} of {self.fours} comparisons came: the machine is too busy")
