#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""Every measure once: a table for people, build/bench/*.json for programs. Called by `./dev bench`.

usage: run.py [--quick] [NAME...]   a measure of bench/process, a group ("engine"), or a *_bench program
--quick: each once around, to see that it works; nothing is judged, written, or put before other work.
Exit status 1 when something could not be measured; a missed budget is said, not failed: only a quiet
machine can judge.
"""
import atexit
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "process"))
sys.dont_write_bytecode = True
import engine  # noqa: E402
import results  # noqa: E402
from measures import MEASURES  # noqa: E402
from processes import BIN, ROOT  # noqa: E402
from results import Result  # noqa: E402

OUT = os.path.join(ROOT, "build/bench")
PEERS = ("_than_perf", "_than_pyspy", "times_ptrace")  # not ours: where they are missing nothing of ours is broken
NOT_MEASURED = "not measured"
AUTOGROUP = "/proc/self/autogroup"
ROW = "{:<38} {:>10} {:>10} {:>12} {:>5}  {}"
GROUPS = {"engine": engine.MEASURES}
ALL = MEASURES | engine.MEASURES


def micro_names():
    return sorted(n for n in os.listdir(BIN) if n.endswith("_bench")) if os.path.isdir(BIN) else []


def save(name, content):
    if results.QUICK:
        return
    os.makedirs(OUT, exist_ok=True)
    with open(os.path.join(OUT, name + ".json"), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")


def load():
    return "load average " + " ".join(f"{load:.1f}" for load in os.getloadavg()) + f" on {os.cpu_count()} CPUs"


def come_first():
    """Before whatever else the machine does, where that is permitted: all that is measured, and who
    measures, alike. Linux weighs sessions against each other too (autogroup)."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -20)
        with open(AUTOGROUP, encoding="ascii") as file:
            before = file.read().split()[-1]
        set_autogroup("-20")
        atexit.register(set_autogroup, before)
    except (OSError, IndexError):
        pass
    return f"nice {os.getpriority(os.PRIO_PROCESS, 0)}"


def set_autogroup(nice):
    with open(AUTOGROUP, "w", encoding="ascii") as file:
        file.write(nice)


def judge(value, budget):
    """What the budget says of a figure; of one that is not there, that."""
    if value is None:
        return NOT_MEASURED
    if not budget or results.QUICK:
        return ""
    kept = value <= budget["at_most"] if "at_most" in budget else value >= budget["at_least"]
    return "pass" if kept else "MISS"


def limit_of(budget):
    if not budget:
        return ""
    return f"≤ {budget['at_most']}" if "at_most" in budget else f"≥ {budget['at_least']}"


def show(result, budget):
    unit = budget["unit"] if budget else ""
    verdict = judge(result.value, budget)
    measured = "-" if result.value is None else f"{result.value:.3g} {unit}"
    how = result.how if result.value is not None else f"{NOT_MEASURED}: {result.how}"
    if result.interval:
        how = f"within {result.interval[0]:.3g} to {result.interval[1]:.3g} {unit}; {how}"
    baseline = "" if result.baseline is None else f"{result.baseline:.3g} {unit}"
    print(ROW.format(result.name, measured, baseline, limit_of(budget), "" if verdict == NOT_MEASURED else verdict,
                     how), flush=True)
    ratio = result.value / result.baseline if result.value is not None and result.baseline else None
    return {"name": result.name, "value": result.value, "interval": result.interval, "baseline": result.baseline,
            "ratio": ratio, "unit": unit, "at_most": budget and budget.get("at_most"),
            "at_least": budget and budget.get("at_least"), "verdict": verdict, "how": how,
            "claim": budget and budget["claim"]}


def run_process(name, budgets):
    """The rows of a measure: each that budgets.json knows, measured or not."""
    rows, why = [], "the measure says nothing of it"
    try:
        for result in ALL[name]():
            rows.append(show(result, budgets.get(result.name)))
    except Exception as error:  # pylint: disable=broad-except
        why = results.reason(error)
    there = {row["name"] for row in rows}
    for row, budget in budgets.items():
        if row.startswith(name + ".") and row not in there:
            rows.append(show(Result(row, None, None, why), budget))
    return rows


def run_micro(name):
    """False when the program or one of its cases could not run."""
    seconds = "0.001" if results.QUICK else "0.3"
    run = subprocess.run([os.path.join(BIN, name), "--benchmark_format=json", f"--benchmark_min_time={seconds}"],
                         capture_output=True, text=True)
    if run.returncode:
        print(ROW.format(name, "-", "", "", "", f"{NOT_MEASURED}: {run.stderr.strip()[-200:]}"))
        return False
    content = json.loads(run.stdout)
    save(name, content)
    refused = [case for case in content["benchmarks"] if case.get("error_occurred")]
    for case in content["benchmarks"]:
        measured, how = "-", f"{case['name']}: {NOT_MEASURED}: {case.get('error_message')}"
        if case not in refused:
            measured, how = f"{case['cpu_time']:.4g} {case['time_unit']}", case["name"]
        print(ROW.format(name.removesuffix("_bench"), measured, "", "", "", how), flush=True)
    return not refused


def summary(name, rows, before):
    verdicts = [row["verdict"] for row in rows]
    return (f"{name}: {verdicts.count('pass')} pass, {verdicts.count('MISS')} MISS, "
            f"{verdicts.count(NOT_MEASURED)} not measured; {before}, then {load()}")


def run(name, budgets):
    """The rows of one name as it was given, and whether nothing of it was left unmeasured."""
    if name in micro_names():
        return [], run_micro(name)
    before = load()
    rows = [row for measure in GROUPS.get(name, [name]) for row in run_process(measure, budgets)]
    save(name, rows)
    if name in GROUPS:
        print(summary(name, rows, before))
    excused = PEERS if results.QUICK else ()
    return rows, all(row["value"] is not None for row in rows if not row["name"].endswith(excused))


def main():
    names = list(MEASURES) + list(GROUPS) + micro_names()
    wanted = sys.argv[1:]
    if "--quick" in wanted:
        wanted.remove("--quick")
        results.QUICK = True
    wanted = wanted or names
    unknown = [n for n in wanted if n not in names and n not in ALL]
    if unknown:
        print(f"bench: no measure {unknown[0]}; there are: {' '.join(names + list(engine.MEASURES))}", file=sys.stderr)
        return 2
    with open(os.path.join(HERE, "budgets.json"), encoding="utf-8") as file:
        budgets = json.load(file)
    before = load()
    print(before if results.QUICK else f"{before}; {come_first()}")
    print(ROW.format("what", "measured", "baseline", "budget", "", "how"))
    rows, ok = [], []
    for name in wanted:
        found, whole = run(name, budgets)
        rows += found
        ok.append(whole)
    if not results.QUICK:
        print("\n" + summary("all", rows, before) + f"\nJSON: {os.path.relpath(OUT, os.getcwd())}/")
    return 0 if all(ok) else 1


if __name__ == "__main__":
    sys.exit(main())
