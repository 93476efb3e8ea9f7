#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# strace and perf count the same programs. strace -c -f counts completed calls. perf stat -e
# raw_syscalls:sys_enter counts entries: completed calls and the calls in which threads end,
# without the first execve, which enables perf's event only after its own entry. counts.t
# compares more programs with strace.
# Rules: entry, in-flight, inherit.
import os
import re
import bt

TREE = os.path.join(bt.TMP, "tree")
OUT = os.path.join(bt.TMP, "out")
DB = os.path.join(bt.TMP, "db")
# With this padding the heap grows once. perf's longer PATH could make it grow again.
ENV = dict(os.environ, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1", LC_ALL="C",
           MALLOC_TOP_PAD_="16777216")
# strace and its tracee wake each other all the time, which is slow between two CPUs.
os.sched_setaffinity(0, {0})

for d in ("a", "a/b", "c"):
    os.makedirs(os.path.join(TREE, d))
    for i in range(12):
        with open(os.path.join(TREE, d, f"file{i}"), "w") as f:
            f.write("".join(f"{(i * 7919 + k * 104729) % 1000003}\n" for k in range(60)))
files = [os.path.join(TREE, "a", f"file{i}") for i in range(12)]
# These files make one block of tar, so that the number of reads and writes of the pipe does
# not depend on which process is faster.
few = [f"a/file{i}" for i in range(2)]

SQL = "".join(["create table t(a integer primary key, b);"] +
              [f"insert into t values({i}, hex(zeroblob({i % 50})));" for i in range(60)] +
              ["select count(*), max(length(b)) from t;"])
SCRIPT = """
import os, threading, zlib
for name in sorted(os.listdir(os.environ['TREE'] + '/a'))[:10]:
    if name.startswith('file'):
        with open(os.environ['TREE'] + '/a/' + name, 'rb') as f:
            zlib.crc32(f.read())
pid = os.fork()
if not pid:
    os.write(os.open('/dev/null', os.O_WRONLY), b'x')
    os._exit(0)
os.waitpid(pid, 0)
"""
ENV["TREE"] = TREE
# Name: command and number of processes, which is three for tar, because a shell runs gzip.
# gzip has its full path, because perf prepends a directory to PATH, and a search for gzip
# there would be a call more.
PROGRAMS = {
    "ls -lR": (["ls", "-lR", TREE], 1),
    "sort": (["sort", "-n", "--parallel=1", "-o", OUT, *files], 1),
    "sha256sum": (["sha256sum", *files], 1),
    "sqlite3": (["sqlite3", DB, SQL], 1),
    "tar with gzip": (["tar", "-C", TREE, "-I", "/usr/bin/gzip", "-cf", OUT, *few], 3),
    "python": (["/usr/bin/python3", "-S", "-c", SCRIPT], 2),
    "perf bench": (["perf", "bench", "syscall", "basic", "-l", "3000"], 1),
}


def prepared(command):
    """Removes what an earlier run has left; the returned command has a fixed address space."""
    for path in (OUT, DB):
        if os.path.exists(path):
            os.unlink(path)
    return ["setarch", "-R", *command]


def strace(command):
    out = os.path.join(bt.TMP, "strace")
    # setarch runs strace, so that the calls of setarch are in neither count.
    bt.quiet(prepared(["strace", "-c", "-f", "-o", out, *command]), env=ENV)
    calls = {}
    with open(out) as f:
        for line in f:
            m = re.match(r" *[\d.]+ +[\d.]+ +\d+ +(\d+) +(\d+)? +(\w+)$", line)
            if m and m[3] != "total":
                calls[m[3]] = (int(m[1]), int(m[2] or 0))
    return calls


def perf(command):
    out = os.path.join(bt.TMP, "perf")
    bt.quiet(prepared(["perf", "stat", "-x,", "-o", out, "-e", "raw_syscalls:sys_enter", "--",
                       *command]), env=ENV)
    with open(out) as f:
        return [int(line.split(",")[0]) for line in f if "sys_enter" in line]


def bricktrace(command):
    out = os.path.join(bt.TMP, "json")
    if os.path.exists(out):
        os.unlink(out)
    bt.quiet(prepared(["bricktrace", "run", "-f", "-j", "-o", out, "--", *command]), env=ENV)
    with open(out) as f:
        return bt.json.load(f)


for name, (command, processes) in PROGRAMS.items():
    bt.quiet(prepared(command), env=ENV)  # fills the caches of the program itself
    wanted = strace(command)
    run = bricktrace(command)
    entries = perf(command)
    got = {s["name"]: (s["count"], s["errors"]) for s in run["syscalls"] if s["count"]}
    bt.equal(bt.adds_up(run), [], f"{name}: the figures add up")
    different = {c: {"bricktrace": got.get(c), "strace": wanted.get(c)}
                 for c in sorted(set(got) | set(wanted)) if got.get(c) != wanted.get(c)}
    bt.ok(len(wanted) > 5 and not different,
          f"{name}: calls and errors equal strace's ({sum(c for c, _ in wanted.values())})",
          different, len(wanted))
    ends = {s["name"]: s["in_flight"] for s in run["syscalls"] if s["in_flight"]}
    bt.equal(ends, {"exit_group": processes}, f"{name}: the exits are in flight")
    bt.equal([sum(s["count"] + s["in_flight"] for s in run["syscalls"]) - 1], entries,
             f"{name}: entries equal perf's")
    bt.equal(run["threads"], processes, f"{name}: processes")
    if name == "perf bench":
        bt.equal(got.get("getppid"), (3000, 0), "perf bench: 3000 getppid")
bt.done()
