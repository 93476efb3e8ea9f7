# SPDX-License-Identifier: MIT
"""What the system tests in Python share: TAP output and the results of bricktrace run -j."""
import json
import os
import subprocess
import sys
import tempfile
import time

_n = 0
_failed = 0
TMP = tempfile.mkdtemp(prefix="bt-test-")


def ok(good, name, *why):
    global _n, _failed
    _n += 1
    print(f"{'ok' if good else 'not ok'} {_n} - {name}")
    if not good:
        _failed += 1
        for line in "\n".join(str(w) for w in why).splitlines():
            print("#", line)
    sys.stdout.flush()
    return good


def equal(got, wanted, name):
    return ok(got == wanted, name, f"got    {got!r}", f"wanted {wanted!r}")


def between(got, low, high, name):
    return ok(got is not None and low <= got <= high, name,
              f"got {got}, wanted {low} to {high}")


def note(text):
    print("#", text)


def done():
    """Ends the test. One that stops earlier has no plan, so prove says that it failed."""
    print(f"1..{_n}")
    sys.exit(_failed > 0)


def tap(command):
    """Runs a program that prints TAP, and repeats its checks among those of this test."""
    out = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    plan = 0
    ran = 0
    for line in out.stdout.splitlines():
        if line.startswith("1.."):
            plan = int(line[3:])
        elif line.startswith(("ok ", "not ok ")):
            ran += 1
            ok(line.startswith("ok "), line.split(" - ", 1)[1])
        else:
            print(line)
    ok(plan > 0 and ran == plan and (out.returncode == 0) == (_failed == 0),
       f"{command[0]} runs to its end", f"status {out.returncode}, {ran} of {plan} tests")


def quiet(command, **kw):
    """Runs a command and discards its output."""
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, **kw)


def until(what, seconds=20):
    """Waits until a condition holds, and returns whether it does."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def settle(p):
    """Waits until the process has slept for a second: it has reached its final blocking call."""
    asleep = 0
    while asleep < 50 and p.poll() is None:
        with open(f"/proc/{p.pid}/stat") as f:
            asleep = asleep + 1 if ") S " in f.read() else 0
        time.sleep(0.02)


def cli(*args, **kw):
    """Runs bricktrace with these arguments and captures its standard output and error."""
    return subprocess.run(["bricktrace", *args], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kw)


def traced(command, *options, env=None):
    """Runs a command under bricktrace run -j and returns the decoded JSON."""
    path = os.path.join(TMP, "run.json")
    if os.path.exists(path):
        os.unlink(path)
    quiet(["bricktrace", "run", "-j", "-o", path, *options, "--", *command], env=env)
    with open(path) as f:
        return json.load(f)


def adds_up(run):
    """Checks that the parts of a measured run sum up to its thread time; returns what differs."""
    parts = [c["ns"] for c in run["categories"].values()]
    parts += [run["compute"]["ns"], run["edge"]["ns"] or 0, run["control_ns"]]
    wrong = []
    if run["provenance"] != "measured" or run["reason"] is not None:
        wrong.append(f"{run['provenance']}: {run['reason']}")
    if sum(parts) != run["thread_ns"]:
        wrong.append(f"{sum(parts)} is not {run['thread_ns']}")
    for key in ("count", "in_flight", "errors", "ns", "offcpu_ns", "runnable_ns"):
        total = sum(c[key] for c in run["categories"].values())
        calls = sum(s[key] for s in run["syscalls"])
        if total != calls:
            wrong.append(f"{key}: categories have {total}, calls {calls}")
    return wrong
