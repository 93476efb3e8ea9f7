#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# A loop of null calls does not count as computing, neither in a run by the ioctls nor under
# bricktrace run.
# Rules: edge, compute.
import bt

CALLS = 100_000
CALL_NS = 480

bt.tap(["null"])


def figures(run):
    """Returns times on the CPU, since off the CPU the program waits for the host's disk."""
    calls = run["categories"].values()
    window = sum(c["ns"] - c["offcpu_ns"] for c in calls)
    compute = run["compute"]["ns"] - run["compute"]["offcpu_ns"]
    return window, run["edge"]["ns"], compute


# The loop has four instructions. The rest of the program is the same in both runs.
none, many = bt.traced(["null", "0"]), bt.traced(["null", str(CALLS)])
bt.equal(bt.adds_up(none) + bt.adds_up(many), [], "run: the figures add up")
counts = {s["name"]: s["count"] for s in many["syscalls"]}
bt.equal(counts.get("getppid"), CALLS, "run: each call is counted")
window, edge, compute = [(m - n) / CALLS for m, n in zip(figures(many), figures(none))]
whole = window + edge + compute
bt.note(f"a call: {whole:.1f} ns, window {window:.1f}, edge {edge:.1f}, compute {compute:.1f}")
bt.between(whole, CALL_NS * 0.9, CALL_NS * 1.1, "run: a traced call is 480 instructions")
bt.between(compute, 4 - CALL_NS / 10, 4 + CALL_NS / 10,
           "run: compute is the loop without the call, within 10 % of a call")
bt.between(window, 100, 250, "run: the category has the call's window")
bt.equal(many["edge"]["provenance"], "estimated", "run: the edge says that it is an estimate")
bt.done()
