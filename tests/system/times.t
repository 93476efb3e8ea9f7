#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# A known time is reported where it was spent, both in a run by the ioctls and under bricktrace
# run.
# Rules: compute, waiting, sums.
import bt

bt.tap(["timing"])


def on_cpu(compute):
    """A program that touches a new page waits for the host's disk, off the CPU."""
    return compute["ns"] - compute["offcpu_ns"]


# The time to load a program depends on the host's disk, but the time of nanosleep is exact.
run = bt.traced(["timing", "sleep"])
other = run["categories"]["other"]
sleep = {s["name"]: s for s in run["syscalls"]}["nanosleep"]
bt.equal(bt.adds_up(run), [], "run, sleeping: the figures add up")
bt.equal(sleep["count"], 100, "run, sleeping: 100 calls")
bt.between(sleep["ns"], 1_000_000_000, 1_020_000_000, "run, sleeping: a second in nanosleep")
bt.between(other["ns"], sleep["ns"], run["thread_ns"], "run, sleeping: which is in other")
bt.between(other["offcpu_ns"], other["ns"] * 0.99, other["ns"], "run, sleeping: off the CPU")
bt.between(on_cpu(run["compute"]), 0, 10_000_000, "run, sleeping: is not computing")
bt.equal(run["dominant"], "other", "run, sleeping: other dominates")

# Reading a page takes the CPU as well, so the first run has read them all.
bt.traced(["timing", "spin"])
run = bt.traced(["timing", "spin"])
bt.equal(bt.adds_up(run), [], "run, spinning: the figures add up")
bt.between(on_cpu(run["compute"]), 1_000_000_000, 1_010_000_000,
           "run, spinning: a second of computing on the CPU")
bt.equal(run["dominant"], "other", "run, spinning: no call but those that load it")

# Each of two programs wants the CPU for a second of wall time and gets half of that.
run = bt.traced(["taskset", "-c", "0", "sh", "-c", "timing spin & timing spin & wait"], "-f")
compute = run["compute"]
bt.equal(bt.adds_up(run), [], "run, two want one CPU: the figures add up")
bt.ok(compute["ns"] > 2_000_000_000, "run, two want one CPU: compute")
# One may begin later, when its program has been loaded from the host's disk.
bt.between(compute["runnable_ns"], 800_000_000, 1_050_000_000,
           "run, two want one CPU: half of it is waiting")
bt.ok(compute["runnable_ns"] <= compute["offcpu_ns"] * 1.01,
      "run, two want one CPU: which is off the CPU")
bt.done()
