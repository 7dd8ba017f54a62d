# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""The functions whose cost is measured with and without the profiler beside them."""
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
