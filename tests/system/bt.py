# SPDX-License-Identifier: MIT
"""What the system tests in Python share: TAP and bricktrace run -j."""
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


def done(planned):
    print(f"1..{planned}")
    sys.exit(_failed > 0 or _n != planned)


def tap(command):
    """Runs a program that speaks TAP itself; its tests become ours."""
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
    """Runs a command without its output."""
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, **kw)


def settle(p):
    """Until the process has slept for a second: it waits for what it was started for."""
    asleep = 0
    while asleep < 50 and p.poll() is None:
        with open(f"/proc/{p.pid}/stat") as f:
            asleep = asleep + 1 if ") S " in f.read() else 0
        time.sleep(0.02)


def cli(*args, **kw):
    """bricktrace with these arguments: status, standard output and error."""
    return subprocess.run(["bricktrace", *args], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kw)


def traced(command, *options, env=None):
    """The JSON of bricktrace run -j for a command."""
    path = os.path.join(TMP, "run.json")
    if os.path.exists(path):
        os.unlink(path)
    quiet(["bricktrace", "run", "-j", "-o", path, *options, "--", *command], env=env)
    with open(path) as f:
        return json.load(f)


def adds_up(run):
    """Do the parts of a measured run sum up to its thread time?"""
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
