# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""A program whose Python stacks are known: python_target.py spin|sleep|threads|flutter."""
import sys
import threading
import time


def spin_leaf():
    while True:
        pass


def spin_middle():
    spin_leaf()


def sleep_leaf():
    time.sleep(3600)


def sleep_middle():
    sleep_leaf()


def leaf_a():
    pass


def leaf_b():
    pass


def call_a():
    leaf_a()


def call_b():
    leaf_b()


def flutter():
    while True:
        call_a()
        call_b()


def ready():
    print("ready", flush=True)


def main():
    mode = sys.argv[1]
    if mode == "spin":
        ready()
        spin_middle()
    elif mode == "sleep":
        ready()
        sleep_middle()
    elif mode == "flutter":
        ready()
        flutter()
    elif mode == "threads":
        for _ in range(2):
            threading.Thread(target=sleep_middle, daemon=True).start()
        ready()
        spin_middle()


main()
