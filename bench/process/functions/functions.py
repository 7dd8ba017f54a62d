# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""The functions whose cost is measured with and without the profiler beside them."""
import mmap
import os
import struct
import time


def nothing(event, context):
    return {}


def idle(event, context):
    time.sleep(event["seconds"])
    return {}


def leaf(n):
    total = 0
    for i in range(n):
        total += i * i
    return total


def branch(n):
    return leaf(n) + leaf(n // 2)


def busy(event, context):
    """Fixed work, and the CPU time it took by the process's own account."""
    start = time.process_time()
    total = 0
    for _ in range(event["rounds"]):
        total += branch(20_000)
    return {"total": total, "cpu_seconds": time.process_time() - start}


def units(event, context):
    """Computes until told to end, event["seconds"] at most, and logs units of equal work into event["file"]
    (process/units.py)."""
    count, ring = 0, 1 << 16
    file = os.open(event["file"], os.O_RDWR | os.O_CREAT, 0o600)
    os.ftruncate(file, 16 + 16 * ring)
    log = mmap.mmap(file, 16 + 16 * ring)
    os.close(file)
    end = time.monotonic() + event["seconds"]
    while time.monotonic() < end and log[8] == 0:
        start = time.process_time_ns()
        for _ in range(30):
            branch(20_000)
        spent = time.process_time_ns() - start
        struct.pack_into("qq", log, 16 + 16 * (count % ring), time.monotonic_ns(), spent)
        count += 1
        struct.pack_into("Q", log, 0, count)
    return {"units": count}
