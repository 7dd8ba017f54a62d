# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""Programs that log units of equal work, and what a log tells: how much slower something beside it made it."""
import itertools
import math
import os
import struct
import time

UNITS = 1 << 16


class UnitLog:
    """The ring a program writes: when each unit ended and the CPU time it took (engine/spin.cc, spin.py,
    functions.py). Before it their number, and what is not 0 once the program is to end."""

    def __init__(self, path, is_alive, seconds=20):
        deadline = time.monotonic() + seconds
        while not os.path.exists(path) or os.path.getsize(path) < 16 + 16 * UNITS:
            if time.monotonic() > deadline or not is_alive():
                raise RuntimeError("the program that is to be slowed down did not start")
            time.sleep(0.02)
        self.file = open(path, "r+b", buffering=0)

    def units(self, begin_ns, end_ns):
        """CPU time of each unit that lies within, ns."""
        self.file.seek(0)
        content = self.file.read()
        count = min(struct.unpack_from("Q", content)[0], UNITS)
        found = struct.iter_unpack("qq", content[16:16 + 16 * count])
        return [cpu for end, cpu in found if begin_ns < end - cpu and end < end_ns]

    def over(self, seconds, least):
        """CPU time of each unit of the next seconds; raises when there are fewer than least."""
        begin = time.monotonic_ns()
        time.sleep(seconds)
        units = self.units(begin, time.monotonic_ns())
        if len(units) < least:
            raise RuntimeError("the program hardly ran: the machine is too busy")
        return units

    def end(self):
        """Tells functions.units to end."""
        self.file.seek(8)
        self.file.write(struct.pack("Q", 1))

    def close(self):
        self.file.close()


def median_interval(values):
    """Where the median lies with 95 % confidence, by the order of the values alone (a median has as many
    values below it as a coin has heads); of fewer than six, their whole span."""
    ordered, n = sorted(values), len(values)
    tails = itertools.accumulate(math.comb(n, heads) * 0.5 ** n for heads in range(n // 2))
    left_out = max(0, sum(2 * tail <= 0.05 for tail in tails) - 1)  # at either end
    return ordered[left_out], ordered[n - 1 - left_out]
