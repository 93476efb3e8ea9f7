#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Tests of bricktrace run as users see it: statuses, options, signals, and its messages
# when it may not or cannot trace.
import csv
import glob
import json
import os
import re
import signal
import subprocess
import time
import bt

KO = os.environ["BRICKTRACE_KO"]
OUT = os.path.join(bt.TMP, "out")


def run(*args, **kw):
    return bt.cli("run", *args, **kw)


def status(name, wanted, *args):
    p = run(*args)
    bt.equal(p.returncode, wanted, name)
    return p


def tables(text):
    """Returns the first two tables as dictionaries from name to fields, in the order of the lines."""
    found = []
    for line in text.split("\n  seconds ")[0].splitlines():
        if line.startswith("% time"):
            found.append({})
        elif found and re.match(r" *[\d.]+ +[\d.]+ ", line):
            fields = line.split()
            name = line[64:] if len(found) == 1 else fields[-1]
            found[-1][name.strip()] = fields
    return found


# Statuses.
p = status("a command's status", 0, "true")
bt.equal(p.stdout, "", "bricktrace prints nothing to standard output")
status("a command's status 7", 7, "--", "sh", "-c", "exit 7")
status("a command's status 255", 255, "sh", "-c", "exit 255")
status("128 + a signal: TERM", 128 + 15, "sh", "-c", "kill -TERM $$")
status("128 + a signal: KILL", 128 + 9, "sh", "-c", "kill -KILL $$")
p = status("127: command not found", 127, "no-such-command-here")
bt.ok("no-such-command-here: command not found" in p.stderr, "127: the message says command not found", p.stderr)
bt.ok("syscall" not in p.stderr, "127: no table is printed", p.stderr)
status("127: no such file", 127, "/no/such/file")
path = os.path.join(bt.TMP, "plain")
with open(path, "w") as f:
    f.write("echo from a plain file $1\n")
p = status("126: not executable", 126, path)
bt.ok("Permission denied" in p.stderr, "126: the message says permission denied", p.stderr)
status("126: a directory", 126, "/etc")
os.chmod(path, 0o755)
p = status("a script without an interpreter line runs, as in a shell", 0, path, "arg")
bt.equal(p.stdout, "from a plain file arg\n", "a script without an interpreter line gets its arguments")
bad = os.path.join(bt.TMP, "bad")
with open(bad, "w") as f:
    f.write("#!/no/such/interpreter\n")
os.chmod(bad, 0o755)
p = status("126: it cannot be executed", 126, bad)
bt.ok("interpreter does not exist" in p.stderr, "126: the message says that the interpreter is missing", p.stderr)
status("125: no command", 125)
status("125: no such option", 125, "--nonsense", "true")
bt.equal(bt.cli("nonsense").returncode != 0, True, "no such subcommand")
p = status("--help", 0, "--help")
bt.ok(p.stdout.startswith("Usage: bricktrace run") and not p.stderr, "--help prints to standard output")
bt.equal(bt.cli("help", "run").stdout, p.stdout, "help run prints the same as run --help")
p = run("cat", "--help")
bt.ok("Usage: cat" in p.stdout, "options after the command belong to the command", p.stdout)
p = subprocess.run(["bricktrace", "run", "cat"], input="through\n", text=True,
                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
bt.equal(p.stdout, "through\n", "standard input and output are the command's")

# The table.
p = run("-n", "my brick", "-b", "1h", "true")
bt.equal(p.returncode, 125, "-b 1h: no such unit")
for text in ("", "-5", "x", "1.5.5", "5 us", "1e3", "0.1ns", "99999999999999999999", "us"):
    p = run("-b", text, "true")
    bt.ok(p.returncode == 125 and "bad budget" in p.stderr, f"-b '{text}' is refused", p.stderr)
for text, ns in (("1", 1000), ("250us", 250_000), ("1.5ms", 1_500_000), ("2s", 2_000_000_000),
                 ("0", 0), ("1.1us", 1100), ("17ns", 17)):
    j = bt.traced(["true"], "-b", text)
    bt.equal(j["budget_ns"], ns, f"-b {text}")
    bt.equal(j["over_budget"], j["wall_ns"] > ns, f"-b {text}: over budget or not")
    bt.between(j["efficiency"], min(ns / j["wall_ns"], 1) - 1e-6, min(ns / j["wall_ns"], 1) + 1e-6,
               f"-b {text}: efficiency")

READ = ["dd", "if=/dev/zero", "of=/dev/null", "bs=1", "count=500"]
p = run("-n", "my brick", "-b", "1us", *READ)
text = p.stderr
bt.ok("my brick" in text and "exceeded" in text, "the report has the name and the budget", text)
t = tables(text)
bt.equal(len(t), 2, "the report has two tables")
faults = re.search("^Page faults: [1-9][0-9]* minor, [0-9]+ major.$", text, re.M)
bt.ok("on-CPU   blocked   waiting" in text and faults,
      "the first table divides the time off the CPU, and page faults are below it", text)
bt.equal([k for k in ("mmap", "futex", "ioctl", "read", "write", "other") if k not in t[0]], [],
         "the first table has the six categories")
bt.ok(int(t[1]["read"][3]) >= 500 and int(t[1]["write"][3]) >= 500, "the second table has the calls",
      t[1])
bt.equal(list(t[1])[-1], "total", "the second table ends with the total")
bt.equal(int(t[1]["total"][3]), sum(int(f[3]) for n, f in t[1].items() if n != "total"),
         "the total of calls is the sum of the calls")
seconds = sum(float(f[1]) for n, f in t[1].items() if n != "total")
bt.between(float(t[1]["total"][1]), seconds - 1e-6, seconds + 1e-6, "the total of seconds is the sum of the seconds")

# A sort key changes the order of the calls and nothing else.
COLUMN = {"time": 1, "avg-time": 2, "calls": 3}
for key in ("time", "avg-time", "calls", "errors", "name", "max-time", "nothing"):
    t = tables(run("-S", key, *READ).stderr)
    names = [n for n in t[1] if n != "total"]
    bt.ok(len(names) > 5, f"-S {key}: a table", t)
    if key == "name":
        bt.equal(names, sorted(names), "-S name: by name")
    elif key == "errors":
        errors = [int(f[4]) if len(f) == 6 else 0 for n, f in t[1].items() if n != "total"]
        bt.equal(errors, sorted(errors, reverse=True), "-S errors: by errors")
    elif key in COLUMN:
        values = [float(t[1][n][COLUMN[key]]) for n in names]
        bt.equal(values, sorted(values, reverse=True), f"-S {key}: by {key}")
j = bt.traced(READ, "-S", "nothing")
bt.equal([s["nr"] for s in j["syscalls"]], sorted(s["nr"] for s in j["syscalls"]),
         "-S nothing: by number")
j = bt.traced(READ, "-S", "max-time")
longest = [s["max_ns"] or 0 for s in j["syscalls"]]
bt.equal(longest, sorted(longest, reverse=True), "-S max-time: by the longest call")
p = run("-S", "nonsense", "true")
bt.ok(p.returncode == 125 and "nonsense" in p.stderr, "-S nonsense is refused", p.stderr)

# -o and -j.
p = run("-o", OUT, "sh", "-c", "echo out; echo err >&2")
bt.equal((p.stdout, p.stderr), ("out\n", "err\n"), "-o: bricktrace writes nothing where the command writes")
with open(OUT) as f:
    bt.equal(len(tables(f.read())), 2, "-o: the tables are in the file")
p = run("-o", "/no/such/dir/file", "touch", os.path.join(bt.TMP, "ran"))
bt.equal((p.returncode, os.path.exists(os.path.join(bt.TMP, "ran"))), (125, False),
         "-o FILE that cannot be written: 125, before the command runs")
bt.equal(run("-o", "/dev/full", "true").returncode, 125, "-o /dev/full: 125")
bt.equal(run("-o", "/dev/full", "sh", "-c", "exit 4").returncode, 4,
         "-o /dev/full: a command's failure comes first")
p = run("-F", "xml", "true")
bt.ok(p.returncode == 125 and "table json csv" in p.stderr, "-F xml: refused, with the list of formats", p.stderr)
p = run("-j", "true")
bt.equal(p.stderr.count("\n"), 1, "-j: one line")
j = json.loads(p.stderr)
bt.equal(sorted(j), sorted(["schema", "brick", "budget_ns", "provenance", "reason", "wall_ns",
                            "thread_ns", "threads", "over_budget", "efficiency",
                            "overhead_percent", "dominant", "compute", "edge", "control_ns",
                            "faults", "categories", "syscalls", "filter", "ioctls", "slow_ns",
                            "slow_calls", "slow_calls_incomplete"]), "-j: these members")
bt.equal((j["schema"], j["brick"], j["provenance"], j["reason"], j["threads"]),
         (1, "true", "measured", None, 1), "-j: the values of these members")
bt.equal((j["budget_ns"], j["over_budget"], j["efficiency"]), (None, None, None),
         "-j: without a budget its members are null")
bt.equal(sorted(j["categories"]), sorted(["mmap", "futex", "ioctl", "read", "write", "other"]),
         "-j: the categories")
bt.ok(all(sorted(c) == sorted(["count", "in_flight", "errors", "ns", "offcpu_ns", "runnable_ns",
                                  "max_ns"])
          for c in j["categories"].values()), "-j: each category has seven figures")
bt.equal(sorted(j["compute"]), ["ns", "offcpu_ns", "runnable_ns"], "-j: compute has three figures")
bt.ok(j["faults"]["minor"] > 0 and j["faults"]["major"] >= 0, "-j: page faults", j["faults"])
bt.equal(bt.adds_up(j), [], "-j: the figures add up")
bt.equal(bt.traced(["true"], "-n", "ein \u00fc")["brick"], "ein \u00fc", "-n: a name may have characters beyond ASCII")
for name, why in (("", "empty"), ("x" * 64, "64 bytes"), ("line\nfeed", "U+000A"),
                  ("csi\x9b", "U+009B"), ("caf\udce9", "its byte 4 is 0xe9")):
    p = run("-n", name, "true")
    bt.ok(p.returncode == 125 and why in p.stderr, f"-n {name[:12]!r}: refused, and why", p.stderr)

# Names that others chose must be UTF-8 in JSON, and text must have no character that a
# terminal obeys.
ODD = b"caf\xe9 \xc3\xa9\x1b]0;\xc2\x9b"
ESCAPED = b"caf\\xe9 \xc3\xa9\\x1b]0;\\u009b"
odd = os.path.join(bt.TMP.encode(), ODD)
os.symlink("/bin/true", odd)
subprocess.run([b"bricktrace", b"run", b"-F", b"json", b"-o", OUT.encode(), odd])
with open(OUT, "rb") as f:
    bt.equal(json.loads(f.read().decode())["brick"],
             re.sub("[\x00-\x1f\x7f-\x9f]", "\ufffd", ODD.decode(errors="replace")),
             "a command's name that is not UTF-8: its valid characters are kept")
for args, wanted in (([odd + b"?"], ESCAPED + b"?: command not found"),
                     ([b"--" + ODD, b"true"], b"unknown option '--" + ESCAPED),
                     ([b"-S", ODD, b"true"], b"unknown sort key '" + ESCAPED)):
    p = subprocess.run([b"bricktrace", b"run", *args], stderr=subprocess.PIPE)
    bt.ok(wanted in p.stderr and b"\x1b" not in p.stderr,
          f"{wanted[:12]}...: a message escapes what a terminal would obey", p.stderr)


def comm(name):
    """Returns the brick's name of an attach to a process whose name is @name."""
    p = subprocess.Popen(["python3", "-c", f"""
import ctypes, time
ctypes.CDLL(None).prctl(15, {name!r})
print(flush=True)
time.sleep(100)"""], stdout=subprocess.PIPE)
    p.stdout.readline()
    q = bt.cli("attach", "-j", "-p", str(p.pid), "-d", "0.01")
    p.kill()
    p.wait()
    return json.loads(q.stderr.splitlines()[-1])["brick"]


bt.equal(comm("наименование".encode()), "наимено", "a process's name is cut at a character")
bt.equal(comm(b"caf\xe9"), "caf\ufffd", "bytes of a process's name that are not UTF-8 are replaced")
bt.equal(comm(b"a\nb\x1b[31m\n"), "a\ufffdb\ufffd[31m\ufffd", "control characters of a process's name are replaced")

# Child processes are followed and waited for only with -f.
FORK = ["sh", "-c", "cat /dev/null; cat /dev/null; exit 0"]
bt.equal(bt.traced(FORK)["threads"], 1, "without -f: only the command itself is followed")
bt.equal(bt.traced(FORK, "-f")["threads"], 3, "-f: the command's children are followed too")
BACK = ["sh", "-c", "sleep 1 >/dev/null 2>&1 & exit 5"]
start = time.monotonic()
p = run("-f", *BACK)
bt.equal(p.returncode, 5, "-f: the command's status, not its child's")
bt.between(time.monotonic() - start, 1, 60, "-f: waits for children that it leaves behind")

# Signals.
def asleep(session):
    """Returns whether a sleep(1) of that session sleeps, since a busy host starts it late."""
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as f:
                name, rest = f.read().rsplit(")", 1)
        except OSError:
            continue
        state, _, _, its_session = rest.split()[:4]
        if name.endswith("(sleep") and state == "S" and int(its_session) == session:
            return True
    return False


def interrupted(script, sig, group=True, options=()):
    p = subprocess.Popen(["bricktrace", "run", "-j", "-o", OUT, *options, "--", "sh", "-c", script],
                         stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                         start_new_session=True)
    p.stdout.readline()
    end = time.monotonic() + 60
    while not asleep(p.pid) and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(1)
    (os.killpg if group else os.kill)(p.pid, sig)
    return p


p = interrupted("echo; exec sleep 100", signal.SIGINT)
bt.equal(p.wait(timeout=30), 128 + 2, "^C ends the command: 130")
with open(OUT) as f:
    j = json.loads(f.read())
calls = {s["name"]: s for s in j["syscalls"]}
sleep = calls.get("clock_nanosleep") or calls.get("nanosleep") or {"count": 0, "offcpu_ns": 0}
bt.equal(bt.adds_up(j), [], "^C: the report is printed, and its figures add up")
bt.between(sleep["offcpu_ns"], 100_000_000, j["wall_ns"], "^C: the report has the sleep that was under way")

script = "trap '' INT; echo; sleep 2; exit 9"
if os.path.exists(OUT):
    os.unlink(OUT)
p = interrupted(script, signal.SIGINT)
seen = None
for _ in range(100):
    if os.path.exists(OUT) and os.path.getsize(OUT):
        seen = p.poll()
        break
    time.sleep(0.05)
bt.ok(os.path.getsize(OUT) > 0 and seen is None, "^C that the command ignores: the report is printed at once")
bt.equal(p.wait(timeout=30), 9, "^C that the command ignores: it runs on to its own status")
with open(OUT) as f:
    bt.equal(f.read().count('"schema"'), 1, "^C that the command ignores: the report is printed once")
p = interrupted("echo; exec sleep 100", signal.SIGTERM, group=False)
bt.equal(p.wait(timeout=30), 128 + 15, "TERM is passed on to the command")
p = interrupted("trap 'exit 11' HUP; echo; while :; do sleep 0.1; done", signal.SIGHUP, group=False)
bt.equal(p.wait(timeout=30), 11, "HUP is passed on to the command")


# --repeat shows statistics of the runs, which the kernel keeps.
def repeated(*args):
    p = run("-j", "-o", OUT, *args)
    with open(OUT) as f:
        return p.returncode, json.load(f)


def counting(script):
    """Returns a shell command that runs the script with its number, from 1, in $n."""
    path = os.path.join(bt.TMP, "count")
    open(path, "w").close()
    return ["sh", "-c", f"echo >>{path}; n=$(wc -l <{path}); {script}"]


one = bt.traced(READ)
code, j = repeated("--repeat", "5", "-b", "1us", "--", *READ)
bt.equal((code, j["planned"], j["warm_up"], j["runs"], j["traced"], j["partial"], j["reason"]),
         (0, 5, 0, 5, 5, 0, None), "--repeat 5: five runs, which are traced")
bt.equal(j["statuses"], {"0": 5}, "--repeat 5: the statuses")
bt.equal(sum(b["runs"] for b in j["histogram"]), 5, "--repeat 5: the runs in the histogram")
bt.equal((j["runs_over_budget"], j["grade"]), (5, "F"), "--repeat 5: each run is over budget")
for name in ("read", "write"):
    bt.equal(j["mean"]["categories"][name]["count"], one["categories"][name]["count"],
             f"--repeat 5: the mean of {name} calls is what one run has")
parts = [c["ns"] for c in j["mean"]["categories"].values()]
parts += [j["mean"]["compute"]["ns"], j["mean"]["edge"]["ns"] or 0, j["mean"]["control_ns"]]
bt.between(sum(parts), j["mean"]["thread_ns"] - 1, j["mean"]["thread_ns"] + 1,
           "--repeat 5: the mean parts add up to the mean thread time")
bt.equal((bt.adds_up(j["longest"]), j["longest"]["wall_ns"]), ([], j["max_ns"]),
         "--repeat 5: the longest run has its breakdown")
bt.between(j["mean_ns"], j["min_ns"], j["max_ns"], "--repeat 5: the mean lies between the extremes")
bt.ok(all(j["min_ns"] <= n <= j["max_ns"] for n in j["percentiles_ns"].values()),
      "--repeat 5: so do the percentiles", j["percentiles_ns"])
code, j = repeated("-r", "6", "-w", "2", "-b", "1000s", *counting("[ $n -gt 2 ] || sleep 1; exit $((n % 3))"))
bt.equal((code, j["runs"], j["traced"], j["statuses"]), (1, 6, 6, {"0": 2, "1": 2, "2": 2}),
         "--warm-up 2: two runs do not count; the status is the first failure's")
bt.equal((j["runs_over_budget"], j["score"], j["grade"]), (0, 100, "A"), "a budget that each run keeps")
bt.equal(repeated("-f", "-r", "2", *FORK)[1]["longest"]["threads"], 3, "--repeat -f: children are followed")
code, j = repeated("-r", "5", *counting("[ $n != 3 ] || kill -INT $PPID"))
bt.equal((code, j["runs"], j["traced"]), (130, 2, 2), "--repeat: ^C ends it, and the run is not counted")
text = run("-r", "3", *READ).stderr
bt.ok("breakdown: measured\n" in text and "\nMeans of 3 runs:\n" in text, "--repeat: the report is text", text)
bt.equal(len(tables(text)), 2, "--repeat: the report has two tables")


# Ioctls by device and command. Python's own are among them.
ASKS = """
import array, fcntl, os, pty, termios, time
def ask(fd, request, n):
    for _ in range(n):
        try:
            fcntl.ioctl(fd, request, array.array("i", [0] * 32))
        except OSError:
            pass
pipe = os.pipe()
ask(pty.openpty()[1], termios.TCGETS, 7)
ask(pipe[0], termios.FIONREAD, 5)
ask(99, 0x46, 3)
time.sleep(0.05)
"""
PYTHON = ["/usr/bin/python3", "-S", "-c"]


def asked(run, device, request):
    return [i for i in run["ioctls"] if (i["device"], i["request_name"]) == (device, request)]


def sums(rows):
    return [sum(r[k] for r in rows) for k in ("count", "in_flight", "errors", "ns", "offcpu_ns", "runnable_ns")]


j = bt.traced([*PYTHON, ASKS])
ioctl = next(s for s in j["syscalls"] if s["name"] == "ioctl")
bt.equal(sums(j["ioctls"]), sums([ioctl]), "ioctls: their sum is the system call ioctl")
bt.ok(any(i["device"].startswith("pts/") and i["request_name"] == "TCGETS" and i["count"] >= 7
          for i in j["ioctls"]), "ioctls: a terminal is asked for its settings 7 times", j["ioctls"])
bt.equal([i["count"] for i in asked(j, "pipe", "FIONREAD")], [5], "ioctls: a pipe is asked 5 times")
bad = [i for i in j["ioctls"] if i["file"] == "bad" and i["request"] == 0x46]
bt.equal([(i["count"], i["errors"], i["command"]) for i in bad], [(3, 3, None)],
         "ioctls: 3 calls on no descriptor fail")
bt.equal([i["ns"] for i in j["ioctls"]], sorted((i["ns"] for i in j["ioctls"]), reverse=True),
         "ioctls: those that took longest are first")
names = os.path.join(bt.TMP, "names")
with open(names, "w") as f:
    f.write("device pipe\n0x541b HOW_MUCH\n")
j = bt.traced([*PYTHON, ASKS], "--ioctl-names", names)
bt.equal(len(asked(j, "pipe", "HOW_MUCH")), 1, "--ioctl-names: a name of the user's comes first")
text = run("--", *PYTHON, ASKS).stderr
bt.ok(re.search(r"^  seconds   blocked   longest   calls errors device +command$", text, re.M) and
      re.search(r"^ *[\d.]+ +[\d.]+ +[\d.]+ +5 +pipe +FIONREAD$", text, re.M),
      "the third table has the ioctls", text)
bt.ok("device" not in run("true").stderr, "a run without ioctls has no such table")
text = run("-r", "2", "--", *PYTHON, ASKS).stderr
bt.ok(re.search(r" 5 +pipe +FIONREAD\n", text) and "\nThe slowest calls, " in text,
      "--repeat: the longest run has its ioctls and slow calls", text)

# Slow calls.
NAP = ["sleep", "0.02"]


def naps(run):
    return [c for c in run["slow_calls"] if c["name"] in ("clock_nanosleep", "nanosleep")]


before = time.time_ns()
j = bt.traced(NAP)
nap = naps(j)
bt.equal((j["slow_ns"], len(nap)), (1_000_000, 1), "slow calls: a nap of 20 ms is one")
bt.between(nap[0]["ns"], 20_000_000, j["wall_ns"], "slow calls: the nap's time")
bt.between(nap[0]["start_unix_ns"], before, time.time_ns(), "slow calls: the nap's time of day")
bt.equal((nap[0]["ret"], nap[0]["ioctl"], nap[0]["path"]), (0, None, None), "slow calls: the nap succeeds")
times = [c["ns"] for c in j["slow_calls"]]
bt.equal(times, sorted(times, reverse=True), "slow calls: the longest is first")
j = bt.traced(NAP, "--slow", "1000")
bt.equal((j["slow_ns"], j["slow_calls"]), (1_000_000_000_000, []), "--slow 1000: the nap is not slow")
j = bt.traced(NAP, "--slow", "0")
bt.equal((j["slow_ns"], j["slow_calls"]), (None, None), "--slow 0: slow calls are not looked for")
j = bt.traced(NAP, "--slow", "10us")
bt.ok(len(naps(j)) == 1 and all(c["ns"] >= 10_000 for c in j["slow_calls"]), "--slow 10us: at least 10 us",
      j["slow_calls"])
text = run(*NAP).stderr
line = re.search(r"^(\d\d:\d\d:\d\d\.\d{3}) (0\.\d{7}) 0\.\d{7} +\d+ (clock_)?nanosleep\(", text, re.M)
bt.ok("\nThe slowest calls, of those that took at least 1 ms:\n" in text and line and float(line[2]) >= 0.02,
      "the last table has the nap", text)

# -e filters what is shown; -e does not change what is measured.
text = run("-e", "read,ioctl:pipe", "--", *PYTHON, ASKS).stderr
t = tables(text)
bt.equal(sorted(t[1]), ["ioctl", "read", "total"], "-e: the calls that are selected, and the total")
bt.ok(int(t[1]["total"][3]) > int(t[1]["read"][3]) + int(t[1]["ioctl"][3]), "-e: the total is that of the run", t[1])
bt.equal([n for n in t[0] if n in ("mmap", "futex", "ioctl", "read", "write", "other")], ["ioctl", "read"],
         "-e: the categories of these calls")
bt.ok("\nshown:     read,ioctl:pipe (-e); " in text and "pts/" not in text and "nanosleep" not in text,
      "-e: the report says so, and other ioctls and slow calls are not shown", text)
j = bt.traced([*PYTHON, ASKS], "-e", "%read", "-e", "ioctl:pts/*")
bt.equal((j["filter"], sorted(j["categories"])), ("%read,ioctl:pts/*", ["ioctl", "read"]), "-e twice: both")
bt.ok(j["ioctls"] and all(i["device"].startswith("pts/") for i in j["ioctls"]), "-e ioctl:pts/*: these devices",
      j["ioctls"])
p = run("-e", "nonsense", "true")
bt.ok(p.returncode == 125 and "bad expression 'nonsense'" in p.stderr and "%other" in p.stderr,
      "-e nonsense: refused, with what is accepted", p.stderr)

# -x prints the same figures as -j.
p = run("-x", "-o", OUT, "-n", 'a "b", c', "--", *PYTHON, ASKS)
with open(OUT, newline="") as f:
    rows = list(csv.DictReader(f))
bt.equal({r["brick"] for r in rows}, {'a "b", c'}, "-x: each row has the brick's name")
bt.equal(sorted({r["table"] for r in rows}), ["category", "ioctl", "run", "slow", "syscall"], "-x: the tables")
by_table = {t: [{k: int(v) for k, v in r.items() if v and k in ("count", "in_flight", "errors", "ns", "offcpu_ns", "runnable_ns")}
                for r in rows if r["table"] == t] for t in ("category", "syscall", "ioctl")}
bt.equal(sums(by_table["category"]), sums(by_table["syscall"]), "-x: the categories have the calls' figures")
bt.equal(sums(by_table["ioctl"]), sums([r for r, name in zip(by_table["syscall"], [r["name"] for r in rows if r["table"] == "syscall"])
                                        if name == "ioctl"]), "-x: the ioctls have those of the call ioctl")


# -I prints what happened in each interval.
def intervals(*args):
    p = run("-j", "-o", OUT, *args)
    with open(OUT) as f:
        return p, [json.loads(line) for line in f]


def calls(runs, name):
    return sum(s["count"] for r in runs for s in r["syscalls"] if s["name"] == name)


LOOP = [*PYTHON, "import os, time\nfor _ in range(100):\n os.getppid(); time.sleep(0.01)"]
p, runs = intervals("-I", "0.25", *LOOP)
parts, whole = runs[:-1], runs[-1]
bt.equal((p.returncode, p.stderr), (0, ""), "-I: the command's status, and no message")
bt.ok(len(parts) >= 3, "-I 0.25: at least 3 intervals of a second", len(parts))
ends = [r["elapsed_ns"] for r in parts]
bt.ok(ends == sorted(ends) and whole["elapsed_ns"] is None, "-I: the intervals, and the whole run at the end", ends)
bt.between(ends[0], 250_000_000, 10_000_000_000, "-I 0.25: the first ends after 0.25 s")
bt.equal([bt.adds_up(r) for r in runs], [[]] * len(runs), "-I: the figures of each add up")
bt.equal({r["brick"] for r in runs}, {"python3"}, "-I: the brick's name")
bt.equal(calls(parts[:1], "execve"), 1, "-I: the first interval begins with the run")
bt.between(calls(parts, "getppid"), 90, calls([whole], "getppid"), "-I: the intervals have nearly all calls of the run")
bt.equal(calls([whole], "getppid"), 100, "-I: the whole run has all calls")
bt.ok(all(calls([r], "getppid") < 100 for r in parts), "-I: no interval has all", parts)
same = bt.traced(["true"])["categories"]
p, runs = intervals("-I", "100", "true")
bt.equal([{n: c["count"] for n, c in r["categories"].items()} for r in runs],
         [{n: c["count"] for n, c in same.items()}] * 2, "-I: the intervals cost the run no call")
text = run("-I", "0.3", "sleep", "0.5").stderr
bt.ok(re.match(r"interval:  ends 0\.[3-9]\d+ s after the start\nbrick:     sleep\n", text) and
      text.count("\nbrick:") >= 3, "-I: each table begins with its time", text)
p = run("-x", "-I", "0.3", "-o", OUT, "sleep", "0.5")
with open(OUT, newline="") as f:
    rows = list(csv.DictReader(f))
walls = [r["elapsed_ns"] for r in rows if r["name"] == "wall"]
bt.ok(len(walls) >= 3 and walls[-1] == "" and all(int(w) >= 300_000_000 for w in walls[:-1]),
      "-x -I: one header, and the time in each row", walls)
p = run("-I", "0.1", "-o", "/dev/full", "sleep", "0.5")
bt.equal((p.returncode, p.stderr), (125, "bricktrace: cannot write to '/dev/full': No space left on device\n"),
         "-I -o /dev/full: 125, and one message")
p, runs = intervals("-f", "-I", "0.1", "sh", "-c", "sleep 0.5 >/dev/null 2>&1 & exit 3")
bt.ok(p.returncode == 3 and len(runs) >= 3, "-f -I: intervals go on while children run", p, len(runs))
p = interrupted("echo; exec sleep 100", signal.SIGINT, options=("-I", "0.3"))
bt.equal(p.wait(timeout=30), 128 + 2, "-I and ^C: 130")
with open(OUT) as f:
    ends = [json.loads(line)["elapsed_ns"] for line in f]
bt.ok(len(ends) >= 3 and ends[-1] is None and None not in ends[:-1], "-I and ^C: the whole run is the last report", ends)
p = interrupted("trap '' INT; echo; sleep 2; exit 9", signal.SIGINT, options=("-I", "0.1"))
bt.equal(p.wait(timeout=30), 9, "-I and ^C that the command ignores: its status")
with open(OUT) as f:
    ends = [json.loads(line)["elapsed_ns"] for line in f]
bt.equal((ends[-1], ends.count(None)), (None, 1), "-I and ^C that the command ignores: the whole run ends the intervals")


# Runs without the right to trace, and without the module.
def not_instrumented(j, reason, name):
    bt.equal((j["provenance"], j["reason"]), ("not_instrumented", reason), f"{name}: the reason is in the JSON")
    measured = [j["thread_ns"], j["threads"], j["overhead_percent"], j["dominant"],
                j["edge"]["ns"], j["control_ns"], j["syscalls"], j["ioctls"], j["slow_calls"]]
    for part in (j["compute"], j["faults"], *j["categories"].values()):
        measured += part.values()
    bt.equal([v for v in measured if v is not None], [], f"{name}: each figure that was not measured is null")
    bt.between(j["wall_ns"], 300_000_000, 30_000_000_000, f"{name}: the wall time is measured")


SLEEP = ["sh", "-c", "sleep 0.3; echo ran; exit 6"]
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def as_nobody(*args):
    return subprocess.run([*NOBODY, "bricktrace", "run", *args, *SLEEP], cwd="/",
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)


p = as_nobody("-j")
bt.equal((p.returncode, p.stdout), (6, "ran\n"), "no permission: the command runs")
bt.ok("permission" in p.stderr and "group bricktrace" in p.stderr, "no permission: the message says what to do",
      p.stderr)
not_instrumented(json.loads(p.stderr.splitlines()[-1]), "no_permission", "no permission")
bt.ok("not measured" in as_nobody().stderr, "no permission: the table says so")


def repeated_wall_time(j, reason, name):
    bt.equal((j["runs"], j["traced"], j["reason"], j["mean"], j["longest"], j["statuses"]),
             (2, 0, reason, None, None, {"6": 2}), f"{name}: --repeat has wall times only")
    bt.between(j["min_ns"], 300_000_000, 30_000_000_000, f"{name}: --repeat measures the wall time")


repeated_wall_time(json.loads(as_nobody("-j", "-r", "2").stderr.splitlines()[-1]), "no_permission", "no permission")

bt.equal(subprocess.run(["rmmod", "bricktrace"]).returncode, 0, "the module is unloaded")
p = run("-j", "-I", "0.1", "--slow", "1", *SLEEP)
bt.equal((p.returncode, p.stdout), (6, "ran\n"), "no module: the command runs")
bt.equal(p.stderr.count('"schema"'), 1, "no module: there are no intervals")
bt.ok("modprobe bricktrace" in p.stderr, "no module: the message says what to do", p.stderr)
not_instrumented(json.loads(p.stderr.splitlines()[-1]), "module_absent", "no module")
repeated_wall_time(repeated("-r", "2", *SLEEP)[1], "module_absent", "no module")
bt.equal(run("no-such-command-here").returncode, 127, "no module: 127")
bt.equal(run("sh", "-c", "kill -KILL $$").returncode, 137, "no module: 128 + a signal")
bt.equal(subprocess.run(["insmod", KO]).returncode, 0, "the module is loaded again")
bt.equal(bt.traced(["true"])["provenance"], "measured", "the module that was loaded again measures")
bt.done()
