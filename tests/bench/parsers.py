# SPDX-License-Identifier: MIT
"""Figures out of the text that the guest and the traced programs' tools print.

Each tool traced tests/bench/works, which made 100,000 calls to getsid(). The functions of
TOOLS return how many of them the tool counted and how many nanoseconds it says that they
took in all. They raise an exception if the text says nothing about getsid().
"""
import json
import re

CALL, NUMBER = "getsid", 124  # the number on x86-64


def measurements(text):
    """{(CASE, WHAT): NUMBER} from lines "CASE WHAT NUMBER"; the last line of a pair counts."""
    found = {}
    for line in text.splitlines():
        case, what, number = line.split()
        found[case, what] = float(number)
    return found


def bricktrace(text):
    for call in json.loads(text)["syscalls"]:
        if call["name"] == CALL:
            return call["count"], call["ns"]
    raise ValueError(f"no {CALL}")


def peer(text):
    # number, calls, errors, ns, longest
    for line in text.splitlines():
        number, calls, _, ns, _ = map(int, line.split())
        if number == NUMBER:
            return calls, ns
    raise ValueError(f"no {CALL}")


def bpftrace(text):
    return tuple(int(re.search(rf"^@{of}\[{NUMBER}\]: (\d+)", text, re.M)[1])
                 for of in ("calls", "ns"))


def perf_trace(text):
    # A table for each thread: system call, calls, errors, total in ms, ...
    rows = re.findall(rf"^ +{CALL} +(\d+) +\d+ +([\d.]+) ", text, re.M)
    if not rows:
        raise ValueError(f"no {CALL}")
    return sum(int(calls) for calls, _ in rows), sum(float(ms) for _, ms in rows) * 1e6


def strace(text):
    # % time, seconds, usecs/call, calls, errors if there were any, system call
    found = re.search(rf"^ *[\d.]+ +([\d.]+) +\d+ +(\d+)(?: +\d+)? +{CALL}$", text, re.M)
    return int(found[2]), float(found[1]) * 1e9


def syscount(text):
    # system call, calls, us
    found = re.search(rf"^{CALL} +(\d+) +([\d.]+)$", text, re.M)
    return int(found[1]), float(found[2]) * 1e3


# By the case of tests/bench/guest, which leaves the text in the file bench-CASE.
TOOLS = {
    "traced": bricktrace,
    "bpf": peer,
    "syscount": syscount,
    "syscount-pid": syscount,
    "perf-bpf": perf_trace,
    "bpftrace": bpftrace,
    "perf-trace": perf_trace,
    "strace": strace,
    "strace-seccomp": strace,
}
