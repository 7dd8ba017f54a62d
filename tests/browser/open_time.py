# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""How long a flame graph of 100,000 nodes takes to open. usage: open_time.py [WRITE_PAGES | PAGE]

Navigation start to first frame drawn, in headless Chromium; prints each run and, as the last word,
the median in ms."""

import os
import statistics
import subprocess
import sys
import tempfile

import chromium

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RUNS = 9


def main():
    source = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build/release/tests/browser/write_pages")
    if chromium.find() is None:
        sys.exit("open_time.py: no Chromium is installed")
    if not os.path.exists(source):
        sys.exit(f"open_time.py: {source} is not there; build it with ./dev build")
    with tempfile.TemporaryDirectory() as directory, chromium.Chromium() as browser:
        page = source
        if not source.endswith(".html"):
            subprocess.run([source, directory, "100000"], check=True)
            page = os.path.join(directory, "big.html")
        times = [browser.open("file://" + os.path.abspath(page)) for _ in range(RUNS)]
    print("ms each:", *(f"{one:.0f}" for one in times))
    print(f"median {statistics.median(times):.1f}")


if __name__ == "__main__":
    main()
