#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""Tests of parsers.py, report.py, bounds.toml and publish.py on what one run of `make bench`
left in samples/. Of the outputs of perf trace, two threads' tables and few "LOST" lines
are kept."""
import contextlib
import io
import json
import os
import re
import tempfile
import unittest
from unittest import mock

import parsers
import publish
import report

SAMPLES = os.path.join(os.path.dirname(os.path.realpath(__file__)), "samples")
REPORTED = {
    "traced": (100000, 15628145),
    "bpf": (100000, 24934419),
    "syscount": (100000, 106068934),
    "syscount-pid": (100000, 106765065),
    "perf-bpf": (100000, 86074000),
    "bpftrace": (100000, 218858923),
    "perf-trace": (93434, 273161000),
    "strace": (100000, 424684000),
    "strace-seccomp": (100000, 449516000),
}


def sample(name):
    with open(os.path.join(SAMPLES, name)) as f:
        return f.read()


class Parsers(unittest.TestCase):
    def test_each_tool(self):
        self.assertEqual(REPORTED.keys(), parsers.TOOLS.keys())
        for case, (calls, ns) in REPORTED.items():
            with self.subTest(case):
                got = parsers.TOOLS[case](sample("bench-" + case))
                self.assertEqual(got[0], calls)
                self.assertAlmostEqual(got[1], ns)

    def test_text_without_the_call(self):
        for case, parse in parsers.TOOLS.items():
            text = sample("bench-" + case).replace("getsid", "gettid")
            text = text.replace("\n124 ", "\n125 ").replace("[124]", "[125]")
            for absent in text, "":
                with self.subTest(case), self.assertRaises(Exception):
                    parse(absent)

    def test_perf_trace_adds_its_threads(self):
        text = sample("bench-perf-trace")
        self.assertEqual(parsers.perf_trace(text + text), (2 * 93434, 2 * 273161000))

    def test_strace_with_errors(self):
        text = "  0.41    0.022629           6      2982       991 getsid\n"
        self.assertEqual(parsers.strace(text), (2982, 22629000))

    def test_last_measurement_counts(self):
        self.assertEqual(parsers.measurements("a b 1\nc d 2.5\na b 3\n"),
                         {("a", "b"): 3, ("c", "d"): 2.5})

    def test_line_that_is_no_measurement(self):
        with self.assertRaises(ValueError):
            parsers.measurements("bench: the module does not load\n")


def run_report(probes="", tools="yes", without="$^", also=""):
    """Exit status, JSON and printed text, from the sample without the lines in which a
    regular expression is found."""
    lines = [line for line in sample("measurements").splitlines()
             if not re.search(without, line)]
    with (tempfile.NamedTemporaryFile("r") as f,
          mock.patch("sys.stdin", io.StringIO("\n".join(lines) + "\n" + also)),
          contextlib.redirect_stdout(io.StringIO()) as out):
        status = report.main("KERNEL", probes, tools, f.name, SAMPLES)
        return status, json.load(f), out.getvalue()


class Report(unittest.TestCase):
    def bound(self, result, name):
        found = [b for b in result["bounds"] if b["name"] == name]
        self.assertEqual(len(found), 1, name)
        return found[0]

    def test_figures(self):
        status, result, text = run_report()
        self.assertTrue(status)
        self.assertEqual([b["value"] for b in result["bounds"] if not b["pass"]], [-4403])
        for name, value in {
                "null call of a traced thread: added": 118.08,
                "null call of a traced thread: added, relative to two empty probes": 1.53,
                "null call: added by strace -c, relative to bricktrace": 195.58,
                "opening and closing a run at level measure": 3417.25,
                "decode loop: added by mode tail, relative to mode measure": 1.54,
                "opening and closing a run at level measure: added by one reader of finished runs": 298.05,
                "ioctl of a traced thread: added by counting it by device and command": 509.38,
                "slow call: added to the cost of a traced call": 171.61,
                "ioctl: added by bpftrace, which counts by device and command, relative to bricktrace": 9.48,
                "kernel memory for each brick": 4106,
        }.items():
            self.assertAlmostEqual(self.bound(result, name)["value"], value, 2)
        self.assertEqual(text.count("FAIL"), 1)
        self.assertEqual(text.count("PASS"), len(result["bounds"]) - 1)

    def test_status_0_if_all_is_in_bounds(self):
        # The sample's only figure outside its bound.
        near = parsers.measurements(sample("measurements"))["beside-32768", "exec"]
        status, result, text = run_report(also=f"among-32768 exec {near}\n")
        self.assertFalse(status, text)

    def test_missing_figure_fails(self):
        status, result, text = run_report(without="afterwards")
        bound = self.bound(result, "null call: added after the last traced run has ended")
        self.assertTrue(status)
        self.assertFalse(bound["pass"])
        self.assertIn("missing: ('afterwards', 'getppid')", text)

    def test_figure_outside_its_bound_fails(self):
        name = "null call: added after the last traced run has ended"
        for ns, good in (322.8, True), (323, False), (321.6, True), (321, False):
            _, result, _ = run_report(also=f"afterwards getppid {ns}\n")
            self.assertEqual(self.bound(result, name)["pass"], good, ns)

    def test_bounds_of_a_kernel_with_preemptible_probes(self):
        _, result, _ = run_report(probes="preemptible")
        names = [b["name"] for b in result["bounds"]]
        self.assertNotIn("null call of a traced thread: added", names)
        self.assertEqual(self.bound(
            result, "null call of a traced thread: added, relative to two empty probes")["high"], 2.1)

    def test_bounds_without_tools_or_delays(self):
        every = len(run_report()[1]["bounds"])
        self.assertEqual(len(run_report(tools="")[1]["bounds"]), every - 9)
        self.assertEqual(len(run_report(without="delay-")[1]["bounds"]), every - 4)


class Bounds(unittest.TestCase):
    def test_entries(self):
        conditions = {"enabled", "disabled", "tools", "delays"}
        bounds = report.bounds_of(conditions)
        # One for preemptible probes besides those that a complete run checks.
        self.assertEqual(len(bounds), 52)
        for bound in bounds:
            with self.subTest(bound["name"]):
                self.assertTrue(callable(getattr(report.Figures, bound["figure"])))
                self.assertIn(bound.get("when"), conditions | {None})
                self.assertLess(bound["low"], bound.get("high", float("inf")) + 1)
                self.assertRegex(bound["why"], r"^\w.*\.$")


class Publish(unittest.TestCase):
    def test_documents_with_and_without_tools(self):
        # The tools' rows and the delays are missing on most kernels.
        few = "^(bpf|syscount|perf|strace|delay|contention)"
        for tools, without in ("yes", "$^"), ("", few):
            result = run_report(tools=tools, without=without)[1]
            with self.subTest(without):
                documents = publish.Documents(result)
                text = documents.bench_md()
                for name, block in documents.blocks().items():
                    self.assertIn(name, ("costs", "parts", "worst", "delays"))
                    self.assertIn("|---|", block)
                self.assertIn("| bricktrace, traced thread | 118 (1.37 x) |", text)
                self.assertIn("| bricktrace, traced thread | 509 (1.74 x) | 651 (1.56 x) |", text)
                self.assertEqual("| bpftrace, count, sum and longest | 4,828 (8.00 x) |" in text,
                                 bool(tools))
                self.assertEqual("strace -c -f" in text, bool(tools))
                self.assertIn("**-4,403.00**", text)
                self.assertIn("bricktrace, traced thread", documents.plot("x.svg"))

    def test_no_figure_is_minus_zero(self):
        result = run_report(tools="yes")[1]
        result["others"][0]["call"] = result["others"][0]["exit"] = -0.002
        result["parts"][1]["getppid"] = result["bounds"][0]["value"] = -0.002
        documents = publish.Documents(result)
        for text in documents.bench_md(), *documents.blocks().values():
            self.assertNotRegex("".join(text), r"-0(\.0+)? \|")

    def test_every_document_has_its_blocks(self):
        names = []
        for name in publish.DOCUMENTS:
            with open(os.path.join(SAMPLES, "../../../docs", name)) as f:
                text = f.read()
            found = re.findall(r"^<!-- bench: (\w+), ", text, re.M)
            self.assertTrue(found, name)
            self.assertEqual(text.count("<!-- bench: end -->"), len(found), name)
            names += found
        self.assertEqual(sorted(names), ["costs", "delays", "parts", "worst"])

    def test_only_blocks_are_replaced(self):
        text = ("a\n<!-- bench: x, y -->\nold\n<!-- bench: end -->\nb\n"
                "<!-- bench: z, y -->\n<!-- bench: end -->\n")
        new = ("a\n<!-- bench: x, y -->\n\n1\n\n<!-- bench: end -->\nb\n"
               "<!-- bench: z, y -->\n\n2\n\n<!-- bench: end -->\n")
        for before in text, new:
            self.assertEqual(publish.replaced(before, {"x": "1", "z": "2"}), new)

    def test_unknown_block(self):
        with self.assertRaises(KeyError):
            publish.replaced("<!-- bench: x, y -->\n<!-- bench: end -->\n", {})


if __name__ == "__main__":
    unittest.main()
