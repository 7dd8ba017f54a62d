# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""Lambent and its peers as commands that profile one process at 99 Hz."""
import os
import shutil
import subprocess

from processes import BIN, PYTHON, ROOT
from results import reason

HZ = 99
PEERS = os.path.join(ROOT, "build/bench/peers")


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
            missing[name] = reason(error)
    return found, missing
