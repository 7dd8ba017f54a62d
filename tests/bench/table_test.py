#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""The table of ./dev bench: each row stands alone, and what was not measured never passes."""
import contextlib
import io
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "bench"))
sys.path.insert(0, os.path.join(ROOT, "bench/process"))
sys.dont_write_bytecode = True
import by_turns  # noqa: E402
import engine  # noqa: E402
import processes  # noqa: E402
import results  # noqa: E402
import run  # noqa: E402
import slowdown  # noqa: E402
import units  # noqa: E402
from results import Result  # noqa: E402

AT_MOST = {"at_most": 4, "unit": "ms", "claim": "c"}
BUDGETS = {"m.one": AT_MOST, "m.other": AT_MOST}


def quietly(function, *arguments):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        return function(*arguments), out.getvalue()


class JudgeTest(unittest.TestCase):
    def test_budgets(self):
        self.assertEqual(run.judge(4, AT_MOST), "pass")
        self.assertEqual(run.judge(4.1, AT_MOST), "MISS")
        self.assertEqual(run.judge(29, {"at_least": 30}), "MISS")
        self.assertEqual(run.judge(4, None), "")

    def test_what_is_not_there_is_neither(self):
        self.assertEqual(run.judge(None, AT_MOST), "not measured")

    def test_a_quick_run_judges_nothing(self):
        with mock.patch.object(results, "QUICK", True):
            self.assertEqual(run.judge(5, AT_MOST), "")

    def test_every_number_of_the_start_has_a_row(self):
        with open(os.path.join(ROOT, "bench/budgets.json"), encoding="utf-8") as file:
            budgets = json.load(file)
        for row in budgets:
            self.assertIn(row.rpartition(".")[0], run.ALL, row)
        for row, limit in {"start.register_ms": 4, "start.next_ms": 10, "memory.peak_mb": 14, "added.median_ms": 1,
                           "cpu.busy_percent": 1, "wire.bytes_per_sample": 12, "layer.zip_mb": 7,
                           "html.open_ms": 300}.items():
            self.assertEqual(budgets[row]["at_most"], limit, row)


class RowsTest(unittest.TestCase):
    def rows_of(self, measure):
        with mock.patch.dict(run.ALL, {"m": measure}):
            rows, out = quietly(run.run_process, "m", BUDGETS)
        return {row["name"]: row for row in rows}, out

    def test_a_row_tells_its_interval(self):
        rows, out = self.rows_of(lambda: [Result("m.one", 3, 2, "how", (2.5, 3.5)), Result("m.other", 5, None, "how")])
        self.assertEqual(rows["m.one"]["interval"], (2.5, 3.5))
        self.assertEqual((rows["m.one"]["verdict"], rows["m.other"]["verdict"]), ("pass", "MISS"))
        self.assertEqual(rows["m.one"]["ratio"], 1.5)
        self.assertIn("within 2.5 to 3.5 ms; how", out)

    def test_whatever_ends_a_measure_is_said_in_the_rows_it_owes(self):
        def measure():
            yield Result("m.one", 3, None, "how")
            raise ZeroDivisionError("division by zero")
        rows, out = self.rows_of(measure)
        self.assertEqual(rows["m.one"]["verdict"], "pass")
        self.assertEqual(rows["m.other"]["verdict"], "not measured")
        self.assertIsNone(rows["m.other"]["value"])
        self.assertIn("not measured: ZeroDivisionError", out)

    def test_each_stands_alone(self):
        def refused():
            raise RuntimeError("refused")
        found = list(results.each({"m.one": refused, "m.other": lambda: (3, None, "how")}))
        self.assertEqual(found, [Result("m.one", None, None, "refused"), Result("m.other", 3, None, "how")])


class MainTest(unittest.TestCase):
    def main(self, arguments, measure):
        """Exit status, what was printed, JSON by name."""
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(run, "OUT", folder), \
                mock.patch.object(run, "come_first", return_value="first") as come_first, \
                mock.patch.object(results, "QUICK", False), mock.patch.dict(run.MEASURES, {"start": measure}), \
                mock.patch.dict(run.ALL, {"start": measure}), mock.patch.object(sys, "argv", ["run.py"] + arguments):
            status, out = quietly(run.main)
            saved = {}
            for name in os.listdir(folder):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    saved[name] = json.load(file)
        return status, out, saved, come_first.called

    def test_a_miss_is_said_and_no_failure(self):
        status, out, saved, _ = self.main(["start"], lambda: [Result("start.register_ms", 9, 1, "how"),
                                                              Result("start.next_ms", 9, 1, "how")])
        self.assertEqual(status, 0)
        self.assertEqual([row["verdict"] for row in saved["start.json"]], ["MISS", "pass"])
        self.assertIn("all: 1 pass, 1 MISS, 0 not measured", out)

    def test_what_could_not_be_measured_fails(self):
        status, out, saved, _ = self.main(["start"], lambda: [Result("start.register_ms", 1, 1, "how")])
        self.assertEqual(status, 1)
        self.assertIsNone(saved["start.json"][1]["value"])
        self.assertIn("all: 1 pass, 0 MISS, 1 not measured", out)

    def test_a_quick_run_leaves_priorities_and_files_alone(self):
        rows = [Result("start.register_ms", 9, 1, "how"), Result("start.next_ms", 9, 1, "how")]
        status, _, saved, came_first = self.main(["--quick", "start"], lambda: rows)
        self.assertEqual((status, saved, came_first), (0, {}, False))
        self.assertTrue(self.main(["start"], lambda: rows)[3])


class UnwindTest(unittest.TestCase):
    def rows_of(self, changes):
        def case(name):
            return {"name": "Run/" + name, "run_name": "Run/" + name, "run_type": "iteration", "cpu_time": 400,
                    "frames": 33, "per_frame": 1e-8, "known_percent": 99} | changes.get(name, {})
        names = ["UnwindWarm", "UnwindWarm_libunwind", "UnwindWarm_ptrace", "UnwindUncached", "FunctionNeverSeen",
                 "UnwindFirst", "UnwindFirst_libunwind"]
        out = json.dumps({"benchmarks": [case(name) for name in names]})
        with mock.patch.object(subprocess, "run", return_value=mock.Mock(returncode=0, stdout=out)):
            return {row.name.removeprefix("engine.unwind."): row for row in engine.unwind()}

    def test_a_peer_that_is_refused_takes_only_its_own_row(self):
        rows = self.rows_of({"UnwindWarm_ptrace": {"error_occurred": True, "error_message": "ptrace is refused"}})
        self.assertEqual([name for name, row in rows.items() if row.value is None], ["times_ptrace"])
        self.assertIn("ptrace is refused", rows["times_ptrace"].how)

    def test_a_walk_that_ended_early_is_no_comparison(self):
        rows = self.rows_of({"UnwindWarm_libunwind": {"frames": 5}})
        self.assertIsNone(rows["times_libunwind"].value)
        self.assertIn("5 frames of 33", rows["times_libunwind"].how)

    def test_without_ours_there_is_no_comparison(self):
        rows = self.rows_of({"UnwindWarm": {"error_occurred": True, "error_message": "no-rules"}})
        self.assertEqual([name for name, row in rows.items() if row.value is None],
                         ["warm_ns", "times_libunwind", "times_ptrace"])


class SlowdownTest(unittest.TestCase):
    def rows_of(self, refused):
        """With a target whose units take 100 ns alone, 101 beside any profiler."""
        def profiled(target, command):
            if command in refused:
                raise RuntimeError(f"{command} ended early: not permitted")
            return mock.Mock(unit_ns=101, own_share=0.01)
        names = ["lambent", "perf", "py-spy"]
        with mock.patch.multiple(slowdown, Target=mock.MagicMock(), profiled=profiled,
                                 Slice=lambda *_: mock.Mock(unit_ns=100, own_share=0),
                                 commands=lambda *_: ({name: name for name in names}, {})):
            return {row.name.removeprefix("engine.slowdown."): row for row in slowdown.slowdown()}

    def test_all_there(self):
        rows = self.rows_of([])
        self.assertEqual(len(rows), 5)
        self.assertAlmostEqual(rows["native_percent"].value, 1)
        self.assertAlmostEqual(rows["python_more_than_perf"].value, 0)

    def test_a_peer_that_is_refused_takes_only_its_own_rows(self):
        rows = self.rows_of(["perf"])
        self.assertEqual([name for name, row in rows.items() if row.value is None],
                         ["native_more_than_perf", "python_more_than_perf"])
        self.assertIn("not permitted", rows["native_more_than_perf"].how)

    def test_where_ours_is_refused_every_row_says_so(self):
        rows = self.rows_of(["lambent"])
        self.assertEqual({row.value for row in rows.values()}, {None})
        self.assertIn("lambent ended early", rows["python_more_than_pyspy"].how)


class MedianIntervalTest(unittest.TestCase):
    def test_ranks_of_the_binomial_distribution(self):
        for n, ranks in {6: (1, 6), 9: (2, 8), 20: (6, 15), 30: (10, 21), 100: (40, 61)}.items():
            self.assertEqual(units.median_interval(range(n, 0, -1)), ranks)

    def test_few_values_span_it(self):
        self.assertEqual(units.median_interval([3, 1]), (1, 3))
        self.assertEqual(units.median_interval([3]), (3, 3))


class ByTurnsTest(unittest.TestCase):
    def setUp(self):
        self.signals = []
        self.log = mock.Mock()
        for patch in (mock.patch.object(by_turns, "UnitLog", return_value=self.log),
                      mock.patch.object(by_turns.os, "kill", lambda pid, number: self.signals.append(number)),
                      mock.patch.object(by_turns.time, "sleep")):
            patch.start()
            self.addCleanup(patch.stop)

    def turns(self):
        turns = by_turns.ByTurns(20)
        self.addCleanup(turns.folder.cleanup)
        return turns

    def test_steady_drift_cancels_and_the_extension_runs_again(self):
        moment = iter(range(1000))

        def over(_seconds, _least):  # slower by 1 in each slice, and by 2 % beside it
            return [(1000 + next(moment)) * (1.02 if self.signals[-1] == signal.SIGCONT else 1)]
        self.log.over.side_effect = over
        turns = self.turns()
        turns.take(1)
        self.assertEqual(len(turns.slowed), 20)
        for slowed in turns.slowed:
            self.assertAlmostEqual(slowed, 0.02)
        cont, stop = signal.SIGCONT, signal.SIGSTOP
        self.assertEqual(self.signals[:8], [cont, stop, stop, cont, stop, cont, cont, stop])
        self.assertEqual(self.signals[-1], cont)
        self.log.end.assert_called_once()

    def test_the_extension_runs_again_when_the_function_did_not(self):
        self.log.over.side_effect = [[1], RuntimeError("the program hardly ran")]
        with self.assertRaises(RuntimeError):
            self.turns().take(1)
        self.assertEqual(self.signals[-2:], [signal.SIGSTOP, signal.SIGCONT])


class LocalRunTest(unittest.TestCase):
    def run_local(self, status, **arguments):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(processes, "BIN", folder):
            program = os.path.join(folder, "lambent")
            with open(program, "w", encoding="utf-8") as file:
                file.write('#!/bin/sh\nwhile [ "$1" != --report ]; do shift; done\n'
                           f"echo '{{\"status\": \"{status}\"}}' > \"$2\"\n")
            os.chmod(program, stat.S_IRWXU)
            return processes.LocalRun("functions.nothing", {}, **arguments)

    def test_a_run_is_one_of_invocations_that_succeeded(self):
        self.assertEqual(len(self.run_local("success").report), 1)
        with self.assertRaisesRegex(RuntimeError, "1 of 1 invocations failed"):
            self.run_local("timeout")
        with self.assertRaisesRegex(RuntimeError, "2 were asked for"):
            self.run_local("success", invocations=2)

    def test_an_extension_that_never_came_costs_not_nothing(self):
        with self.assertRaisesRegex(RuntimeError, "no lambent-extension ran"):
            self.run_local("success", extensions="extensions")


if __name__ == "__main__":
    unittest.main()
