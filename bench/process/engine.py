# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""The sampling engine's table (`./dev bench engine`): what a sample costs, how true it is, what it costs
the program it is taken of. Rows of one C++ program each (bench/engine), of the micro-benchmarks, and of
`lambent record` beside other profilers (slowdown.py)."""
import json
import os
import statistics
import subprocess
import tempfile

import slowdown
from processes import BIN, BUILD, PYTHON, Result

ROWS = os.path.join(BUILD, "bench/engine_rows")
TIME_LIMIT = 150
QUICK = False  # once around; run.py sets it


def claim(name):
    """A measure out of `engine_rows NAME`. What it found before it failed is shown."""
    def measure():
        run = subprocess.run([ROWS, name] + (["--quick"] if QUICK else []), capture_output=True, text=True, timeout=TIME_LIMIT)
        for row in json.loads(run.stdout or "[]"):
            yield Result("engine." + row["name"], row["value"], None, row["how"])
        if run.returncode:
            raise RuntimeError((run.stderr.strip().splitlines() or [f"status {run.returncode}"])[-1])
    return measure


def cases(program, pattern, repetitions):
    """name -> its repetitions, of a Google Benchmark program; the cases take turns."""
    repetitions = 1 if QUICK else repetitions
    run = subprocess.run(
        [os.path.join(BIN, program), f"--benchmark_filter={pattern}", "--benchmark_format=json",
         f"--benchmark_repetitions={repetitions}", "--benchmark_enable_random_interleaving=true",
         "--benchmark_min_time=0.03"], capture_output=True, text=True, timeout=TIME_LIMIT)
    if run.returncode:
        raise RuntimeError(run.stderr.strip()[-200:])
    found = {}
    for case in json.loads(run.stdout)["benchmarks"]:
        if case["run_type"] == "iteration" and not case.get("error_occurred"):
            found.setdefault(case["run_name"].rpartition("/")[2], []).append(case)
    return found


def median_of(found, name, of):
    if name not in found:
        raise RuntimeError(f"{name} could not run here")
    return statistics.median(of(case) for case in found[name])


def unwind():
    """Per frame, of the same stack by each unwinder; CPU time."""
    found = cases("unwind_bench", ".*", repetitions=9)

    def per_frame_ns(name):
        return median_of(found, name, lambda case: case["per_frame"] * 1e9)

    def whole_us(name):
        return median_of(found, name, lambda case: case["cpu_time"] / 1000)

    frames = f"{found['UnwindWarm'][0]['frames']:.0f} frames"
    turns = "median of 9 turns, CPU time"
    warm = per_frame_ns("UnwindWarm")
    yield Result("engine.unwind.warm_ns", warm, None, f"each of {frames}, rules in the cache; {turns}")
    yield Result("engine.unwind.uncached_ns", per_frame_ns("UnwindUncached"), None,
                 f"the rules of each of {frames} found and read anew, their file known; {turns}")
    yield Result("engine.unwind.unseen_ns", whole_us("FunctionNeverSeen") * 1000, None,
                 f"functions all over the program's largest file, each met once; {turns}")
    yield Result("engine.unwind.first_us", whole_us("UnwindFirst"), whole_us("UnwindFirst_libunwind"),
                 f"{frames} by an unwinder made anew, files opened; baseline: libunwind; {turns}")
    snapshot, traced = per_frame_ns("UnwindWarm_libunwind"), per_frame_ns("UnwindWarm_ptrace")
    yield Result("engine.unwind.times_libunwind", snapshot / warm, None,
                 f"libunwind over the same snapshot, its caches warm: {snapshot:.0f} ns a frame")
    yield Result("engine.unwind.times_ptrace", traced / warm, None,
                 f"libunwind through ptrace on a copy of the process, its caches warm: {traced:.0f} ns a frame")


def agent():
    found = cases("agent_bench", "BM_(Signal.*|ArmTimer)", repetitions=15)

    def ns(name):
        return median_of(found, name, lambda case: case["cpu_time"])

    full, empty, arm = ns("BM_SignalWithAgent"), ns("BM_SignalEmptyHandler"), ns("BM_ArmTimer")
    yield Result("engine.agent.ns", full - empty, empty,
                 f"a signal at 40 frames, {full:.0f} ns, less one to an empty handler (the baseline); "
                 f"{arm:.0f} of it the kernel's, to arm the timer; median of 15 turns, CPU time")


def rate():
    """All rates at once on one busy thread, each by a `lambent record` of its own."""
    seconds = 2 if QUICK else 20
    target = subprocess.Popen([PYTHON, "-c", "while True: pass"])
    try:
        with tempfile.TemporaryDirectory(prefix="lambent-bench-") as folder:
            recordings = {}
            for hz in (19, 49, 99, 100, 250):
                recordings[hz] = subprocess.Popen(
                    [os.path.join(BIN, "lambent"), "record", "--json", "--rate", str(hz), "--duration",
                     str(seconds), "-o", os.path.join(folder, f"{hz}.html"), "--pid", str(target.pid)],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            ended = {hz: recording.communicate(timeout=seconds + 60) for hz, recording in recordings.items()}
        for hz, (out, error) in ended.items():
            if recordings[hz].returncode:
                raise RuntimeError(error.strip()[-200:])
            said = json.loads(out)
            delivered = said["samples"] / said["seconds"]
            yield Result(f"engine.rate.off_percent_at_{hz}", abs(delivered / hz - 1) * 100, None,
                         f"{said['samples']} samples of one busy thread in {said['seconds']:.2f} s, "
                         f"{said['dropped']} dropped: {delivered:.2f} a second; five recordings at once")
    finally:
        target.kill()
        target.wait()


MEASURES = {f"engine.{name}": measure for name, measure in {
    "python_read": claim("python_read"), "alternating": claim("alternating"),
    "unchanged": claim("unchanged"), "pause": claim("pause"), "unwind": unwind, "agent": agent,
    "attach": claim("attach"), "memory": claim("memory"), "rate": rate, "oracle": claim("oracle"),
    "slowdown": lambda: slowdown.slowdown(QUICK), "depth": claim("depth"),
}.items()}
