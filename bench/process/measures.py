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
from processes import BIN, BUILD, ROOT, Collector, LocalRun, Result


class Layer:
    """The layer unpacked, as /opt would be."""

    def __init__(self):
        self.zip = os.path.join(ROOT, f"build/layer/lambent-layer-{platform.machine()}.zip")
        self.folder = tempfile.TemporaryDirectory(prefix="lambent-bench-")
        with zipfile.ZipFile(self.zip) as layer:
            for member in layer.infolist():
                path = layer.extract(member, self.folder.name)
                os.chmod(path, (member.external_attr >> 16) & 0o777 or 0o755)
        self.extensions = os.path.join(self.folder.name, "extensions")


def ms(seconds):
    return statistics.median(seconds) * 1000


def start():
    rounds = 40
    ours, least = [], []
    collector = Collector()
    for _ in range(rounds):
        ours.append(platform_stub.time_start(os.path.join(BIN, "lambent-extension"),
                                             {"LAMBENT_COLLECTOR": collector.address}))
        least.append(platform_stub.time_start(os.path.join(BUILD, "bench/empty_extension"), {}))
    collector.close()
    how = f"median of {rounds}, from before posix_spawn; baseline: an empty static C extension"
    for index, name in enumerate(("register_ms", "next_ms")):
        reached = [run[index] for run in ours if run[index] is not None]
        if len(reached) < rounds:
            raise RuntimeError(f"{rounds - len(reached)} of {rounds} starts never called {name[:-3]}")
        yield Result(f"start.{name}", ms(reached), ms([run[index] for run in least]), how)


def memory():
    layer, collector = Layer(), Collector()
    run = LocalRun("functions.busy", {"rounds": 300}, invocations=40, extensions=layer.extensions,
                   collector=collector.address)
    collector.close()
    yield Result("memory.peak_mb", run.extension_peak_kb / 1024, None,
                 "VmHWM of lambent-extension over 40 busy invocations, stream without TLS")


def added():
    """The platform's own figure of each invocation, with and without, five pairs of 60."""
    layer, collector = Layer(), Collector()
    with_us, without = [], []
    for _ in range(5):
        for extensions, into in ((None, without), (layer.extensions, with_us)):
            run = LocalRun("functions.nothing", {}, invocations=60, extensions=extensions,
                           collector=collector.address, freeze_ms=5)
            into.append(statistics.median(duration_ms(line) for line in run.report[5:]))
    collector.close()
    value = statistics.median(a - b for a, b in zip(with_us, without))
    yield Result("added.median_ms", value, statistics.median(without),
                 "median of 5 pairs of 60 empty invocations; baseline: duration without")


def duration_ms(line):
    """Time an invocation held the environment, the extension's part included."""
    return line["durationMs"] + line["extensionOverheadMs"]


def cpu():
    """CPU time, not wall: of the function by its own account, of the extension by schedstat; the
    cost is the extension's own and what the function got slower."""
    layer, collector = Layer(), Collector()
    event, invocations, pairs = {"rounds": 2500}, 2, 5
    alone, beside, ours = [], [], []
    for _ in range(pairs):
        for extensions, into in ((None, alone), (layer.extensions, beside)):
            run = LocalRun("functions.busy", event, invocations, extensions, collector.address,
                           name="cpu")
            into.append(sum(r["cpu_seconds"] for r in run.responses))
        ours.append(run.extension_cpu)
    own = statistics.median(o / a for a, o in zip(alone, ours)) * 100
    slowed = statistics.median(b / a - 1 for a, b in zip(alone, beside)) * 100
    noise = (max(alone) / min(alone) - 1) * 100
    samples = sum(int(i.get("samples", 0)) for i in collector.invocations("cpu"))
    # A function that happened to run faster beside us pays nothing back: that is its noise.
    yield Result("cpu.busy_percent", own + max(0, slowed), None,
                 f"{pairs} pairs of {statistics.median(alone):.1f} s fixed work; extension {own:.2f} %, "
                 f"function {slowed:+.2f} %, counted if slower; spread of the function alone "
                 f"{noise:.1f} %; {samples / sum(beside):.0f} samples per second of busy time")
    seconds = 10
    run = LocalRun("functions.idle", {"seconds": seconds}, 1, layer.extensions, collector.address)
    collector.close()
    yield Result("cpu.idle_percent", run.extension_cpu / seconds * 100, None,
                 f"CPU time of lambent-extension over {seconds} s, start and flush included")


def wire():
    layer, collector = Layer(), Collector()
    LocalRun("functions.busy", {"rounds": 2000}, 4, layer.extensions, collector.counted_address,
             name="wire")
    samples = sum(int(i.get("samples", 0)) for i in collector.invocations("wire"))
    collector.close()
    if samples == 0:
        raise RuntimeError("no samples arrived")
    yield Result("wire.bytes_per_sample", collector.sent_bytes / samples, None,
                 f"TCP payload towards the collector, all of it, over {samples} samples")


def layer():
    yield Result("layer.zip_mb", os.path.getsize(Layer().zip) / 1e6, None, "size of the file")


def html():
    script = os.path.join(ROOT, "tests/browser/open_time.py")
    out = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=300)
    if out.returncode:
        raise RuntimeError(out.stderr.strip().splitlines()[-1] if out.stderr.strip() else "open_time.py failed")
    yield Result("html.open_ms", float(out.stdout.split()[-1]), None,
                 "navigation start to first frame drawn, median")


MEASURES = {"start": start, "memory": memory, "added": added, "cpu": cpu, "wire": wire, "layer": layer,
            "html": html}
