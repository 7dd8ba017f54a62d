# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""What whole programs cost, each beside a baseline measured in the same run, runs interleaved.

A measure is a function that yields Result values; MEASURES lists them by the name ./dev bench takes.
"""
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import zipfile

import platform_stub
import results
from by_turns import ByTurns
from processes import BIN, BUILD, ROOT, Collector, LocalRun
from results import Result
from units import median_interval

HZ = 99


class Layer:
    """The layer unpacked, as /opt would be."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="lambent-bench-")
        built = os.path.join(ROOT, "build/layer")
        if results.QUICK:  # of the programs as they are
            built = os.path.join(self.folder.name, "zip")
            subprocess.run([os.path.join(ROOT, "extensions/layer/make-layer.sh"), BIN, built], check=True,
                           stdout=subprocess.DEVNULL)
        self.zip = os.path.join(built, f"lambent-layer-{platform.machine()}.zip")
        if not os.path.exists(self.zip):
            raise RuntimeError(f"{os.path.relpath(self.zip, ROOT)} is not there; ./dev layer makes it")
        with zipfile.ZipFile(self.zip) as layer:
            for member in layer.infolist():
                path = layer.extract(member, self.folder.name)
                os.chmod(path, (member.external_attr >> 16) & 0o777 or 0o755)
        self.extensions = os.path.join(self.folder.name, "extensions")


def ms(seconds):
    return statistics.median(seconds) * 1000


def start():
    rounds = 3 if results.QUICK else 40
    ours, least = [], []
    with Collector() as collector:
        for _ in range(rounds):
            ours.append(platform_stub.time_start(os.path.join(BIN, "lambent-extension"),
                                                 {"LAMBENT_COLLECTOR": collector.address}))
            least.append(platform_stub.time_start(os.path.join(BUILD, "bench/empty_extension"), {}))
    how = f"median of {rounds}, from before posix_spawn; baseline: an empty static C extension"

    def reached(call):
        index = ("register", "next").index(call)
        times = [run[index] for run in ours]
        if None in times:
            raise RuntimeError(f"{times.count(None)} of {rounds} starts never called {call}")
        baseline = [run[index] for run in least if run[index] is not None]
        return ms(times), ms(baseline) if baseline else None, how

    yield from results.each({"start.register_ms": lambda: reached("register"),
                             "start.next_ms": lambda: reached("next")})


def memory():
    layer = Layer()
    invocations = 3 if results.QUICK else 40
    with Collector() as collector:
        run = LocalRun("functions.busy", {"rounds": 50 if results.QUICK else 300}, invocations, layer.extensions, collector.address)
    yield Result("memory.peak_mb", run.extension_peak_kb * 1024 / 1e6, None,
                 f"VmHWM of lambent-extension over {invocations} busy invocations, stream without TLS")


def added():
    """The platform's own figure of each invocation, with and without, five pairs of 60."""
    layer = Layer()
    pairs, invocations = (1, 10) if results.QUICK else (5, 60)
    with_us, without = [], []
    with Collector() as collector:
        for _ in range(pairs):
            for extensions, into in ((None, without), (layer.extensions, with_us)):
                run = LocalRun("functions.nothing", {}, invocations, extensions, collector.address, freeze_ms=5)
                into.append(statistics.median(duration_ms(line) for line in run.report[5:]))
    value = statistics.median(a - b for a, b in zip(with_us, without))
    yield Result("added.median_ms", value, statistics.median(without),
                 f"median of {pairs} pairs of {invocations} empty invocations; baseline: duration without")


def duration_ms(line):
    """Time an invocation held the environment, the extension's part included."""
    return line["durationMs"] + line["extensionOverheadMs"]


def samples_of(collector, function):
    return sum(int(i.get("samples", 0)) for i in collector.invocations(function))


def require_samples(collector, function, seconds):
    """What was measured is profiling at HZ only if so many samples came of the seconds it ran."""
    rate = samples_of(collector, function) / seconds
    if rate < 0.9 * HZ and not results.QUICK:
        raise RuntimeError(f"{rate:.0f} samples a second came, and the claim is of {HZ}")
    return rate


def busy(layer):
    """CPU time, not wall. What profiling costs is what the extension uses itself, its start and its
    flushes included, over runs of fixed work; and what it makes the function slower, in one long
    invocation in which it is stopped and let run by turns."""
    runs, rounds, fours = (1, 100, 1) if results.QUICK else (3, 5000, 30)
    turns = ByTurns(fours)
    own, seconds, wall = [], [], 0
    with Collector() as collector:
        for _ in range(runs):
            run = LocalRun("functions.busy", {"rounds": rounds}, 2, layer.extensions, collector.address, name="own")
            seconds.append(sum(response["cpu_seconds"] for response in run.responses))
            wall += sum(line["durationMs"] for line in run.report) / 1000
            own.append(run.extension_cpu / seconds[-1] * 100)
        LocalRun("functions.units", turns.event, 1, layer.extensions, collector.address, timeout=900,
                 name="turns", beside=turns.take)
        rate = require_samples(collector, "own", wall)
        require_samples(collector, "turns", turns.seconds_beside)
    share, slowed = statistics.median(own), statistics.median(turns.slowed) * 100
    low, high = (end * 100 for end in median_interval(turns.slowed))
    # A function that happened to run faster beside us pays nothing back: that is its noise.
    cost = share + max(0, slowed)
    return (cost, None,
            f"extension itself {share:.2f} % (median of {runs} runs of {statistics.median(seconds):.1f} s, "
            f"{min(own):.2f} to {max(own):.2f}), {rate:.0f} samples a second, in which the function got "
            f"{sum(seconds) / wall * 100:.0f} % of a CPU; function {slowed:+.2f} % (95 % interval {low:+.2f} to "
            f"{high:+.2f}), counted if slower: median of {len(turns.slowed)} times four seconds, beside it and beside "
            "it stopped, ABBA", (min(own) + max(0, low), max(own) + max(0, high)))


def idle(layer):
    seconds = 2 if results.QUICK else 10
    with Collector() as collector:
        run = LocalRun("functions.idle", {"seconds": seconds}, 1, layer.extensions, collector.address)
    return (run.extension_cpu / seconds * 100, None,
            f"CPU time of lambent-extension over {seconds} s, start and flush included")


def cpu():
    layer = Layer()
    yield from results.each({"cpu.busy_percent": lambda: busy(layer), "cpu.idle_percent": lambda: idle(layer)})


def wire():
    layer = Layer()
    with Collector() as collector:
        LocalRun("functions.busy", {"rounds": 50 if results.QUICK else 2000}, 4, layer.extensions,
                 collector.counted_address, name="wire")
        samples = samples_of(collector, "wire")
        sent = collector.sent_bytes
    if samples == 0:
        raise RuntimeError("no samples arrived")
    yield Result("wire.bytes_per_sample", sent / samples, None,
                 f"TCP payload towards the collector, all of it, over {samples} samples")


def layer():
    unpacked = Layer()
    yield Result("layer.zip_mb", os.path.getsize(unpacked.zip) / 1e6, None, "size of the file")


def html():
    script = os.path.join(ROOT, "tests/browser/open_time.py")
    pages = os.path.join(BUILD, "tests/browser/write_pages")
    out = subprocess.run([sys.executable, script, pages], capture_output=True, text=True, timeout=300)
    if out.returncode:
        raise RuntimeError(out.stderr.strip().splitlines()[-1] if out.stderr.strip() else "open_time.py failed")
    yield Result("html.open_ms", float(out.stdout.split()[-1]), None,
                 "100,000 nodes in headless Chromium, from navigation to the first frame drawn, median of 9")


MEASURES = {"start": start, "memory": memory, "added": added, "cpu": cpu, "wire": wire, "layer": layer,
            "html": html}
