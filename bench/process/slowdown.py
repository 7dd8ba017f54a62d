# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""What profilers at 99 Hz cost a program that computes: the CPU time of its own units of equal work.

One program runs on; profilers are attached to it by turns, and before and after each it runs alone. So a
pair is of the same process, the same memory, the same minute, and what the machine does to all of them
cancels."""
import functools
import os
import signal
import statistics
import subprocess
import tempfile
import time

import results
from processes import BUILD, PYTHON, ROOT, cpu_seconds
from profilers import commands
from units import UnitLog

TURNS = 7
ALONE = 1.0       # seconds
PROFILED = 1.5
SETTLE = 0.4      # a profiler's start, and its end, belong to neither


class Target:
    """A program that logs units of equal work (spin.cc, spin.py)."""

    def __init__(self, command, folder):
        path = os.path.join(folder, "units")
        self.process = subprocess.Popen(command + [path])
        try:
            self.log = UnitLog(path, lambda: self.process.poll() is None)
        except RuntimeError:
            self.process.kill()
            self.process.wait()
            raise

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


def require_running(profiler):
    if profiler.poll() is not None:
        raise RuntimeError(f"{profiler.args[0]} ended early: " + profiler.stderr.read().strip()[-200:])


class Slice:
    """The target over a while: what a unit costs it, and what the profiler beside it used."""

    def __init__(self, target, seconds, profiler=None):
        cpu = cpu_seconds(profiler.pid) if profiler else 0
        begin = time.monotonic()
        self.unit_ns = statistics.median(target.log.over(seconds, 1 if results.QUICK else 5))
        seconds = time.monotonic() - begin
        if profiler:
            require_running(profiler)
        self.own_share = (cpu_seconds(profiler.pid) - cpu) / seconds if profiler else 0


def profiled(target, command):
    profiler = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        time.sleep(SETTLE)
        require_running(profiler)
        during = Slice(target, PROFILED, profiler)
        profiler.send_signal(signal.SIGINT)
        profiler.communicate(timeout=30)
        time.sleep(SETTLE / 4)
        return during
    finally:
        if profiler.poll() is None:
            profiler.kill()
            profiler.wait()


class Comparison:
    """The profilers of one target by turns: how much slower each made it, pair by pair. One that cannot
    be started, or ends early, is missing from then on, with the reason; the others go on."""

    def __init__(self):
        self.slower, self.own, self.missing, self.alone = {}, {}, {}, []
        self.failed = ""  # why there is nothing of any of them

    def run(self, target, found, missing):
        self.missing.update(missing)
        self.slower = {name: [] for name in found}
        self.own = {name: [] for name in found}
        self.alone.append(Slice(target, ALONE).unit_ns)
        for _ in range(1 if results.QUICK else TURNS):
            for name in list(self.slower):
                self._turn(target, name, found[name])

    def _turn(self, target, name, command):
        try:
            during = profiled(target, command)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            self.missing[name] = results.reason(error)
            del self.slower[name], self.own[name]
            return
        self.alone.append(Slice(target, ALONE).unit_ns)
        self.slower[name].append(during.unit_ns / statistics.mean(self.alone[-2:]) - 1)
        self.own[name].append(during.own_share)

    def how(self, beginning):
        """What each profiler cost whose name begins so."""
        return "; ".join(f"{name} {statistics.median(pairs) * 100:+.2f} % and "
                         f"{statistics.median(self.own[name]) * 100:.2f} % of a CPU itself"
                         for name, pairs in self.slower.items() if name.startswith(beginning))

    def chance(self):
        """What chance does: how far a while alone is from those around it."""
        return statistics.median([abs(b / ((a + c) / 2) - 1) for a, b, c in
                                  zip(self.alone, self.alone[1:], self.alone[2:])] or [0])

    def require(self, name):
        if self.failed or name in self.missing:
            raise RuntimeError(self.failed or self.missing[name])
        return self.slower[name]

    def slowed(self):
        pairs = self.require("lambent")
        return (statistics.median(pairs) * 100, None,
                f"{self.how('lambent')}; median of {len(pairs)} pairs; a while alone differs by "
                f"{self.chance() * 100:.2f} %")

    def more_than(self, peer):
        ours, theirs = self.require("lambent"), self.require(peer)
        return (statistics.median(a - b for a, b in zip(ours, theirs)) * 100, statistics.median(theirs) * 100,
                f"{self.how(peer)}; the difference of slow-downs, median of {len(theirs)} pairs")


def compare(command, wants_py_spy):
    comparison = Comparison()
    try:
        with tempfile.TemporaryDirectory(prefix="lambent-bench-") as folder:
            target = Target(command, folder)
            try:
                comparison.run(target, *commands(target.process.pid, folder, wants_py_spy, not results.QUICK))
            finally:
                target.close()
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        comparison.failed = results.reason(error)
    return comparison


def slowdown():
    """Rows of a native program, then of a python one."""
    for kind, command, peers in (
            ("native", [os.path.join(BUILD, "bench/engine_spin")], ["perf"]),
            ("python", [PYTHON, os.path.join(ROOT, "bench/engine/spin.py")], ["py-spy", "perf"])):
        compared = compare(command, "py-spy" in peers)
        rows = {f"engine.slowdown.{kind}_percent": compared.slowed}
        for peer in peers:
            rows[f"engine.slowdown.{kind}_more_than_{peer.replace('-', '')}"] = functools.partial(
                compared.more_than, peer)
        yield from results.each(rows)
