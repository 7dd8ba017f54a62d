# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""Python that spends its time in a C library and some in itself: compress.py SECONDS"""
import sys
import time
import zlib

DATA = bytes(range(256)) * 4096


def crunch():
    return len(zlib.compress(DATA, 9))


def count():
    return sum(n * n for n in range(40000))


def main(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        crunch()
        count()


main(float(sys.argv[1]))
