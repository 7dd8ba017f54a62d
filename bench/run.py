#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""Every measure once: a table for people, build/bench/*.json for programs. Called by `./dev bench`.

usage: run.py [NAME...]     a measure of bench/process/measures.py, or a *_bench program
Exit status 1 when something could not be measured; a missed budget is said, not failed: only a quiet
machine can judge.
"""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "process"))
sys.dont_write_bytecode = True
from measures import MEASURES  # noqa: E402
from processes import BIN, ROOT  # noqa: E402

OUT = os.path.join(ROOT, "build/bench")
ROW = "{:<24} {:>12} {:>12} {:>10} {:>6}  {}"


def micro_names():
    return sorted(n for n in os.listdir(BIN) if n.endswith("_bench")) if os.path.isdir(BIN) else []


def save(name, content):
    os.makedirs(OUT, exist_ok=True)
    with open(os.path.join(OUT, name + ".json"), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")


def run_process(name, budgets):
    results = []
    try:
        for result in MEASURES[name]():
            budget = budgets.get(result.name)
            verdict = "" if not budget else "pass" if result.value <= budget["at_most"] else "MISS"
            unit = budget["unit"] if budget else ""
            baseline = "" if result.baseline is None else f"{result.baseline:.3g} {unit}"
            limit = "" if not budget else f"{budget['at_most']} {unit}"
            print(ROW.format(result.name, f"{result.value:.3g} {unit}", baseline, limit, verdict, result.how),
                  flush=True)
            ratio = result.value / result.baseline if result.baseline else None
            results.append({"name": result.name, "value": result.value, "baseline": result.baseline,
                            "ratio": ratio, "unit": unit, "budget": budget and budget["at_most"],
                            "verdict": verdict, "how": result.how})
    except (RuntimeError, OSError, KeyError, ValueError, StopIteration, subprocess.SubprocessError) as error:
        print(ROW.format(name, "-", "", "", "FAIL", f"not measured: {error!r}"), flush=True)
        return False
    save(name, results)
    return True


def run_micro(name):
    run = subprocess.run([os.path.join(BIN, name), "--benchmark_format=json", "--benchmark_min_time=0.3"],
                         capture_output=True, text=True)
    if run.returncode:
        print(ROW.format(name, "-", "", "", "FAIL", run.stderr.strip()[-200:]))
        return False
    content = json.loads(run.stdout)
    save(name, content)
    for case in content["benchmarks"]:
        print(ROW.format(name.removesuffix("_bench"), f"{case['cpu_time']:.4g} {case['time_unit']}", "", "", "",
                         case["name"]), flush=True)
    return True


def main():
    wanted = sys.argv[1:] or list(MEASURES) + micro_names()
    unknown = [n for n in wanted if n not in MEASURES and n not in micro_names()]
    if unknown:
        print(f"bench: no measure {unknown[0]}; there are: {' '.join(list(MEASURES) + micro_names())}",
              file=sys.stderr)
        return 2
    with open(os.path.join(HERE, "budgets.json"), encoding="utf-8") as file:
        budgets = json.load(file)
    print(ROW.format("what", "measured", "baseline", "budget", "", "how"))
    ok = [run_process(n, budgets) if n in MEASURES else run_micro(n) for n in wanted]
    print(f"\nJSON: {os.path.relpath(OUT, os.getcwd())}/")
    return 0 if all(ok) else 1


if __name__ == "__main__":
    sys.exit(main())
