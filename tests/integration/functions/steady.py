# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""Functions whose answers are the same in every run, byte for byte."""
import time


def spin(seconds):
    until = time.perf_counter() + seconds
    count = 0
    while time.perf_counter() < until:
        count += 1
    return count


def echo(event, context):
    spin(float(event.get("spin", 0)))
    return echo_at_once(event, context)


def echo_at_once(event, context):
    """What echo answers, without the work."""
    return {"echo": event, "request": context.aws_request_id, "text": "ü \u2028 </script> \x00 \U0001f525"}


def fail(event, context):
    raise ValueError("on purpose: ü \"quoted\"")
