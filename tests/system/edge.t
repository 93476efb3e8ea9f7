#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# bricktrace calibrates the edge by making calls. Under a tracer that stops each call, the
# edge must not become as long as the stops, because all computing would then seem to be
# edge.
# Rules: edge, compute.
import json
import os
import subprocess
import bt

OUT = os.path.join(bt.TMP, "out")
# This program computes for longer than its calls take without strace, and for less time than
# strace's stops take.
LOOP = ["python3", "-c", """
import os
for _ in range(2000):
    os.getppid()
    for _ in range(100):
        pass
"""]


def on_cpu(run):
    return run["compute"]["ns"] - run["compute"]["offcpu_ns"]


alone = bt.traced(LOOP)
bt.equal(alone["edge"]["provenance"], "estimated", "alone: the edge is calibrated")
p = subprocess.run(["strace", "-f", "-o", "/dev/null", "bricktrace", "run", "-j", "-o", OUT,
                    "--", *LOOP], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE, text=True)
bt.equal(p.returncode, 0, "under strace: the program runs")
with open(OUT) as f:
    run = json.load(f)
bt.ok(run["edge"]["ns"] is None or on_cpu(run) > 0.8 * on_cpu(alone),
      "under strace: the edge does not swallow what is computed", run["edge"], run["compute"],
      on_cpu(alone))
bt.equal(run["edge"]["provenance"] == "not_calibrated", "strace" in p.stderr,
         "under strace: bricktrace says why the edge is not calibrated")
bt.done()
