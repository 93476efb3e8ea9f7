#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# vm: icount
# The edge of calls is calibrated by running some, and a tracer that stops each of them
# must not make it as large as its own stops: it would take all computing for edge.
import json
import os
import subprocess
import bt

OUT = os.path.join(bt.TMP, "out")
# Computes for longer than its calls cost untraced, for less than strace's stops take.
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
bt.done(4)
