# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""The exported flame graph page in a real browser. usage: viewer_test.py WRITE_PAGES

WRITE_PAGES is the program that writes the pages of the sample profiles. Exit status 77: skipped,
because no Chromium is installed."""

import subprocess
import sys
import tempfile
import unittest

import chromium

PAGES = None
BROWSER = None

TOP = "document.getElementById('stage').getBoundingClientRect().top"


def text(id):
    return BROWSER.evaluate(f"document.getElementById('{id}').textContent")


def row(depth):
    """y of the middle of the frames at a depth."""
    return BROWSER.evaluate(TOP) + 4 + depth * 19 + 9


def open_page(name, state=""):
    return BROWSER.open(f"file://{PAGES}/{name}.html{state}")


def press(*keys):
    for key in keys:
        BROWSER.key(key)
    BROWSER.frame()


def search(words):
    press("/")
    BROWSER.evaluate(
        "(() => { const q = document.getElementById('query'); q.value = %r; q.oninput(); })()" % words)
    BROWSER.frame()


class ViewerTest(unittest.TestCase):
    def test_shows_title_totals_drops_and_cost(self):
        open_page("small")
        self.assertEqual(text("title"), "checkout · version 7 · 3 invocations")
        sums = text("sums")
        for part in ("1.45 s wall", "614 ms CPU", "145 samples", "5 dropped", "inconsistent 3",
                     "45.2 of 99 Hz sampled (the overhead budget allowed 46.1 Hz)",
                     "outbox-full 2", "3 partial (2.07%)", "4.20 ms CPU profiling cost (0.66%)", "310 µs stopped"):
            self.assertIn(part, sums)

    def test_asks_the_network_for_nothing(self):
        open_page("small")
        asked = [e["params"]["request"]["url"] for e in BROWSER.events
                 if e.get("method") == "Network.requestWillBeSent"]
        self.assertEqual([url for url in asked if not url.startswith("file:") and url != "about:blank"], [])

    def test_click_zooms_and_escape_shows_everything(self):
        open_page("small")
        BROWSER.click(1300, row(1))
        BROWSER.frame()
        self.assertIn("handler", text("crumbs"))
        self.assertIn("z=", BROWSER.evaluate("location.hash"))
        press("Escape")
        self.assertEqual(text("crumbs"), "all")

    def test_wheel_zooms_where_it_points(self):
        open_page("small")
        for _ in range(12):
            BROWSER.mouse("mouseWheel", 1300, row(1), deltaX=0, deltaY=-120)
        BROWSER.frame()
        self.assertIn("handler", text("crumbs"))

    def test_hover_tells_name_place_time_and_percent(self):
        open_page("small")
        BROWSER.mouse("mouseMoved", 1300, row(1))
        BROWSER.frame()
        tip = text("tip")
        for part in ("handler", "/var/task/app.py:41", "810 ms", "55.86%", "self"):
            self.assertIn(part, tip)

    def test_truncated_frames_explain_themselves(self):
        open_page("small")
        BROWSER.mouse("mouseMoved", 254, row(1))
        BROWSER.frame()
        self.assertIn("[truncated]", text("tip"))
        self.assertIn("callers between this and the root are missing", text("tip"))

    def test_search_counts_each_stack_once_and_steps_through_matches(self):
        open_page("small")
        search("poll")
        self.assertEqual(text("matched"), "51.72% in 4")
        press("Enter")
        self.assertIn("poll", text("status"))
        search("fetch_stock|tax")
        self.assertEqual(text("matched"), "0.00% in 0")
        BROWSER.evaluate("document.getElementById('regex').click()")
        self.assertEqual(text("matched"), "69.66% in 3")

    def test_says_when_the_expression_is_wrong(self):
        open_page("small", "#r=1&q=(")
        self.assertEqual(text("matched"), "not a regular expression")

    def test_keys_move_the_selection_and_zoom(self):
        open_page("small")
        press("ArrowDown")
        self.assertTrue(text("status").startswith("handler"))
        press("ArrowDown", "ArrowRight")
        self.assertTrue(text("status").startswith("loads"), text("status"))
        press("Enter")
        self.assertIn("loads", text("crumbs"))
        press("Backspace")
        self.assertNotIn("loads", text("crumbs"))

    def test_mirror_gives_the_selection_to_screen_readers(self):
        open_page("small")
        press("ArrowDown")
        here = "document.getElementById('here')"
        self.assertEqual(BROWSER.evaluate(here + ".getAttribute('role')"), "treeitem")
        self.assertEqual(BROWSER.evaluate(here + ".getAttribute('aria-level')"), "2")
        self.assertIn("handler, 810 ms", BROWSER.evaluate(here + ".textContent"))

    def test_inverted_shows_leaves_first(self):
        open_page("small", "#i=1")
        press("ArrowDown")
        self.assertTrue(text("status").startswith("[poll] · 750 ms"), text("status"))
        press("ArrowDown")
        self.assertTrue(text("status").startswith("poll · 750 ms"), text("status"))
        press("ArrowDown")
        self.assertTrue(text("status").startswith("fetch_stock · 750 ms"), text("status"))

    def test_weight_phase_and_thread_recompute_the_totals(self):
        open_page("small", "#w=cpu")
        self.assertIn("614 ms", text("status"))
        open_page("small", "#p=1,3")
        self.assertIn("1.18 s", text("status"))
        open_page("small", "#t=1")
        self.assertIn("1.03 s", text("status"))
        open_page("small", "#w=samples&t=1&p=1")
        self.assertIn("81 samples", text("status"))

    def test_tells_samples_by_rung_and_filters_by_it(self):
        open_page("small")
        self.assertEqual(BROWSER.evaluate("document.querySelector('#rungs summary').textContent"), "Rungs: all 4")
        listed = text("rungs")
        for part in ("unchanged74 samples, 740 ms", "consistent-read56 samples, 560 ms",
                     "stop9 samples, 90.0 ms", "blocked6 samples, 60.0 ms"):
            self.assertIn(part, listed)
        BROWSER.evaluate("document.querySelector('#rungs input[value=\"0\"]').click()")
        BROWSER.frame()
        self.assertIn("710 ms", text("status"))
        self.assertEqual(BROWSER.evaluate("document.querySelector('#rungs summary').textContent"), "Rungs: 3 of 4")
        state = BROWSER.evaluate("location.hash")
        self.assertIn("g=0", state)
        open_page("small", state)
        self.assertIn("710 ms", text("status"))
        open_page("diff")
        self.assertTrue(BROWSER.evaluate("document.getElementById('rungs').hidden"))

    def test_address_keeps_the_state(self):
        open_page("small")
        press("i", "t", "w")
        search("tax")
        state = BROWSER.evaluate("location.hash")
        for part in ("w=cpu", "i=1", "c=dark", "q=tax"):
            self.assertIn(part, state)
        open_page("small", state)
        self.assertEqual(BROWSER.evaluate("document.getElementById('query').value"), "tax")
        self.assertEqual(BROWSER.evaluate("document.documentElement.className"), "dark")

    def test_difference_tells_base_compare_and_change(self):
        open_page("diff")
        search("tax")
        press("Enter")
        status = text("status")
        for part in ("base 210 ms (30.00%)", "compare 420 ms (48.17%)", "+18.17 points of share", "×1.61"):
            self.assertIn(part, status)
        search("discount")
        press("Enter")
        self.assertIn("new", text("status"))
        self.assertIn("greater", text("legend"))

    def test_hostile_names_are_only_ever_text(self):
        for state in ("", "#i=1", "#q=script", "#s=3&z=2"):
            open_page("hostile", state)
            for y in range(1, 14):
                BROWSER.mouse("mouseMoved", 400, row(y))
            press("ArrowDown", "ArrowDown", "Enter")
            self.assertIsNone(BROWSER.evaluate("window.__pwned"))
            self.assertEqual(BROWSER.evaluate("document.querySelectorAll('img, iframe').length"), 0)
            # The viewer, the profile, the loader, and the viewer as the loader put it in.
            self.assertEqual(BROWSER.evaluate("document.scripts.length"), 4)
        self.assertIn("<script>", BROWSER.evaluate("document.getElementById('crumbs').textContent"))

    def test_big_profile_opens_inverts_and_searches(self):
        open_page("big")
        search("compute_step_1")
        self.assertRegex(text("matched"), r"^\d+\.\d+% in [\d,]+$")
        press("Escape", "Escape", "i")
        self.assertIsNone(BROWSER.evaluate("document.documentElement.dataset.failed || null"))


if __name__ == "__main__":
    if chromium.find() is None:
        print("SKIPPED: no Chromium is installed")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as directory, chromium.Chromium() as browser:
        PAGES, BROWSER = directory, browser
        subprocess.run([sys.argv.pop(1), directory], check=True)
        sys.exit(not unittest.main(exit=False).result.wasSuccessful())
