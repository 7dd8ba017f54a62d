# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""Two short chains of calls, one after the other as fast as it goes: hard to read while it runs.

Whoever mixes moments sees hot_a call leaf_b, or a leaf that nobody called."""


def leaf_a(n):
    return n + 1


def leaf_b(n):
    return n - 1


def hot_a(n):
    return leaf_a(n) + leaf_a(n)


def hot_b(n):
    return leaf_b(n) + leaf_b(n)


def alternate():
    print("ready", flush=True)
    while True:
        hot_a(1)
        hot_b(1)


alternate()
