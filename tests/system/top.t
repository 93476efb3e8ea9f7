#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# bricktrace top on a terminal and without one: its rates are those that a program has by its own
# count, keys do what the help says, no line is longer than the terminal, and the terminal is as it
# was when top has ended.
import json
import os
import re
import signal
import subprocess
import time
import bt
import pace

DAY = 86_400_000_000_000
ENV = {**os.environ, "TZ": "UTC", "TMUX_TMPDIR": bt.TMP}


def near(got, wanted, name):
    bt.between(got, wanted * 0.9, wanted * 1.1, f"{name}: within 10 % of the program's own count")


def tmux(*args):
    return subprocess.run(["tmux", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENV).stdout


def screen():
    return tmux("capture-pane", "-p").rstrip("\n").split("\n")


def shows(name, found, what="shows it"):
    """Waits until the text of the screen is found, and returns the screen's lines."""
    end = time.monotonic() + 20
    while not re.search(found, "\n".join(screen())) and time.monotonic() < end:
        time.sleep(0.1)
    lines = screen()
    bt.ok(re.search(found, "\n".join(lines)), f"{name}: {what}", *lines)
    return lines


def press(*keys):
    tmux("send-keys", *keys)


def table(lines):
    """Returns the rows of a table, by the names of their columns, after the three lines above it."""
    head = lines[3].replace("MEAN S", "MEAN_S").split()
    return [dict(zip(head, line.split())) for line in lines[4:] if line.strip()]


def at(line):
    """Returns the time of an update since 1970, which its first line has without the date."""
    hours, minutes, seconds = line.split()[0].split(":")
    ns = (int(hours) * 60 + int(minutes)) * 60_000_000_000 + round(float(seconds) * 1000) * 1_000_000
    today = time.time_ns() // DAY * DAY
    return ns + today if ns + today <= time.time_ns() else ns + today - DAY


def updates(n):
    """Returns the tables of the next updates, each with the times when it began and ended."""
    lines = screen()
    found, last = [], None
    while len(found) < n:
        begun, lines = lines[0], screen()
        if lines[0].split()[0] == begun.split()[0]:
            time.sleep(0.1)
            continue
        # The update that was under way had begun before it was looked at.
        if last:
            found.append((table(lines), last, at(lines[0])))
        last = at(lines[0])
    return found


def row(rows, key, name):
    return next(r for r in rows if r[key] == name)


def check_threads(rows, true, name, keys=("CALLS/S", "ERRORS/S", "%CALL", "MOST", "PROGRAM")):
    calls, errors, percent, most, program = keys
    for thread in ("steady", "failing"):
        near(float(row(rows, program, thread)[calls]), true[thread], f"{name}: the calls of {thread}")
    near(float(row(rows, program, "failing")[errors]), true["errors"], f"{name}: the errors")
    bt.equal(float(row(rows, program, "steady")[errors]), 0, f"{name}: no errors")
    for thread, category in (("reader", "read"), ("waiter", "futex")):
        r = row(rows, program, thread)
        bt.equal((float(r[calls]), r[most]), (0, category), f"{name}: {thread} is in a call that does not return")
        bt.between(float(r[percent]), 98, 102, f"{name}: {thread} is there all the time")


def check_bricks(rows, true, name, keys=("RUNS/S", "TRACED/S", "%OVER", "BRICK")):
    runs, traced, over, brick = keys
    paced, late = row(rows, brick, "paced"), row(rows, brick, "late")
    near(float(paced[runs]), true["paced"], f"{name}: the runs of paced")
    near(float(late[runs]), true["late"], f"{name}: the runs of late")
    near(float(late[traced]), true["late"], f"{name}: the traced runs of late")
    bt.equal((float(paced[traced]), float(paced[over]), float(late[over])), (0, 0, 100), f"{name}: what was traced, and was over budget")


def top(*args):
    p = bt.cli("top", *args, env=ENV, timeout=100)
    bt.equal((p.returncode, p.stderr), (0, ""), f"top {' '.join(args)}: ends with status 0")
    return p.stdout


program = pace.Pace()
attach = subprocess.Popen(["bricktrace", "attach", "-j", "-o", os.path.join(bt.TMP, "run"), "-p", str(program.pid)])
bt.settle(attach)
session = json.loads(bt.cli("list", "-j", "--pid", str(attach.pid)).stdout)[0]["id"]
ONE = ("--session", str(session))
PID = ("--pid", str(program.pid))

# Without a terminal.
objects = [json.loads(line) for line in top("--threads", "--plain", "-n", "3", "-d", "1s", "-j", *ONE).splitlines()]
bt.equal([len(o["threads"]) for o in objects], [5] * 3, "-j: an object for each update, with five threads")
for i, o in enumerate(objects):
    bt.between(o["elapsed_ns"], 1_000_000_000, 2_000_000_000, f"-j: update {i} after a second")
    check_threads(o["threads"], program.rates(o["unix_ns"] - o["elapsed_ns"], o["unix_ns"]), f"-j: update {i}",
                  ("calls_per_s", "errors_per_s", "in_calls_percent", "dominant", "comm"))
bt.equal((objects[-1]["host"]["hooks"], objects[-1]["host"]["armed_percent"], objects[-1]["host"]["threads"]), ("quiet", 100, 6),
         "-j: the hooks are in place all the time")
bt.equal({t["pid"] for t in objects[-1]["threads"]}, {program.pid}, "-j: the process")
objects = [json.loads(line) for line in top("-n", "2", "-d", "1s", "-j", *PID).splitlines()]
for i, o in enumerate(objects):
    check_bricks(o["bricks"], program.rates(o["unix_ns"] - o["elapsed_ns"], o["unix_ns"]), f"-j: bricks, update {i}",
                 ("runs_per_s", "traced_per_s", "over_budget_percent", "brick"))
parts = top("--threads", "-n", "2", "-d", "1s", *ONE).split("\n\n")
bt.equal(len(parts), 2, "into a pipe: a table for each update")
last = parts[1].rstrip("\n").split("\n")
check_threads(table(last), program.rates(at(parts[0]), at(last[0])), "into a pipe")

# On a terminal.
tmux("new-session", "-d", "-x", "120", "-y", "30", "env", "PS1=ready> ", "sh")
shows("a shell", "^ready>$", "waits for a command")
press(f"bricktrace top --threads -d 1s {' '.join(PID)}; echo status $?", "Enter")
shows("threads", r"steady\n")
for i, (rows, begun, ended) in enumerate(updates(2)):
    bt.equal(len(rows), 6, f"screen {i}: a row for each thread and session")
    rows = [r for r in rows if r["SESSION"] == str(session)]
    check_threads(rows, program.rates(begun, ended), f"screen {i}")
wide = screen()
bt.ok(re.fullmatch(r"[\d:.]+ 6 of 6 threads by calls, every 1 s", wide[0].rstrip()) and
      wide[1].startswith("hooks quiet, in place for 100.0 %") and wide[2].startswith("lost 0 threads and 0 runs, 2 sessions, 6 threads"),
      "the lines above the table", *wide[:3])
press("b")
shows("b", "of 2 bricks by runs")
shows("b", r" late\b")
(rows, begun, ended), = updates(1)
check_bricks(rows, program.rates(begun, ended), "bricks")
press("s")
shows("s", "of 2 bricks by mean")
press("<")
shows("<", "of 2 bricks by runs,")
press("r")
lines = shows("r", "by runs reversed")
bt.equal([r["BRICK"] for r in table(lines)], ["late", "paced"], "r: the order is reversed")
press("t")
shows("t", "of 6 threads by calls,")
press("/")
shows("/", "^show only rows with:")
press("fail", "Enter")
lines = shows("/fail", "1 of 6 threads by calls, every 1 s, with 'fail'")
bt.equal([r["PROGRAM"] for r in table(lines)], ["failing"], "/fail: only this thread")
press("/", "C-u", "Enter")
shows("/ without a text", "6 of 6 threads")
press("d")
shows("d", "^time between updates:")
press("0.5", "Enter")
shows("d 0.5", "every 0.5 s")
press("Space")
lines = shows("space", "every 0.5 s, paused")
time.sleep(1.5)
bt.equal(screen(), lines, "space: nothing changes")
press("Space")
shows("space again", r"every 0\.5 s\n")
press("h")
shows("h", r"^Keys\n")
press("x")
shows("any key", "6 of 6 threads")

# Another size of the terminal.
tmux("resize-window", "-x", "60", "-y", "8")
lines = shows("60 columns", r"(?s)^[\d:.]+ 6 of 6.*TID +CALLS/S +%CALL +%OFF +MOST +PROGRAM\n")
bt.equal((len(lines), [len(r) for r in table(lines)]), (8, [7] * 4), "60 columns, 8 rows: no row is longer, and as many as fit")
bt.ok("SESSION" in wide[3] and "ERRORS/S" in wide[3] and not re.search("SESSION|ERRORS/S", lines[3]), "60 columns: some are left out",
      wide[3], lines[3])
press("Down", "Down")
bt.equal(len(table(shows("down", r"(?s)PROGRAM\n.*\n.*\n.*\n.*$"))), 4, "down: scrolls, and four rows are left")
tmux("resize-window", "-x", "120", "-y", "30")
shows("120 columns again", r"ERRORS/S.*\n(.*\n){5}.*$")

# The terminal is given back.
press("q")
lines = shows("q", r"status 0\nready>$", "the shell is there again")
bt.ok(not any("CALLS/S" in line for line in lines), "q: nothing of the screen is left", *lines)
press("stty -a | grep -o ' echo icanon\\|icanon\\| echo '; bricktrace top -t --filter steady", "Enter")
shows("the terminal", r"(?s)1 of \d+ threads.*steady", "is good for top again")
tmux_top = subprocess.run(["pgrep", "-x", "-f", "bricktrace top -t --filter steady"], stdout=subprocess.PIPE, text=True).stdout.split()
os.kill(int(tmux_top[0]), signal.SIGTERM)
shows("SIGTERM", r"(?s)icanon.*ready>$", "the shell is there again")
press("clear; COLUMNS=60 bricktrace top --plain -n 2 -d 0.5 -t; echo status $?", "Enter")
lines = shows("--plain", r"(?s)TID.*TID.*status 0\nready>$", "tables on a terminal")
bt.equal(program.lines()[-1]["touched"], 0, "the program did not notice")

# Threads whose calls nobody counts, and the end of the module.
attach.send_signal(signal.SIGINT)
attach.wait()
program.end()
hold = subprocess.Popen(["hold", "register"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
hold.stdout.readline()
time.sleep(2)
o = json.loads(top("-t", "-j", "-n", "1", "-d", "0.2"))
thread, = o["threads"]
bt.equal((o["host"]["hooks"], o["host"]["armed_percent"], thread["comm"], thread["calls_per_s"], thread["in_calls_percent"]),
         ("off", 0, "hold", None, None), "without hooks: what was not counted is null")
press("clear; bricktrace top -d 0.5; echo status $?", "Enter")
shows("the last one", "1 of 1 bricks")
hold.communicate("\n")
bt.equal(subprocess.run(["rmmod", "bricktrace"]).returncode, 0, "the module can be unloaded beside top")
lines = shows("no module", r"status 1\nready>$", "top ends with status 1")
bt.ok(any(line.startswith("bricktrace: cannot read the state of the module") for line in lines), "no module: says so", *lines)
subprocess.run(["insmod", os.environ["BRICKTRACE_KO"]], check=True)
tmux("kill-server")
bt.done()
