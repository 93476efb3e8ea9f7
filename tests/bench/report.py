#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""report.py KERNEL PROBES TOOLS FILE DIRECTORY

Reads the guest's measurements from standard input and what the traced programs' tools
printed from DIRECTORY, prints tables and the bounds of bounds.toml, and writes all of it
to FILE as JSON. PROBES is "preemptible" if the kernel calls probes with preemption
enabled, else empty; TOOLS is empty if other tools were not measured. The exit status is 1
if a figure is outside its bound or could not be computed."""
import json
import os
import sys
import tomllib

import parsers

CASES = {
    "none": "no module",
    "idle": "module loaded, nothing traced",
    "floor": "two empty probes (the floor)",
    "unregistered": "bricktrace, unfollowed thread",
    "registered": "bricktrace, followed, in no run",
    "traced": "bricktrace, traced thread",
}
TOOLS = {
    "bpf": "hand-written BPF program",
    "syscount": "libbpf-tools' syscount -L",
    "syscount-pid": "libbpf-tools' syscount -L -p",
    "perf-bpf": "perf trace -as --bpf-summary",
    "perf-stat": "perf stat -e raw_syscalls:*",
    "bpftrace": "bpftrace, sum and count",
    "perf-trace": "perf trace -s",
    "strace": "strace -c -f",
    "strace-seccomp": "strace --seccomp-bpf -c -f",
}
WORKS = {
    "getppid": "getppid",
    "pread": "pread 4 KiB",
    "futex": "futex round trip",
    "pipe": "perf bench sched pipe",
    "sqlite": "sqlite, 100 transactions",
}
SHORT_CALLS = 100000  # what bench-work makes
PIPE_CALLS, PIPE_SWITCHES = 4, 2  # of one operation of perf bench sched pipe

# The numbers of followed threads while other threads are measured, and what those do.
CROWDS = (1, 100, 10000, 32768)
ACTS = {
    "call": "a null call",
    "switch": "a context switch",
    "fork": "a fork",
    "exec": "an exec",
    "exit": "the exit of a process",
    "thread": "a thread: creation, exit and join",
}

# What bench-hold does with a crowd, and how long others wait for it at most.
WITH_CROWD = {
    "arm": "arming the hooks",
    "tracer-unarmed": "enabling another tracer while the hooks are not armed",
    "tracer-armed": "enabling another tracer while the hooks are armed",
    "follow": "registering a process",
    "open": "opening a run over a session",
    "close": "closing that run",
    "drop": "releasing the session",
    "join": "registering one thread in a session",
    "leave": "unregistering one thread from a session",
    "slow": "changing `slow_ns` of a session",
}
DELAYS = {
    "nothing": "nothing is done",
    "arm": "the hooks are armed",
    "tracer": "another tracer is enabled",
    "disarm": "the hooks are released",
    "follow": "all threads are registered",
    "open": "a run over all threads is opened",
    "close": "that run is closed",
    "leave": "one thread is unregistered",
    "join": "that thread is registered again",
    "slow": "`slow_ns` of the session is changed",
    "drop": "the session is released",
}
FOLLOWERS = 64  # sessions
IOCTLS = {
    "empty": "two empty ioctls",
    "run": "a run at level measure",
    "auto-measure": "level auto, mode measure",
    "auto-next": "level auto, mode next, without an anomaly",
    "empty-traced": "two empty ioctls of a traced thread",
    "trace-thread": "level trace, scope thread",
    "trace-session": "level trace, scope session, one thread",
    "auto-trace": "level auto, mode trace",
    "auto-tail": "level auto, mode tail",
}
# Who reads the finished runs while bench-stream opens and closes some, and their levels.
READERS = {
    "own": "the session reads its stream",
    "waited": "a thread waits in that stream",
    "full": "the ring of that stream is full: the run is lost",
    "host": "somebody else reads the host-wide stream",
    "hosts": "16 others do",
}
LEVELS = {"measure": "level measure", "trace": "level trace"}
# Single calls of bench-command, and what counts the ioctls by device and command.
COMMANDS = {
    "tty": "`TIOCGWINSZ` of a terminal",
    "control": "RM CONTROL of a fake GPU",
}
COMMAND_CASES = {
    "none": "not traced",
    "traced": "bricktrace, traced thread",
    "bpftrace-commands": "bpftrace, count, sum and longest",
}
ATTACH = {
    "register": "registering the process",
    "open": "opening a run over it",
    "close": "closing that run",
    "release": "releasing the session",
}
PARTS = [
    ("the slow path of system calls and two empty probes: the floor", "none", "floor"),
    ("reading and testing the CPU's pointer, twice", "floor", "part1"),
    ("disabling preemption, where the tracepoint does not", "part1", "part2"),
    ("reading the clock, twice", "part2", "part3"),
    ("finding the slot and accounting", "part3", "traced"),
]


class Figures:
    """What can be computed from measurements; KeyError if one of them is missing."""

    def __init__(self, ns, reported):
        self.ns = ns
        self.said = reported

    def measured(self, case, what):
        return self.ns[case, what]

    def added(self, case, work="getppid"):
        return self.ns[case, work] - self.ns["none", work]

    def percent_added(self, case, work):
        return self.added(case, work) / self.ns["none", work] * 100

    def in_floors(self, case):
        return self.added(case) / self.added("floor")

    def in_bricktraces(self, case, work="getppid"):
        return self.added(case, work) / self.added("traced", work)

    def stream_added(self, readers, level):
        """What opening and closing a run costs more while somebody reads the finished runs."""
        return self.ns[f"stream-{readers}", level] - self.ns["stream-none", level]

    def slow_added(self):
        """What a slow call costs more than the same call while there are no slow calls."""
        return self.ns["traced", "slow"] - self.ns["traced", "long"]

    def per_switch(self, case, without):
        """Cost of one context switch of an unfollowed thread: (pipe with the switch probe
        - pipe without it - 4 null call differences) / 2. An overestimate where a null call
        costs more, because a pipe's call costs still more."""
        calls = self.ns[case, "call"] - self.ns[without, "call"]
        pipe = self.ns[case, "pipe"] - self.ns[without, "pipe"]
        return (pipe - PIPE_CALLS * calls) / PIPE_SWITCHES

    def others(self, threads):
        """What each act of unfollowed programs costs more while so many threads are
        followed than while the same threads are not."""
        case, without = f"among-{threads}", f"beside-{threads}" if threads else "alone"
        costs = {act: self.ns[case, act] - self.ns[without, act]
                 for act in ACTS if act != "switch"}
        costs["switch"] = self.per_switch(case, without)
        # Each contains the child's switch and that of its waking parent.
        for act in "exit", "thread":
            costs[act] -= PIPE_SWITCHES * costs["switch"]
        return costs

    def most_added_to_others(self, act, crowds=CROWDS):
        return max((self.others(n)[act] for n in crowds), key=abs)

    def growth(self, prefix):
        """Percent by which the most expensive case PREFIX-N exceeds the first of them."""
        costs = [self.added(case) for case, _ in self.ns if case.startswith(prefix + "-")]
        if len(costs) < 3:
            raise KeyError(prefix)
        return (max(costs) / costs[0] - 1) * 100

    def decode_added(self, case, without):
        return (self.ns[case, "decode"] / self.ns[without, "decode"] - 1) * 100

    def counted(self):
        return self.said["traced"][0]

    def reported_time(self):
        return self.said["traced"][1] / SHORT_CALLS / self.ns["none", "calls"]

    def many_to_one(self, act):
        return self.ns[f"worst-{CROWDS[-1]}", act] / self.ns["worst-1", act]

    def followed_switch(self, threads):
        """With its share of the two calls, which are traced."""
        return (self.ns[f"followed-{threads}", "pipe"] - self.ns["alone", "pipe"]) / PIPE_SWITCHES

    def followed_switch_growth(self):
        return self.followed_switch(CROWDS[-1]) - self.followed_switch(1)

    def added_by_sessions(self, act, sessions):
        return self.ns[f"followers-{sessions}", act] - self.ns["followers-0", act]

    def added_by_session(self, act):
        one, many = (self.ns[f"followers-{n}", act] for n in (1, FOLLOWERS))
        return (many - one) / (FOLLOWERS - 1)


def bounds_of(conditions):
    """The entries of bounds.toml that apply under these conditions."""
    with open(os.path.join(os.path.dirname(os.path.realpath(__file__)), "bounds.toml"), "rb") as f:
        bounds = tomllib.load(f)["bound"]
    return [b for b in bounds if b.get("when") in (None, *conditions)]


def check(figures, bound):
    """A bound with its figure's value, None if that is not known."""
    try:
        value = getattr(figures, bound["figure"])(*bound.get("of", []))
    except KeyError as e:
        print(f"missing: {e}")
        value = None
    low, high = bound["low"], bound.get("high")
    return {"name": bound["name"], "value": value, "low": low, "high": high,
            "unit": bound["unit"], "why": bound["why"],
            "pass": value is not None and low <= value and (high is None or value <= high)}


def one_to_many(name, one, many, number):
    return {"name": name, "one": one, "many": many, "each": (many - one) / (number - 1)}


def report(kernel, ns, reported, conditions):
    """What bench.json contains."""
    figures = Figures(ns, reported)
    works = [{"case": c, "name": words, **{w: ns.get((c, w)) for w in WORKS},
              # A null call of a thread that is not traced, meanwhile.
              "other": ns.get(("unregistered", "getppid") if c == "traced" else (c, "other"))}
             for c, words in {**CASES, **TOOLS}.items() if c != "none"]
    delays = [{"name": words, **{mode: ns[f"delay-{mode}", what] for mode in ("full", "voluntary")}}
              for what, words in DELAYS.items() if ("delay-voluntary", what) in ns]
    return {
        "schema": 5,
        "kernel": kernel,
        "works": works,
        "bare": {w: ns["none", w] for w in WORKS},
        "short": {"made": SHORT_CALLS, "ns": ns["none", "calls"],
                  "said": [{"name": {**CASES, **TOOLS}[c], "calls": calls, "ns": total}
                           for c, (calls, total) in reported.items()]},
        "contention": {c: ns.get(("contention", c)) for c in ("untraced", "traced")},
        "acts": ACTS,
        "others": [{"threads": n, **figures.others(n)} for n in (0, *CROWDS)],
        "ioctls": [{"case": c, "name": words, "instructions": ns[c, "ioctls"]}
                   for c, words in IOCTLS.items()],
        "streams": [{"case": r, "name": words, **{v: figures.stream_added(r, v) for v in LEVELS}}
                    for r, words in READERS.items()],
        "commands": [{"case": c, "name": words, **{w: ns.get((c, w)) for w in COMMANDS}}
                     for c, words in COMMAND_CASES.items()],
        "slow": figures.slow_added(),
        "decode": {c: ns[c, "decode"] for c in ("none", "auto-measure", "auto-tail")},
        "memory": {"thread": ns["attach", "memory"], "brick": ns["brick", "memory"]},
        "parts": [{"name": words, "getppid": ns[after, "getppid"] - ns[before, "getppid"]}
                  for words, before, after in PARTS],
        "attach": [{"name": words, "instructions": ns["attach", what]}
                   for what, words in ATTACH.items()],
        "attach_all_ms": ns["attach", "all_ms"],
        "arm_us": ns["attach", "arm_us"],
        "beside_empty_probes": figures.added("beside-floor"),
        "worst": {
            "threads": CROWDS[-1],
            "sessions": FOLLOWERS,
            "with_threads": [
                *(one_to_many(words, ns["worst-1", act], ns[f"worst-{CROWDS[-1]}", act], CROWDS[-1])
                  for act, words in WITH_CROWD.items()),
                one_to_many("a context switch of a traced thread, with two calls",
                            *map(figures.followed_switch, (1, CROWDS[-1])), CROWDS[-1])],
            "with_sessions": [
                one_to_many(ACTS[act], *(figures.added_by_sessions(act, n) for n in (1, FOLLOWERS)),
                            FOLLOWERS)
                for act in ("fork", "exec", "exit", "thread")],
            "delays": delays,
        },
        "measured": [{"case": c, "what": w, "value": v} for (c, w), v in ns.items()],
        "bounds": [check(figures, b) for b in bounds_of(conditions)],
    }


def show(title, columns, rows):
    """A table; the first cell of a row is text, the others are numbers, or None."""
    cells = [["", *columns]]
    cells += [[name, *("-" if n is None else f"{n:,.1f}" for n in numbers)]
              for name, *numbers in rows]
    widths = [max(map(len, column)) for column in zip(*cells)]
    print("\n" + title)
    for name, *numbers in cells:
        print(f"{name:{widths[0]}}", *(f"{n:>{w + 1}}" for n, w in zip(numbers, widths[1:])))


def show_all(r):
    worst = r["worst"]
    bare = r["bare"]
    show("instructions for an operation without bricktrace", WORKS.values(), [["", *bare.values()]])
    show("instructions added to it", [*WORKS.values(), "getppid of an untraced thread"],
         [[w["name"], *(w[work] and w[work] - bare[work] for work in WORKS),
           w["other"] and w["other"] - bare["getppid"]] for w in r["works"] if w["getppid"]])
    show(f"what each reports of {r['short']['made']:,} short calls, of which each takes "
         f"{r['short']['ns']:,.0f} ns with entry and exit", ["calls", "ns a call"],
         [[s["name"], s["calls"], s["ns"] / s["calls"]] for s in r["short"]["said"]])
    show("parts of a traced call", ["instructions"],
         [[p["name"], p["getppid"]] for p in r["parts"]]
         + [["all, beside another user's empty probes", r["beside_empty_probes"]]])
    show("attaching to a process of 10,000 sleeping threads, for each thread", ["instructions"],
         [[a["name"], a["instructions"]] for a in r["attach"]]
         + [["all of that, in ms", r["attach_all_ms"]], ["arming the hooks, in us", r["arm_us"]]])
    show("opening and closing a run", ["instructions"],
         [[i["name"], i["instructions"]] for i in r["ioctls"]])
    show("added to a run by streams", LEVELS.values(),
         [[s["name"], *(s[level] for level in LEVELS)] for s in r["streams"]])
    show("ioctls, by device and command", ["tty", "control"],
         [[c["name"], *(c[w] for w in COMMANDS)] for c in r["commands"]]
         + [["added to a slow call", r["slow"], None]])
    show("a token of a decode loop of 196 runs", ["us"],
         [[{"none": "without runs"}.get(c, IOCTLS.get(c)), took / 1e3]
          for c, took in r["decode"].items()])
    show("added to unfollowed programs, by the number of followed threads",
         [f"{o['threads']:,}" for o in r["others"]],
         [[words, *(o[act] for o in r["others"])] for act, words in ACTS.items()])
    show("the most expensive requests, by the number of threads",
         ["1", f"{worst['threads']:,}", "each more"],
         [[w["name"], w["one"], w["many"], w["each"]] for w in worst["with_threads"]])
    show("added to a followed process, by the number of sessions that follow it",
         ["1", f"{worst['sessions']:,}", "each more"],
         [[w["name"], w["one"], w["many"], w["each"]] for w in worst["with_sessions"]])
    if worst["delays"]:
        show("longest delay of other threads while", ["full", "voluntary"],
             [[d["name"], d["full"], d["voluntary"]] for d in worst["delays"]])
    contention = r["contention"]
    if contention["traced"]:
        show("null calls of 8 threads on 2 CPUs, in real time (noisy)", ["ns"],
             [["not traced", contention["untraced"]], ["traced", contention["traced"]]])
    else:
        print("\n8 threads on 2 CPUs: not measured, since the guest hung")
    print()
    for b in r["bounds"]:
        value = "-" if b["value"] is None else f"{b['value']:.2f}"
        high = "" if b["high"] is None else f" to {b['high']}"
        print(f"{'PASS' if b['pass'] else 'FAIL'} {b['name']}: {value} {b['unit']} "
              f"({b['low']}{high or ' or more'})")


def main(kernel, probes, tools, output, directory):
    ns = parsers.measurements(sys.stdin.read())
    reported = {}
    for case, parse in parsers.TOOLS.items():
        if (case, "calls") in ns:
            with open(os.path.join(directory, "bench-" + case)) as f:
                reported[case] = parse(f.read())
    conditions = ["enabled" if probes == "preemptible" else "disabled"]
    conditions += ["tools"] if tools else []
    conditions += ["delays"] if ("delay-full", "nothing") in ns else []
    result = report(kernel, ns, reported, conditions)
    show_all(result)
    with open(output, "w") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    return not all(b["pass"] for b in result["bounds"])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
