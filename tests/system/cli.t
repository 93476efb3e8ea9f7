#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Tests of bricktrace run as users see it: statuses, options, signals, and its messages
# when it may not or cannot trace.
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
    """Returns the two tables as dictionaries from name to fields, in the order of the lines."""
    found = []
    for line in text.splitlines():
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
bt.ok(p.returncode == 125 and "table json" in p.stderr, "-F xml: refused, with the list of formats", p.stderr)
p = run("-j", "true")
bt.equal(p.stderr.count("\n"), 1, "-j: one line")
j = json.loads(p.stderr)
bt.equal(sorted(j), sorted(["schema", "brick", "budget_ns", "provenance", "reason", "wall_ns",
                            "thread_ns", "threads", "over_budget", "efficiency",
                            "overhead_percent", "dominant", "compute", "edge", "control_ns",
                            "faults", "categories", "syscalls"]), "-j: these members")
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


def interrupted(script, sig, group=True):
    p = subprocess.Popen(["bricktrace", "run", "-j", "-o", OUT, "--", "sh", "-c", script],
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


# Runs without the right to trace, and without the module.
def not_instrumented(j, reason, name):
    bt.equal((j["provenance"], j["reason"]), ("not_instrumented", reason), f"{name}: the reason is in the JSON")
    measured = [j["thread_ns"], j["threads"], j["overhead_percent"], j["dominant"],
                j["edge"]["ns"], j["control_ns"], j["syscalls"]]
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
p = run("-j", *SLEEP)
bt.equal((p.returncode, p.stdout), (6, "ran\n"), "no module: the command runs")
bt.ok("modprobe bricktrace" in p.stderr, "no module: the message says what to do", p.stderr)
not_instrumented(json.loads(p.stderr.splitlines()[-1]), "module_absent", "no module")
repeated_wall_time(repeated("-r", "2", *SLEEP)[1], "module_absent", "no module")
bt.equal(run("no-such-command-here").returncode, 127, "no module: 127")
bt.equal(run("sh", "-c", "kill -KILL $$").returncode, 137, "no module: 128 + a signal")
bt.equal(subprocess.run(["insmod", KO]).returncode, 0, "the module is loaded again")
bt.equal(bt.traced(["true"])["provenance"], "measured", "the module that was loaded again measures")
bt.done()
