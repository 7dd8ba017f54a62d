#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""The checker finds each planted fault, and nothing in a clean tree."""
import os
import subprocess
import sys
import tempfile
import unittest

CHECKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "check_structure.py")
HEADER = "// SPDX-License-Identifier: Apache-2.0\n"
CLEAN = {
    "profiler/base/CMakeLists.txt": "lambent_library(base LAYER 1)\n",
    "profiler/metrics/CMakeLists.txt": "lambent_library(metrics LAYER 2 DEPS lambent::base)\n",
    "collector/store/CMakeLists.txt": "lambent_library(store LAYER 3 DEPS lambent::base)\n",
    "profiler/metrics/a.cc": HEADER + '#include "profiler/base/b.h"\n',
}


def check(extra):
    with tempfile.TemporaryDirectory() as root:
        for name, text in {**CLEAN, **extra}.items():
            os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
            with open(os.path.join(root, name), "w", encoding="utf-8") as file:
                file.write(text)
        run = subprocess.run([sys.executable, CHECKER, root], capture_output=True, text=True,
                             env={**os.environ, "GIT_CEILING_DIRECTORIES": os.path.dirname(root)})
        return run.returncode, run.stdout


class CheckStructureTest(unittest.TestCase):
    def finds(self, name, text, message):
        status, output = check({name: text})
        self.assertEqual(status, 1, output)
        self.assertIn(message, output)

    def test_a_clean_tree_passes(self):
        status, output = check({})
        self.assertEqual(status, 0, output)

    def test_a_system_header_outside_the_seam(self):
        self.finds("profiler/metrics/x.cc", HEADER + "#include <unistd.h>\n", "system header")

    def test_the_profiler_including_the_collector(self):
        self.finds("profiler/metrics/x.cc", HEADER + '#include "collector/store/s.h"\n', "may not include")

    def test_an_undeclared_dependency(self):
        self.finds("profiler/base/x.cc", HEADER + '#include "profiler/metrics/m.h"\n', "does not depend on")

    def test_product_code_including_a_test_header(self):
        self.finds("profiler/base/x.cc", HEADER + '#include "tests/fakes/f.h"\n', "product code includes")

    def test_a_file_that_is_too_long(self):
        self.finds("profiler/base/x.cc", HEADER + "\n" * 600, "split it")

    def test_a_missing_licence_line(self):
        self.finds("profiler/base/x.cc", "int x;\n", "no SPDX")

    def test_a_path_of_somebodys_machine(self):
        self.finds("profiler/base/x.cc", HEADER + "// see /ho" + "me/someone/x\n", "build machine")


if __name__ == "__main__":
    unittest.main()
