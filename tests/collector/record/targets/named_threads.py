# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""Threads with names, which work by turns: named_threads.py SECONDS"""
import sys
import threading
import time

END = time.monotonic() + float(sys.argv[1])


def work():
    while time.monotonic() < END:
        time.sleep(0.001)


for name in ("fetcher", "sender, of more than 15 bytes"):
    threading.Thread(target=work, name=name).start()
work()
