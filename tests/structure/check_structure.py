#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks what the compiler does not: who includes whom, who touches the system, and sizes.

usage: check_structure.py [REPOSITORY]
Exit status 1 and one line per finding (file:line: what) when a rule is broken; a file over its aim
but under the limit is a warning.
"""
import os
import re
import subprocess
import sys

# Side of the pipeline -> what it may include besides itself. Within a side, each folder's CMakeLists.txt
# says what it depends on and CMake checks the layers; check_dependencies() holds the includes to it.
SIDES = {
    "profiler": {"proto"},
    "extensions": {"profiler", "proto"},
    "collector": {"profiler/base", "profiler/os", "proto"},
    "collector/record": {"profiler", "proto"},
    "collector/cli": {"profiler/base", "profiler/os", "proto", "collector", "extensions/local"},
}
# Headers only profiler/os/linux may name, in product code; elf.h is a format, not a service. Tests and
# benchmarks also play the profiled process, and then are the system's user themselves.
SYSTEM = re.compile(
    r"^(unistd|fcntl|signal|csignal|pthread|dirent|poll|sched|link|dlfcn|netdb|spawn|termios|ifaddrs|"
    r"sys/.*|netinet/.*|arpa/.*|net/.*|linux/.*|asm/.*)(\.h)?$")
# Sample programs stand alone, the way a customer's function does; they use the system directly.
STANDALONE = ("extensions/local/examples/",)
# Who may name them besides: the agent runs inside the profiled process, with no library at all.
SYSTEM_USERS = ("profiler/os/linux/", "extensions/internal/")
AIM = {".h": 120, ".cc": 300}
LIMIT = 500
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
# Paths of one person's machine have no place in a repository.
MACHINE_PATH = re.compile(r"(?<![\w./$}])/(home|root|work|Users)/[\w.-]+")


def files(root):
    """The tracked files and the new ones not ignored; outside git, every file."""
    try:
        out = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"],
                             check=True, capture_output=True, text=True).stdout
        names = out.splitlines()
    except (OSError, subprocess.CalledProcessError):
        names = [os.path.relpath(os.path.join(folder, name), root)
                 for folder, _, here in os.walk(root) for name in here]
        names = [n for n in names if not n.startswith(("build/", ".git/"))]
    return sorted(n for n in set(names) if os.path.isfile(os.path.join(root, n)))


def declared(root, names):
    """Folder -> the folders it may include: what its CMakeLists.txt names, and theirs in turn."""
    folder_of, direct = {}, {}
    for name in names:
        if os.path.basename(name) != "CMakeLists.txt":
            continue
        text = open(os.path.join(root, name), encoding="utf-8").read()
        for found in re.finditer(r"lambent_library\(\s*(\w+)\s([^)]*)\)", text):
            folder_of[found[1]] = os.path.dirname(name)
            direct[found[1]] = re.findall(r"lambent::(\w+)", found[2])

    def closure(target, seen):
        for dep in direct.get(target, []):
            if dep not in seen:
                seen.add(dep)
                closure(dep, seen)
        return seen

    return {folder_of[t]: {folder_of[d] for d in closure(t, {t}) if d in folder_of} for t in direct}


def component(path, folders):
    """The deepest folder with a target of its own that holds path."""
    return max((f for f in folders if path.startswith(f + "/")), key=len, default=None)


def check_include(name, target, allowed):
    """What is wrong with file `name` including `target`, or None."""
    product = not name.startswith(("tests/", "bench/"))
    if product and SYSTEM.match(target) and not name.startswith(SYSTEM_USERS):
        return f"system header <{target}> outside profiler/os/linux: use an interface of profiler/os"
    if not target.startswith(("profiler/", "extensions/", "collector/", "tests/", "proto/")):
        return None
    if not product:
        return None
    if target.startswith("tests/"):
        return f"product code includes {target}"
    side = max((s for s in SIDES if name.startswith(s + "/")), key=len, default=None)
    if side and not any(target.startswith(s + "/") for s in SIDES[side] | {side.split("/")[0]}):
        return f"{side} may not include {target}"
    own, other = component(name, allowed), component(target, allowed)
    if own and other and other not in allowed[own]:
        return f"{own} includes {target}, but its CMakeLists.txt does not depend on {other}"
    return None


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "../..")
    names = files(root)
    allowed = declared(root, names)
    errors = warnings = 0
    for name in names:
        extension = os.path.splitext(name)[1]
        if name == "LICENSE" or extension in (".png", ".pb", ".db", ".gz", ".zst"):
            continue
        if name.startswith(("tests/fuzz/corpus/", "tests/golden/")):
            continue
        with open(os.path.join(root, name), encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
        found = []
        for number, line in enumerate(lines, 1):
            if MACHINE_PATH.search(line):
                found.append((number, "path of a build machine"))
            include = INCLUDE.match(line) if extension in (".h", ".cc") else None
            if include and not name.startswith(STANDALONE):
                wrong = check_include(name, include[1], allowed)
                if wrong:
                    found.append((number, wrong))
        if extension in AIM:
            if "SPDX-License-Identifier" not in "".join(lines[:3]):
                found.append((1, "no SPDX header"))
            if extension == ".h" and "#pragma once" not in lines:
                found.append((1, "no #pragma once"))
            if len(lines) > LIMIT:
                found.append((len(lines), f"{len(lines)} lines: split it (limit {LIMIT})"))
            elif len(lines) > AIM[extension]:
                warnings += 1
                print(f"{name}:{len(lines)}: warning: {len(lines)} lines, aim {AIM[extension]}")
            if os.path.basename(name) == "main.cc" and len(lines) > 40:
                found.append((len(lines), f"a main.cc of {len(lines)} lines (limit 40)"))
        for number, what in found:
            errors += 1
            print(f"{name}:{number}: error: {what}")
    print(f"structure: {len(names)} files, {errors} errors, {warnings} warnings")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
