#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# bricktrace monitor as an operator sees it: the runs of the host as lines and as JSON, what
# is selected, losses, how it ends, and who may use it.
import json
import os
import re
import signal
import subprocess
import sys
import time
import bt

OUT = os.path.join(bt.TMP, "out")
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def monitor(*args, command=("bricktrace",), **kw):
    """Starts bricktrace monitor, and waits until it reads."""
    p = subprocess.Popen([*command, "monitor", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True, env={**os.environ, "TZ": "UTC"}, **kw)
    bt.ok(p.stderr.readline().startswith("bricktrace: reading the runs of "), f"monitor {' '.join(args)}: begins")
    return p


def ended(p, status, name):
    out, err = p.communicate(timeout=60)
    bt.equal(p.returncode, status, name)
    return out, err


def runs(*args, user=()):
    """Closes runs at level measure: their number, the brick, and perhaps its budget in nanoseconds."""
    subprocess.run([*user, "runs", *map(str, args)], check=True, cwd="/")


# A record equals the result that the program got.
p = monitor("-j", "-n", "1")
before = time.time_ns()
own = bt.traced(["sh", "-c", "sleep 0.01; exec cat /dev/null"], "-n", "one brick", "-b", "1us", "--slow", "1ms")
after = time.time_ns()
out, err = ended(p, 0, "-n 1: ends after one run")
j = json.loads(out)
differ = [k for k in own if own[k] != j[k] and k not in ("slow_ns", "slow_calls")]
bt.equal(differ, [], "-j: the members of run -j have the same values")
# The time of day of a call is converted from another clock, at another moment.
ignored = {"path": None, "start_unix_ns": None}
bt.equal([{**c, **ignored} for c in j["slow_calls"]], [{**c, **ignored} for c in own["slow_calls"]],
         "-j: the slow calls are the same")
bt.between(max(abs(a["start_unix_ns"] - b["start_unix_ns"]) for a, b in zip(j["slow_calls"], own["slow_calls"])),
           0, 10_000_000, "-j: their times of day are the same but for 10 ms")
bt.ok(len(j["slow_calls"]) > 0, "-j: there is a slow call", j["slow_calls"])
o = j["origin"]
bt.equal((j["sequence"] >= 1, j["why"], j["granted"]), (True, ["over_budget", "manual"], False),
         "-j: its number, why it is interesting")
bt.equal((o["uid"], o["level"], o["scope"], o["released"], o["abandoned"], o["missing"], o["parent"], o["depth"]),
         (os.geteuid(), "trace", "session", False, False, 0, None, 0), "-j: where the run comes from")
bt.between(o["end_unix_ns"], before, after, "-j: the run ended while its program ran")
bt.equal(o["end_unix_ns"] - o["start_unix_ns"], j["wall_ns"], "-j: the time of day of its start")
bt.ok(re.fullmatch("[0-9a-f]{32}", o["trace_id"]) and re.fullmatch("[0-9a-f]{16}", o["span_id"]) and
      o["parent_span_id"] is None, "-j: the run has a trace and a span of its own", o)
bt.equal(o["machine"], os.uname().machine, "-j: the machine")
bt.ok("1 runs shown, of " in err, "-n 1: the summary", err)

# The label and the parent are those of the environment.
p = monitor("-j", "-n", "1")
bt.traced(["true"], env={**os.environ, "OTEL_SERVICE_NAME": "player \u00fc",
                         "TRACEPARENT": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})
o = json.loads(ended(p, 0, "a traced run of a service")[0])["origin"]
bt.equal((o["label"], o["trace_id"], o["parent_span_id"], o["trace_flags"]),
         ("player \u00fc", "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", 1),
         "-j: OTEL_SERVICE_NAME and TRACEPARENT")

# Lines.
p = monitor("-n", "3")
runs(1, "kept", 10**9)
runs(1, "late", 1)
bt.traced(["true"], "-n", "whole")
out, _ = ended(p, 0, "three lines")
lines = out.splitlines()
bt.equal(len(lines), 3, "a line for each run")
bt.ok(re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} runs\[\d+\] kept 0\.\d+ s, budget kept, not traced", lines[0]),
      "a run that kept its budget", lines[0])
bt.ok(re.fullmatch(r".* runs\[\d+\] late 0\.\d+ s, budget exceeded by 0\.\d+ s, not traced", lines[1]),
      "a run that exceeded its budget", lines[1])
bt.ok(re.fullmatch(r".*\[.*\] whole 0\.\d+ s, \d+\.\d\d % in calls, most in \w+", lines[2]), "a traced run", lines[2])

# Names that a terminal would obey.
odd = os.path.join(bt.TMP, "a\x1b[1m")
os.symlink(sys.executable, odd)
p = monitor("-n", "1")
q = subprocess.Popen([odd, "-c", "import time; time.sleep(100)"])
bt.quiet(["bricktrace", "attach", "-p", str(q.pid), "-d", "0.1", "-n", "odd", "-o", OUT])
out, _ = ended(p, 0, "a program whose name has a control character")
q.kill()
q.wait()
bt.ok("\x1b" not in out and " odd 0." in out, "control characters are escaped", out)

# What is selected.
for args, wanted in ((("--over-budget",), ["late"]), (("--brick", "k*"), ["kept"]), (("--traced",), ["whole"]),
                     ((), ["kept", "late", "whole"]), (("--over-budget", "--traced"), [])):
    p = monitor("-j", *args)
    runs(1, "kept", 10**9)
    runs(1, "late", 1)
    bt.traced(["true"], "-n", "whole")
    p.send_signal(signal.SIGINT)
    out, err = ended(p, 0, f"{' '.join(args) or 'without options'}: ^C ends it with status 0")
    bt.equal([json.loads(line)["brick"] for line in out.splitlines()], wanted,
             f"{' '.join(args) or 'without options'}: these runs")
    bt.ok(f"bricktrace: {len(wanted)} runs shown, of " in err, f"{' '.join(args)}: the summary counts them", err)
for sig in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
    p = monitor()
    p.send_signal(sig)
    ended(p, 0, f"{sig.name} ends it with status 0")
p = monitor("-d", "0.3")
start = time.monotonic()
ended(p, 0, "-d: the duration ends it with status 0")
bt.between(time.monotonic() - start, 0.1, 30, "-d 0.3: after that time")

# A line is there when its run has ended, and not when a buffer is full.
p = monitor()
runs(1, "soon")
bt.ok(" soon 0." in p.stdout.readline(), "a line comes at once")
p.send_signal(signal.SIGTERM)
ended(p, 0, "it ends")

# Losses, in their place: each run is shown or counted as lost.
N = 30000
p = monitor("-j", "--buffer-size", "128K")
p.send_signal(signal.SIGSTOP)
runs(N, "storm")
p.send_signal(signal.SIGCONT)
q = subprocess.Popen(["sh", "-c", "sleep 1; runs 1 last; sleep 1; kill -INT $0", str(p.pid)])
out, err = ended(p, 0, "a monitor that was stopped")
q.wait()
records = [json.loads(line) for line in out.splitlines()]
lost = sum(r.get("lost", 0) for r in records)
shown = [r for r in records if "brick" in r]
bt.equal(lost + len(shown), N + 1, "each run is shown or lost")
bt.ok(lost > 0 and shown[-1]["brick"] == "last", "runs were lost, and it goes on after that", lost, shown[-1]["brick"])
at = 1
wrong = []
for r in records:
    if r["sequence"] != at:
        wrong.append((r["sequence"], at))
    at = r["sequence"] + r.get("lost", 1)
bt.equal(wrong, [], "the sequence has no gap that a loss does not explain")
bt.ok(f" {lost} were lost" in err, "the summary counts the losses", err)

# The reader of the output ends.
p = subprocess.run(["sh", "-c", "(sleep 1; runs 3 a; sleep 1; runs 1 a) & bricktrace monitor 2>err | head -n 1; cat err"],
                   cwd=bt.TMP, stdout=subprocess.PIPE, text=True, timeout=60)
bt.ok("cannot" not in p.stdout and p.stdout.count(" a 0.") == 1, "it ends without a complaint when its reader ends", p.stdout)
p = bt.cli("monitor", "-d", "0.1")
bt.equal(p.returncode, 0, "without any run")
with open("/dev/full", "w") as full:
    p = subprocess.Popen(["bricktrace", "monitor"], stdout=full, stderr=subprocess.PIPE, text=True)
    p.stderr.readline()
    runs(1, "a")
    err = p.communicate(timeout=60)[1]
bt.ok(p.returncode == 125 and "No space left on device" in err, "an output that is full: 125", err)

# Whose runs, and who may see them.
os.chmod("/dev/bricktrace", 0o666)
p = monitor("-j")
q = monitor("-j", "--all")
runs(1, "root")
runs(1, "nobody", user=NOBODY)
time.sleep(0.5)
for which in (p, q):
    which.send_signal(signal.SIGINT)
bt.equal([json.loads(line)["brick"] for line in ended(p, 0, "without -a")[0].splitlines()], ["root"],
         "without -a: the runs of this user")
got = [json.loads(line) for line in ended(q, 0, "-a")[0].splitlines()]
bt.equal([(r["brick"], r["origin"]["uid"]) for r in got], [("root", 0), ("nobody", 65534)], "-a: the runs of all users")
p = subprocess.run([*NOBODY, "bricktrace", "monitor", "-a"], cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
bt.ok(p.returncode == 1 and "CAP_PERFMON" in p.stderr and "setcap" in p.stderr and not p.stdout,
      "without the right: 1, and what to do", p)
p = monitor("-j", command=(*NOBODY, "--inh-caps=+perfmon", "--ambient-caps=+perfmon", "bricktrace"), cwd="/")
runs(1, "root")
runs(1, "nobody", user=NOBODY)
time.sleep(0.5)
p.send_signal(signal.SIGINT)
bt.equal([json.loads(line)["brick"] for line in ended(p, 0, "with CAP_PERFMON")[0].splitlines()], ["nobody"],
         "with CAP_PERFMON alone: the runs of that user")
os.chmod("/dev/bricktrace", 0o660)
bt.done()
