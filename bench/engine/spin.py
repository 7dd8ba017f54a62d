# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""engine_spin's twin in Python: spin.py FILE computes for ever and logs each unit of equal work."""
import mmap
import os
import struct
import sys
import time

UNITS = 1 << 16


def leaf(n):
    total = 0
    for i in range(n):
        total += i * i
    return total


def branch(depth):
    if depth:
        return branch(depth - 1) + leaf(100)
    return leaf(1000)


def main():
    file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
    os.ftruncate(file, 16 + 16 * UNITS)
    log = mmap.mmap(file, 16 + 16 * UNITS)
    count = 0
    while True:
        start = time.thread_time_ns()
        for _ in range(150):
            branch(12)
        spent = time.thread_time_ns() - start
        struct.pack_into("qq", log, 16 + 16 * (count % UNITS), time.monotonic_ns(), spent)
        count += 1
        struct.pack_into("Q", log, 0, count)


main()
