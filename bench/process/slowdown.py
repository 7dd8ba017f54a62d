# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""What profilers at 99 Hz cost a program that computes: the CPU time of its own units of equal work.

One program runs on; profilers are attached to it by turns, and before and after each it runs alone. So a
pair is of the same process, the same memory, the same minute, and what the machine does to all of them
cancels."""
import os
import shutil
import signal
import statistics
import struct
import subprocess
import tempfile
import time

from processes import BIN, BUILD, PYTHON, ROOT, Result, cpu_seconds

UNITS = 1 << 16
HZ = 99
TURNS = 7
ALONE = 1.0       # seconds
PROFILED = 1.5
SETTLE = 0.4      # a profiler's start, and its end, belong to neither
PEERS = os.path.join(ROOT, "build/bench/peers")


class Target:
    """A program that logs units of equal work (spin.cc, spin.py)."""

    def __init__(self, command, folder):
        path = os.path.join(folder, "units")
        self.process = subprocess.Popen(command + [path])
        deadline = time.monotonic() + 20
        while not os.path.exists(path) or os.path.getsize(path) < 16 + 16 * UNITS:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f"{command[-1]} did not start")
            time.sleep(0.02)
        self.file = open(path, "rb")

    def units(self, begin_ns, end_ns):
        """CPU time of each unit that lies within, ns."""
        self.file.seek(0)
        content = self.file.read()
        count = min(struct.unpack_from("Q", content)[0], UNITS)
        found = struct.iter_unpack("qq", content[16:16 + 16 * count])
        return [cpu for end, cpu in found if begin_ns < end - cpu and end < end_ns]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.file.close()


class Slice:
    """The target over a while: what a unit costs it, and what the profiler beside it used."""

    def __init__(self, target, seconds, profiler=None):
        cpu = cpu_seconds(profiler.pid) if profiler else 0
        begin = time.monotonic_ns()
        time.sleep(seconds)
        end = time.monotonic_ns()
        units = target.units(begin, end)
        if len(units) < 5:
            raise RuntimeError("the target hardly ran: the machine is too busy")
        self.unit_ns = statistics.median(units)
        if profiler and profiler.poll() is not None:
            raise RuntimeError(f"{profiler.args[0]} ended early: " + profiler.stderr.read().strip()[-200:])
        self.own_share = (cpu_seconds(profiler.pid) - cpu) / ((end - begin) / 1e9) if profiler else 0


def py_spy():
    """py-spy from PyPI, in an environment of its own; raises with the reason when there is none."""
    program = os.path.join(PEERS, "bin/py-spy")
    if not os.path.exists(program):
        for command in ([PYTHON, "-m", "venv", PEERS], [os.path.join(PEERS, "bin/pip"), "install", "-q",
                                                       "--disable-pip-version-check", "py-spy"]):
            run = subprocess.run(command, capture_output=True, text=True, timeout=120)
            if run.returncode:
                raise RuntimeError("py-spy could not be installed: " + run.stderr.strip()[-120:])
    return program


def perf():
    program = shutil.which("perf")
    if program is None or subprocess.run([program, "--version"], capture_output=True).returncode:
        raise RuntimeError("there is no perf here (package linux-perf)")
    return program


def perf_record(pid, folder, call_graph):
    return [perf(), "record", "-q", "-F", str(HZ), "--call-graph", call_graph, "-e", "cpu-clock",
            "-p", str(pid), "-o", os.path.join(folder, "perf.data")]


def commands(pid, folder, wants_py_spy, wants_peers):
    """name -> a profiler of this pid at 99 Hz until SIGINT; and name -> why it is not there."""
    ours = [os.path.join(BIN, "lambent"), "record", "--pid", str(pid), "--rate", str(HZ), "-o",
            os.path.join(folder, "lambent.html")]
    found, missing = {"lambent": ours}, {}
    # By frame pointers perf costs least, and finds few callers in programs built without them.
    peers = {"perf": lambda: perf_record(pid, folder, "dwarf"),
             "perf by frame pointers": lambda: perf_record(pid, folder, "fp")}
    if wants_py_spy:  # which shows no C functions either, unless asked to
        found["lambent --no-native"] = ours + ["--no-native"]
        peers["py-spy"] = lambda: [py_spy(), "record", "--rate", str(HZ), "--duration", "3600", "--pid",
                                   str(pid), "--output", os.path.join(folder, "py-spy.svg")]
    for name, command in peers.items():
        if not wants_peers:
            missing[name] = "not asked for"
            continue
        try:
            found[name] = command()
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            missing[name] = str(error)
    return found, missing


def profiled(target, command):
    profiler = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        time.sleep(SETTLE)
        during = Slice(target, PROFILED, profiler)
        profiler.send_signal(signal.SIGINT)
        profiler.communicate(timeout=30)
        time.sleep(SETTLE / 4)
        return during
    finally:
        if profiler.poll() is None:
            profiler.kill()
            profiler.wait()


def measure(kind, target_command, wants_py_spy, quick):
    turns = 1 if quick else TURNS
    with tempfile.TemporaryDirectory(prefix="lambent-bench-") as folder:
        target = Target(target_command, folder)
        try:
            found, missing = commands(target.process.pid, folder, wants_py_spy, not quick)
            slower = {name: [] for name in found}
            own = {name: [] for name in found}
            alone = [Slice(target, ALONE).unit_ns]
            for _ in range(turns):
                for name, command in found.items():
                    during = profiled(target, command)
                    alone.append(Slice(target, ALONE).unit_ns)
                    slower[name].append(during.unit_ns / statistics.mean(alone[-2:]) - 1)
                    own[name].append(during.own_share)
        finally:
            target.close()
    # What chance does: how far a while alone is from those around it.
    chance = [abs(b / ((a + c) / 2) - 1) for a, b, c in zip(alone, alone[1:], alone[2:])] or [0]
    percent = {name: statistics.median(values) * 100 for name, values in slower.items()}
    share = {name: statistics.median(values) * 100 for name, values in own.items()}

    def how(name):
        return f"{name} {percent[name]:+.2f} % and {share[name]:.2f} % of a CPU itself"

    noise = f"median of {turns} pairs; a while alone differs by {statistics.median(chance) * 100:.2f} %"
    ours = "; ".join(how(name) for name in percent if name.startswith("lambent"))
    yield Result(f"engine.slowdown.{kind}_percent", percent["lambent"], None, f"{ours}; {noise}")
    for peer in (["py-spy"] if wants_py_spy else []) + ["perf"]:
        name = f"engine.slowdown.{kind}_more_than_{peer.replace('-', '')}"
        if peer in missing:
            yield Result(name, None, None, missing[peer])
        else:
            paired = [a - b for a, b in zip(slower["lambent"], slower[peer])]
            peers = "; ".join(how(other) for other in percent if other.startswith(peer))
            yield Result(name, statistics.median(paired) * 100, percent[peer],
                         f"{peers}; the difference of slow-downs, median of {turns} pairs")


def slowdown(quick):
    yield from measure("native", [os.path.join(BUILD, "bench/engine_spin")], False, quick)
    yield from measure("python", [PYTHON, os.path.join(ROOT, "bench/engine/spin.py")], True, quick)
