# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""Reading other processes, running `lambent local` with and without the extension, a collector."""
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.environ.get("LAMBENT_BUILD", os.path.join(ROOT, "build/release"))
BIN = os.path.join(BUILD, "bin")
FUNCTIONS = os.path.join(ROOT, "bench/process/functions")
PYTHON = "/usr/bin/python3"


def descendants(pid):
    """pid -> name of the program, for every living process below pid."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                    stat = file.read()
                parents[int(entry)] = int(stat[stat.rindex(")") + 2:].split()[1])
            except (OSError, ValueError):
                pass
    below, found = {pid}, {}
    grown = True
    while grown:
        grown = False
        for child, parent in parents.items():
            if parent in below and child not in below:
                below.add(child)
                grown = True
                try:
                    found[child] = os.path.basename(os.readlink(f"/proc/{child}/exe"))
                except OSError:
                    pass
    return found


def cpu_seconds(pid):
    """CPU time of all threads, to the nanosecond (schedstat; ended threads are not in it)."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def status_kb(pid, field):
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    return None


class Collector:
    """The real collector on a temporary folder, behind a proxy that counts what extensions send."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="lambent-bench-")
        ports = os.path.join(self.folder, "ports")
        self.process = subprocess.Popen(
            [os.path.join(BIN, "lambent-collector"), "--data-dir", os.path.join(self.folder, "data"),
             "--grpc-address", "127.0.0.1:0", "--http-address", "127.0.0.1:0", "--ports-file", ports],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not os.path.exists(ports) or "http=" not in open(ports, encoding="ascii").read():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError("lambent-collector did not start")
            time.sleep(0.02)
        lines = dict(line.strip().split("=", 1) for line in open(ports, encoding="ascii"))
        self.address = "127.0.0.1:" + lines["grpc"]
        self.sent_bytes = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.counted_address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._relay, daemon=True).start()

    def _relay(self):
        def copy(source, sink, counts):
            try:
                while piece := source.recv(65536):
                    self.sent_bytes += len(piece) if counts else 0
                    sink.sendall(piece)
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            host, port = self.address.rsplit(":", 1)
            server = socket.create_connection((host, int(port)))
            threading.Thread(target=copy, args=(client, server, True), daemon=True).start()
            threading.Thread(target=copy, args=(server, client, False), daemon=True).start()

    def invocations(self, function):
        out = subprocess.run([os.path.join(BIN, "lambent"), "invocations", "--function", function, "--json",
                              "--collector", self.address], capture_output=True, text=True, check=True).stdout
        found = json.loads(out)
        return found["invocations"] if isinstance(found, dict) else found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class LocalRun:
    """One `lambent local` of a Python function; afterwards its responses, report lines and, of the
    extension, CPU seconds and peak resident kB as last seen alive. Raises when an invocation failed, or
    when no extension came though there should be one: what it cost would be nothing, and wrong.

    beside: called once with the extension's pid, while the function runs."""

    def __init__(self, handler, event, invocations=1, extensions=None, collector=None, timeout=60,
                 name="bench", freeze_ms=0, beside=None):
        self.extension_cpu = self.extension_peak_kb = 0
        with tempfile.TemporaryDirectory(prefix="lambent-bench-") as folder:
            report = os.path.join(folder, "report")
            command = [os.path.join(BIN, "lambent"), "local", "--runtime", "python", "--python", PYTHON,
                       "--task-root", FUNCTIONS, "--handler", handler, "--function-name", name,
                       "--event", json.dumps(event), "--invocations", str(invocations),
                       "--timeout", str(timeout), "--report", report, "--response-dir", folder,
                       "--freeze-ms", str(freeze_ms), "--quiet"]
            if extensions:
                command += ["--extensions", extensions]
            if collector:
                command += ["--env", f"LAMBENT_COLLECTOR={collector}"]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                self._watch(process, beside)
            finally:
                process.terminate()  # nothing when it has ended; else it takes its children along
                process.wait()
            with open(report, encoding="utf-8") as file:
                self.report = [json.loads(line) for line in file]
            self.responses = []
            for entry in sorted(os.listdir(folder)):
                if entry.endswith(".json"):
                    with open(os.path.join(folder, entry), encoding="utf-8") as file:
                        self.responses.append(json.load(file))
        failed = [line for line in self.report if line.get("status") != "success"]
        if process.returncode or failed or len(self.report) != invocations:
            raise RuntimeError(f"lambent local ended with {process.returncode}; {len(failed)} of "
                               f"{len(self.report)} invocations failed, {invocations} were asked for")
        if extensions and not self.extension_peak_kb:
            raise RuntimeError("no lambent-extension ran beside the function")

    def _watch(self, process, beside):
        extension = None
        while process.poll() is None:
            time.sleep(0.05)
            try:
                if extension is None:
                    extension = next((p for p, n in descendants(process.pid).items()
                                      if n == "lambent-extension"), None)
                if extension:
                    self.extension_cpu = cpu_seconds(extension)
                    self.extension_peak_kb = max(self.extension_peak_kb, status_kb(extension, "VmHWM") or 0)
            except (OSError, ValueError):
                extension = None
            if extension and beside:
                beside(extension)
                beside = None
