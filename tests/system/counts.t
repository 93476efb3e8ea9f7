#!/usr/bin/env -S setarch -R /usr/bin/python3
# SPDX-License-Identifier: MIT
# The completed calls that bricktrace run -f counts equal those of strace -c -f, call by call.
# Address space randomization is off, because arm64's dynamic linker makes a call more at
# some addresses.
# Rules: entry, inherit.
import os
import re
import bt

ENV = dict(os.environ, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1")
DB = os.path.join(bt.TMP, "db")
# strace and its tracee wake each other all the time, which is slow between two CPUs.
os.sched_setaffinity(0, {0})
SCRIPT = os.path.join(bt.TMP, "script.py")
SQL = "".join(["pragma journal_mode=delete; create table t(a, b);"] +
              [f"insert into t values({i}, hex(zeroblob({i % 50})));" for i in range(200)] +
              ["select count(*), max(length(b)) from t;"])

with open(SCRIPT, "w") as f:
    f.write("""
import os, sys, zlib
for i in range(300):
    try:
        open(f'/nowhere/{i}')
    except OSError:
        pass
names = sorted(os.listdir('/usr/share'))
for name in names[:100]:
    os.stat('/usr/share/' + name)
with open(sys.argv[1], 'wb', buffering=0) as f:
    for i in range(500):
        f.write(b'x' * i)
    os.fsync(f.fileno())
r, w = os.pipe()
for i in range(5):
    pid = os.fork()
    if not pid:
        os.write(w, bytes([i]) * 10)
        os._exit(i)
    os.waitpid(pid, 0)
print(len(os.read(r, 1000)), zlib.crc32(b'x' * 100000))
""")

PROGRAMS = {
    "dd": ["dd", "if=/dev/zero", "of=/dev/null", "bs=1", "count=20000"],
    "ls": ["ls", "-lR", "/usr/share/perl5"],
    "cp": ["cp", "-r", "/etc/ssl", os.path.join(bt.TMP, "ssl")],
    "sh": ["sh", "-c", "for i in 1 2 3; do cat /etc/passwd >/dev/null; ls /nowhere; done; wc -c /etc/group"],
    "python": ["/usr/bin/python3", "-S", SCRIPT, os.path.join(bt.TMP, "written")],
    "sqlite3": ["sqlite3", DB, SQL],
}


def cleanup():
    for path in (DB, os.path.join(bt.TMP, "written")):
        if os.path.exists(path):
            os.unlink(path)
    bt.quiet(["rm", "-rf", os.path.join(bt.TMP, "ssl")])


def strace(command):
    out = os.path.join(bt.TMP, "strace")
    cleanup()
    bt.quiet(["strace", "-c", "-f", "-o", out, *command], env=ENV)
    calls = {}
    with open(out) as f:
        for line in f:
            m = re.match(r" *[\d.]+ +[\d.]+ +\d+ +(\d+) +(\d+)? +(\w+)$", line)
            if m and m[3] != "total":
                calls[m[3]] = (int(m[1]), int(m[2] or 0))
    return calls


def bricktrace(command):
    cleanup()
    run = bt.traced(command, "-f", env=ENV)
    return run, {s["name"]: (s["count"], s["errors"]) for s in run["syscalls"] if s["count"]}


for name, command in PROGRAMS.items():
    bt.quiet(command, env=ENV)  # fills the caches of the program itself
    wanted = strace(command)
    run, got = bricktrace(command)
    bt.equal(bt.adds_up(run), [], f"{name}: the figures add up")
    different = {c: {"bricktrace": got.get(c), "strace": wanted.get(c)}
                 for c in sorted(set(got) | set(wanted)) if got.get(c) != wanted.get(c)}
    bt.ok(len(wanted) > 5 and not different,
          f"{name}: calls and errors equal strace's, call by call ({len(wanted)} calls)",
          different, len(wanted))
    if name == "dd":
        bt.between(min(got["read"][0], got["write"][0]), 20000, 20010, "dd: 20,000 of each")
    # Each process ends in exit_group, which strace does not count as completed either.
    ends = {s["name"]: s["in_flight"] for s in run["syscalls"] if s["in_flight"]}
    bt.equal(ends, {"exit_group": run["threads"]}, f"{name}: exit_group is in flight, nothing else")

# The kernel's own counter of entries: the completed calls and the exits, without the execve
# whose entry precedes the first count of perf.
out = os.path.join(bt.TMP, "perf")
bt.quiet(["perf", "stat", "-x,", "-o", out, "-e", "raw_syscalls:sys_enter", "--",
          *PROGRAMS["dd"]], env=ENV)
with open(out) as f:
    entries = [int(line.split(",")[0]) for line in f if "sys_enter" in line]
run = bt.traced(PROGRAMS["dd"], env=ENV)
bt.equal([sum(s["count"] + s["in_flight"] for s in run["syscalls"]) - 1], entries,
         "dd: entries equal those of perf stat -e raw_syscalls:sys_enter")
bt.done()
