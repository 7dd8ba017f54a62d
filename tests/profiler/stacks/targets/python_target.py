# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""A program whose Python stacks are known: python_target.py spin|sleep|threads|flutter|compress|
callback|rivals|hog|sort|subinterpreter|children PROGRAM."""
import ctypes
import os
import signal
import sys
import threading
import time
import zlib


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


def compress_leaf(text):
    while True:
        zlib.compress(text, 9)


def callback():
    """Python calls C, which calls Python."""
    kind = ctypes.CFUNCTYPE(None)
    library = ctypes.PyDLL(os.environ["LAMBENT_CALLBACK_LIBRARY"])
    library.TargetCallIn(kind(sleep_middle))


def sort_key(number):
    sleep_leaf()
    return number


def sort_middle():
    sorted(range(100), key=sort_key)


def hog():
    """C code that sleeps with the interpreter's lock."""
    ctypes.PyDLL(None).usleep(1 << 31)


def subinterpreter():
    """A thread that runs another interpreter, which spins."""
    try:
        import _interpreters as interpreters
    except ImportError:
        import _xxsubinterpreters as interpreters
    other = interpreters.create()
    # Before 3.12 a subinterpreter does not hear that another one asks for the lock: it gives it up.
    code = """
import time
def within_leaf():
    while True:
        for _ in range(100000): pass
        time.sleep(0)
def within():
    within_leaf()
within()
"""
    run = getattr(interpreters, "exec", None) or interpreters.run_string
    threading.Thread(target=run, args=(other, code), daemon=True).start()
    ready()
    sleep_middle()


def children():
    """Always one child that spins; at SIGUSR1 it becomes another program, at SIGUSR2 it exits."""
    while True:
        if os.fork() == 0:
            signal.signal(signal.SIGUSR1, lambda *_: os.execv(sys.argv[2], sys.argv[2:] + ["spin"]))
            signal.signal(signal.SIGUSR2, lambda *_: os._exit(0))
            print("child", os.getpid(), flush=True)
            spin_middle()
        os.wait()


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
    elif mode == "compress":
        text = os.urandom(1 << 20)
        ready()
        compress_leaf(text)
    elif mode == "callback":
        ready()
        callback()
    elif mode == "subinterpreter":
        subinterpreter()
    elif mode == "children":
        ready()
        children()
    elif mode == "rivals":
        # Long: on a busy machine one that wakes to ask for the lock queues for a CPU.
        sys.setswitchinterval(0.05)
        threading.Thread(target=spin_middle, daemon=True).start()
        ready()
        spin_middle()
    elif mode == "hog":
        threading.Thread(target=spin_middle, daemon=True).start()
        ready()
        hog()
    elif mode == "sort":
        ready()
        sort_middle()
    elif mode == "threads":
        for _ in range(2):
            threading.Thread(target=sleep_middle, daemon=True).start()
        ready()
        spin_middle()


main()
