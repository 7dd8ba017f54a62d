# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""The sampling engine's table (`./dev bench engine`): what a sample costs, how true it is, what it costs
the program it is taken of. Rows of one C++ program each (bench/engine), of the micro-benchmarks, and of
`lambent record` beside other profilers (slowdown.py)."""
import functools
import json
import os
import statistics
import subprocess
import tempfile

import results
import slowdown
from processes import BIN, BUILD, PYTHON
from results import Result

ROWS = os.path.join(BUILD, "bench/engine_rows")
TIME_LIMIT = 150


def claim(name):
    """A measure out of `engine_rows NAME`. What it found before it failed is shown."""
    def measure():
        run = subprocess.run([ROWS, name] + (["--quick"] if results.QUICK else []), capture_output=True,
                             text=True, timeout=TIME_LIMIT)
        for row in json.loads(run.stdout or "[]"):
            yield Result("engine." + row["name"], row["value"], None, row["how"])
        if run.returncode:
            raise RuntimeError((run.stderr.strip().splitlines() or [f"status {run.returncode}"])[-1])
    return measure


class Cases:
    """The repetitions of each case of a Google Benchmark program that the pattern names; they take turns."""

    def __init__(self, program, pattern, repetitions):
        repetitions = 1 if results.QUICK else repetitions
        run = subprocess.run(
            [os.path.join(BIN, program), f"--benchmark_filter={pattern}", "--benchmark_format=json",
             f"--benchmark_repetitions={repetitions}", "--benchmark_enable_random_interleaving=true",
             "--benchmark_min_time=0.03"], capture_output=True, text=True, timeout=TIME_LIMIT)
        if run.returncode:
            raise RuntimeError(run.stderr.strip()[-200:])
        self.found, self.refused = {}, {}
        for case in json.loads(run.stdout)["benchmarks"]:
            name = case.get("run_name", case["name"]).rpartition("/")[2]
            if case.get("error_occurred"):
                self.refused[name] = case.get("error_message") or "it failed"
            elif case.get("run_type", "iteration") == "iteration":
                self.found.setdefault(name, []).append(case)

    def median(self, name, of):
        """Raises, with the case's own reason, where one of its repetitions was refused."""
        if name in self.refused or name not in self.found:
            raise RuntimeError(f"{name}: {self.refused.get(name, 'it did not run')}")
        return statistics.median(of(case) for case in self.found[name])


def unwind():
    """Per frame, of the same stack by each unwinder; CPU time. Each row stands alone."""
    cases = Cases("unwind_bench", ".*", repetitions=9)
    turns = "median of 9 turns, CPU time"

    def frames(name):
        return cases.median(name, lambda case: case["frames"])

    def per_frame_ns(name):
        return cases.median(name, lambda case: case["per_frame"] * 1e9)

    def whole_us(name):
        return cases.median(name, lambda case: case["cpu_time"] / 1000)

    def warm():
        return (per_frame_ns("UnwindWarm"), None,
                f"each of {frames('UnwindWarm'):.0f} frames, rules in the cache; {turns}")

    def uncached():
        return (per_frame_ns("UnwindUncached"), None, f"the rules of each of {frames('UnwindUncached'):.0f} "
                f"frames found and read anew, their file known; {turns}")

    def unseen():
        known = cases.median("FunctionNeverSeen", lambda case: case["known_percent"])
        return (whole_us("FunctionNeverSeen") * 1000, None, f"functions all over the program's largest file, "
                f"each met once, rules for {known:.0f} % of them; {turns}")

    def first():
        how = f"{frames('UnwindFirst'):.0f} frames by an unwinder made anew, files opened; {turns}; baseline: "
        try:
            return whole_us("UnwindFirst"), whole_us("UnwindFirst_libunwind"), how + "libunwind"
        except RuntimeError as error:
            return whole_us("UnwindFirst"), None, f"{how}none, {error}"

    def times(peer, where):
        """Both stacks whole, which their programs see to, and theirs no shorter than ours but for the
        innermost frames."""
        ours, theirs = frames("UnwindWarm"), frames(peer)
        if theirs < ours - 2:
            raise RuntimeError(f"libunwind found {theirs:.0f} frames of {ours:.0f}")
        each = per_frame_ns(peer)
        return (each / per_frame_ns("UnwindWarm"), None, f"libunwind {where}, its caches warm: {each:.0f} ns for "
                f"each of {theirs:.0f} frames, all of the stack, as ours")

    yield from results.each({
        "engine.unwind.warm_ns": warm, "engine.unwind.uncached_ns": uncached, "engine.unwind.unseen_ns": unseen,
        "engine.unwind.first_us": first,
        "engine.unwind.times_libunwind": lambda: times("UnwindWarm_libunwind", "over the same snapshot"),
        "engine.unwind.times_ptrace": lambda: times("UnwindWarm_ptrace", "through ptrace on a copy of the process")})


def agent():
    cases = Cases("agent_bench", "BM_(Signal.*|ArmTimer)", repetitions=15)

    def ns(name):
        return cases.median(name, lambda case: case["cpu_time"])

    full, empty, arm = ns("BM_SignalWithAgent"), ns("BM_SignalEmptyHandler"), ns("BM_ArmTimer")
    yield Result("engine.agent.ns", full - empty, empty,
                 f"a signal at 40 frames, {full:.0f} ns, less one to an empty handler (the baseline); "
                 f"{arm:.0f} of it the kernel's, to arm the timer; median of 15 turns, CPU time")


RATES = (19, 49, 99, 100, 250)


def record(hz, seconds, pid, folder):
    return subprocess.Popen(
        [os.path.join(BIN, "lambent"), "record", "--json", "--rate", str(hz), "--duration", str(seconds),
         "-o", os.path.join(folder, f"{hz}.html"), "--pid", str(pid)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def rate():
    """All rates at once on one busy thread, each by a `lambent record` of its own."""
    seconds = 2 if results.QUICK else 20

    def off(recording, hz):
        out, error = recording.communicate(timeout=seconds + 60)
        if recording.returncode:
            raise RuntimeError(error.strip()[-200:])
        said = json.loads(out)
        delivered = said["samples"] / said["seconds"]
        return (abs(delivered / hz - 1) * 100, None,
                f"{said['samples']} samples of one busy thread in {said['seconds']:.2f} s, "
                f"{said['dropped']} dropped: {delivered:.2f} a second; five recordings at once")

    running = [subprocess.Popen([PYTHON, "-c", "while True: pass"])]
    try:
        with tempfile.TemporaryDirectory(prefix="lambent-bench-") as folder:
            rows = {}
            for hz in RATES:
                running.append(record(hz, seconds, running[0].pid, folder))
                rows[f"engine.rate.off_percent_at_{hz}"] = functools.partial(off, running[-1], hz)
            yield from results.each(rows)
    finally:
        for process in running:
            process.kill()
            process.wait()


MEASURES = {f"engine.{name}": measure for name, measure in {
    "python_read": claim("python_read"), "alternating": claim("alternating"),
    "unchanged": claim("unchanged"), "pause": claim("pause"), "unwind": unwind, "agent": agent,
    "attach": claim("attach"), "memory": claim("memory"), "rate": rate, "oracle": claim("oracle"),
    "slowdown": slowdown.slowdown, "depth": claim("depth"),
}.items()}
