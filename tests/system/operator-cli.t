#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# The operator's commands of bricktrace beside programs of two users: what list, show and status
# say agrees with what the programs know, set, reset and detach change what they should and no
# more, each refusal says what to do, and no program notices that it is looked at.
import json
import os
import re
import signal
import subprocess
import time
import bt
import pace

KO = os.environ["BRICKTRACE_KO"]
GROUP = 4242
DAEMON, NOBODY = 1, 65534


def share_device():
    os.chown("/dev/bricktrace", 0, GROUP)
    os.chmod("/dev/bricktrace", 0o660)


def user(uid, *more):
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", f"--groups={GROUP}", *more, "--"]


def cli(*args, prefix=(), status=0):
    """Runs a command, whose status is checked, and returns its standard output and error."""
    p = subprocess.run([*prefix, "bricktrace", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True, cwd="/", timeout=60)
    bt.ok(p.returncode == status, f"{' '.join(args)}: status {status}", p)
    return p.stdout, p.stderr


def get(*args, prefix=()):
    """Returns the decoded JSON of a command."""
    return json.loads(cli(*args, "-j", prefix=prefix)[0])


def value(name):
    return get("set", name)["settings"][0]["value"]


def refused(*args, says, prefix=(), status=1):
    """Checks that a command prints nothing but an error with these texts."""
    out, err = cli(*args, prefix=prefix, status=status)
    bt.ok(not out and all(s in err for s in says), f"{' '.join(args)}: says {', '.join(says)}", out, err)
    return err


class Serve:
    """A program with bricks of its own, which says what it knows of them."""
    def __init__(self, uid, *words):
        self.p = subprocess.Popen([*user(uid), "serve", *words], text=True, cwd="/",
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self.p.pid
        self.sessions = [int(w) for w in self.p.stdout.readline().split()]

    def ask(self, line):
        self.p.stdin.write(line + "\n")
        self.p.stdin.flush()
        return json.loads(self.p.stdout.readline())

    def run(self, brick, n, ns=1_000_000):
        return self.ask(f"run {brick} {n} {ns}")

    def run_until(self, brick, key):
        """Runs the brick until a run is such, and returns all runs."""
        runs = self.run(brick, 1)
        end = time.monotonic() + 20
        while not runs[-1][key] and time.monotonic() < end:
            runs += self.run(brick, 1)
        return runs

    def book(self, brick):
        return self.ask(f"book {brick}")

    def end(self):
        self.p.stdin.close()
        bt.equal(self.p.wait(timeout=60), 0, "a program ends as it would without an operator")


def agrees(shown, book, name):
    """Checks that show has the figures that the program got."""
    window = book["window"]
    bt.equal({**{k: shown[k] for k in ("runs", "traced", "min_ns", "max_ns", "escalated")},
              "over_budget": shown["runs_over_budget"], "window": shown["window"]["durations_ns"]},
             {k: book[k] for k in ("runs", "traced", "min_ns", "max_ns", "escalated", "over_budget", "window")}, name)
    bt.between(shown["mean_ns"] * book["runs"], book["sum_ns"] - 1000, book["sum_ns"] + 1000, f"{name}: the mean")
    mean = shown["mean"]
    calls = sum(c["count"] for c in mean["categories"].values()) * book["traced"] if mean else 0
    bt.between(calls, book["calls"] - 0.01, book["calls"] + 0.01, f"{name}: the calls of {book['traced']} traced runs")
    return window


share_device()
cli("set", "linger_ms", "200")
cli("set", "cv_threshold", "1000%")
web = Serve(DAEMON, "web", "decode", "fetch", "+", "batch", "decode")
db = Serve(NOBODY, "db", "decode", "commit")
WEB, BATCH = web.sessions
DB, = db.sessions
measured = {(p, b): p.run(b, n) for p, b, n in ((web, 0, 12), (web, 1, 1), (web, 2, 3), (db, 0, 20), (db, 1, 20))}

# Who has what.
sessions = get("list")
KEYS = ("id", "owner", "pid", "uid", "user", "comm", "label", "threads", "bricks", "runs_opened", "escalated", "state")
bt.equal([tuple(s[k] for k in KEYS) for s in sessions],
         [(WEB, "device", web.pid, DAEMON, "daemon", "serve", "web", 1, 2, 13, 0, "on"),
          (BATCH, "device", web.pid, DAEMON, "daemon", "serve", "batch", 1, 1, 3, 0, "on"),
          (DB, "device", db.pid, NOBODY, "nobody", "serve", "db", 1, 2, 40, 0, "on")], "list: the sessions of both users")
bt.equal([(t["session"], t["pid"], t["tid"], t["comm"]) for t in get("list", "threads")],
         [(WEB, web.pid, web.pid, "serve"), (BATCH, web.pid, web.pid, "serve"), (DB, db.pid, db.pid, "serve")],
         "list threads: a thread that two sessions follow, and another")
bricks = get("list", "bricks")
FORMS = {(web, 0): f"session#{WEB}:decode", (web, 1): "fetch", (web, 2): f"session#{BATCH}:decode",
         (db, 0): f"{db.pid}:decode", (db, 1): "commit"}
bt.equal([(b["brick"], b["session"], b["pid"], b["user"], b["mode"], b["runs"], b["traced"]) for b in bricks],
         [(FORMS[p, i], s, p.pid, u, "next", len(measured[p, i]), 0)
          for p, i, s, u in ((web, 0, WEB, "daemon"), (web, 1, WEB, "daemon"), (web, 2, BATCH, "daemon"),
                             (db, 0, DB, "nobody"), (db, 1, DB, "nobody"))], "list bricks: how each is named, and its runs")
for b, ((p, i), runs) in zip(bricks, measured.items()):
    bt.equal((b["min_ns"], b["max_ns"]), (min(r["wall_ns"] for r in runs), max(r["wall_ns"] for r in runs)),
             f"list bricks: the shortest and the longest run of {b['brick']}")
text = cli("list", "bricks", "--pid", str(db.pid))[0]
bt.ok(re.search(rf"^{db.pid}:decode .* next +20 ", text, re.M) and "fetch" not in text, "list bricks --pid: as text", text)
time.sleep(0.5)
status = get("status")
bt.equal((status["hooks"]["state"], status["holders"], status["sessions"], status["threads"], status["runs"]),
         ("off", [], 3, 3, 0), "status: nobody holds the hooks")
bt.equal([(u["user"], u["sessions"], u["threads"], u["runs"]) for u in status["users"]],
         [("daemon", 2, 2, 0), ("nobody", 1, 1, 0)], "status: what each user has")

# One brick.
for (p, i), form in FORMS.items():
    shown = get("show", form)
    bt.equal((shown["pid"], shown["brick"]), (p.pid, "decode" if "decode" in form else form), f"show {form}: this brick")
    window = agrees(shown, p.book(i), f"show {form}: the program's figures")
    bt.equal(window, [r["wall_ns"] for r in measured[p, i]], f"show {form}: the durations of its runs")
err = refused("show", "decode", says=("'decode' may be any of 3 bricks",))
choices = err.rstrip().split("choose one of them: ")[1].split(", ")
bt.equal(choices, [FORMS[web, 0], FORMS[web, 2], FORMS[db, 0]], "show decode: the choices")
bt.equal([get("show", c)["session"] for c in choices], [WEB, BATCH, DB], "show decode: each choice is one brick")
refused("show", "nothing", says=("'nothing'", "bricktrace list"))
refused("show", "0:decode", says=("bad brick '0:decode'", "from 1 to 2147483647"), status=125)
text = cli("show", "commit")[0]
bt.ok(text.startswith(f"program:   serve[{db.pid}] of user nobody\nsession:   {DB}\nlabel:     db\nmode:      next\n") and
      "\nruns:      20\n" in text and "\nThe last 20 runs: median 0." in text, "show: as text", text)

# A threshold of the host reaches a brick whose session has none of its own.
bt.equal(get("list", "--session", str(DB))[0]["cv_threshold_percent"], 1000, "the threshold before")
monitor = subprocess.Popen(["bricktrace", "monitor", "-a", "-j", "--brick", "commit"], text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
monitor.stderr.readline()
runs = db.run(1, 5)
bt.equal([r["traced"] for r in runs], [False] * 5, "before: no run is traced")
bt.ok("cv_threshold" in cli("set", "cv_threshold", "1%")[0], "set: prints the setting")
bt.equal(value("cv_threshold"), 1000, "set: the value is there")
bt.equal(get("list", "--session", str(DB))[0]["cv_threshold_percent"], 1, "set: the session has it")
runs += db.run_until(1, "traced") + db.run(1, 3)
bt.equal([r["traced"] for r in runs[-4:]], [True] * 4, "set: runs of the brick are traced from the next one on")
monitor.send_signal(signal.SIGINT)
records = [json.loads(line) for line in monitor.communicate(timeout=60)[0].splitlines()]
bt.equal([(r["wall_ns"], r["provenance"] == "measured") for r in records], [(r["wall_ns"], r["traced"]) for r in runs],
         "monitor: the same runs, measured from then on")
bt.equal([sum(s["count"] for s in r["syscalls"]) for r in records[-4:]], [r["calls"] for r in runs[-4:]],
         "monitor: the calls that the program saw")
shown = get("show", "commit")
agrees(shown, db.book(1), "show: an escalated brick")
bt.equal(shown["escalated"], True, "show: the brick is escalated")
bt.ok(re.search(r"^commit .* next\* ", cli("list", "bricks")[0], re.M), "list bricks: an asterisk marks it")
status = get("status")
holder, = status["holders"]
bt.equal((holder["session"], holder["pid"], holder["comm"], holder["user"], holder["holds"]),
         (DB, db.pid, "serve", "nobody", 1), "status: who holds the hooks")
bt.equal((status["hooks"]["state"], status["hooks"]["loud"], status["hooks"]["cause"]), ("quiet", None, None),
         "status: the hooks are quiet")
text = cli("status")[0]
bt.ok(re.search(r"^hooks: +quiet for .*: only calls of followed threads take longer$", text, re.M) and
      re.search(rf"^held by: +serve\[{db.pid}\] of user nobody, session {DB}: 1 holds, for ", text, re.M),
      "status: as text", text)

# Values that are wrong change nothing.
before = get("set")
for name, wrong in (("cv_threshold", "much"), ("cv_threshold", "1000.001%"), ("efficiency_threshold", "101%"),
                    ("trace_limit", "1001"), ("slow_ns", "9999"), ("enabled", "2"), ("linger_ms", "2h"),
                    ("max_user_threads", "4294967296"), ("netlink_group", "no-such-group")):
    refused("set", name, wrong, says=(f"'{wrong}'", name), status=125)
refused("set", "nonsense", "1", says=("unknown setting 'nonsense'", "bricktrace set shows them"), status=125)
refused("set", "enabled", "on", "off", says=("'off'",), status=125)
bt.equal(get("set"), before, "wrong values have changed nothing")

# Other users.
own = user(NOBODY)
bt.equal([(s["id"], s["pid"]) for s in get("list", prefix=own)], [(DB, db.pid)], "a user: the own session")
bt.equal([t["tid"] for t in get("list", "threads", prefix=own)], [db.pid], "a user: the own thread")
bt.equal([b["brick"] for b in get("list", "bricks", prefix=own)], ["decode", "commit"],
         "a user: the own bricks, by names that only they have")
agrees(get("show", "decode", prefix=own), db.book(0), "a user: show")
refused("show", "fetch", says=("'fetch'", "bricktrace list"), prefix=own)
bt.equal([u["user"] for u in get("status", prefix=own)["users"]], ["nobody"], "a user: status has nobody else")
RIGHT = ("CAP_PERFMON", "be root", "sudo bricktrace")
refused("set", "enabled", "off", says=("cannot set enabled", *RIGHT), prefix=own)
refused("detach", str(WEB), says=(f"session {WEB}",), prefix=own)
refused("detach", str(DB), says=(f"cannot detach session {DB}", *RIGHT), prefix=own)
refused("reset", "commit", says=("cannot reset brick", *RIGHT), prefix=own)
refused("reset", "--session", str(WEB), says=("cannot reset", *RIGHT), prefix=own)
bt.equal(get("set"), before, "a user: nothing is set")
bt.equal((db.book(1)["runs"], web.run(0, 1)[0]["detached"]), (20 + len(runs), False), "a user: nothing is reset or detached")
cli("set", "trace_limit", "99", prefix=user(NOBODY, "--inh-caps=+perfmon", "--ambient-caps=+perfmon"))
bt.equal(value("trace_limit"), 99, "a user with CAP_PERFMON: the setting is changed")

# Another network namespace, in which a user looks for open files of the device.
away = ["unshare", "-n", *own]
HERE = ("network namespace", "nsenter -t 1 -n bricktrace")
for args in (("status",), ("set",), ("set", "enabled", "off"), ("detach", str(DB)), ("reset", "commit"), ("top", "-n", "1"),
             ("list", "threads")):
    refused(*args, says=HERE, prefix=away)
out, err = cli("list", "-j", prefix=away)
bt.equal([(s["id"], s["pid"], s["user"], s["comm"], s["label"], s["holds"]) for s in json.loads(out)],
         [(DB, db.pid, "nobody", "serve", "db", None)], "another namespace: the own session")
bt.ok(all(s in err for s in HERE), "another namespace: where the others are", err)
bt.equal([b["brick"] for b in get("list", "bricks", prefix=away)], ["decode", "commit"], "another namespace: the own bricks")
agrees(get("show", "commit", prefix=away), db.book(1), "another namespace: show")

# Forgetting runs.
refused("reset", "decode", says=("'decode' may be any of 3 bricks", FORMS[db, 0]))
bt.equal(db.book(0)["runs"], 20, "reset: an ambiguous name resets nothing")
bt.ok(f"brick commit of session {DB} is reset" in cli("reset", "commit")[0], "reset: says which brick")
book = db.book(1)
bt.equal((book["runs"], book["window"], book["escalated"]), (0, [], False), "reset: the brick has no runs and is not escalated")
shown = get("show", "commit")
bt.equal((shown["runs"], shown["mean_ns"], shown["min_ns"], shown["mean"]), (0, None, None, None), "reset: show has no figures")
bt.equal((db.book(0)["runs"], db.run(1, 2)[0]["traced"]), (20, False), "reset: other bricks keep their runs, the program goes on")
bt.equal(get("reset", "--session", str(WEB))["reset"], [{"session": WEB, "brick": None, "name": None}], "reset --session")
bt.equal([web.book(i)["runs"] for i in range(3)], [0, 0, 3], "reset --session: all bricks of this session")
refused("reset", "--session", "999999", says=("999999", "there is no such session"))

# Ending the tracing of a program.
db.run(1, 12)
bt.equal(db.run_until(1, "traced")[-1]["traced"], True, "the brick is escalated again")
bt.equal([h["session"] for h in get("status")["holders"]], [DB], "its session holds the hooks")
bt.ok(f"session {DB} of serve[{db.pid}] is detached" in cli("detach", str(DB))[0], "detach: says whose session")
runs = db.run(1, 3)
bt.equal([(r["traced"], r["detached"]) for r in runs], [(False, True)] * 3, "detach: runs have no breakdown, and say why")
bt.equal(db.book(1)["window"][-3:], [r["wall_ns"] for r in runs], "detach: their durations are measured")
session, = get("list", "--session", str(DB))
bt.equal((session["state"], session["threads"], session["holds"]), ("detached", 0, 0), "detach: list shows it")
bt.ok(re.search(rf"^ *{DB} .* detached$", cli("list")[0], re.M), "detach: list as text")
time.sleep(0.5)
status = get("status")
bt.equal((status["hooks"]["state"], status["holders"]), ("off", []), "detach: the hooks go")
bt.equal([s["state"] for s in get("list", "--pid", str(web.pid))], ["on", "on"], "detach: other sessions stay")
bt.equal(sorted(d["session"] for d in get("detach", "--pid", str(web.pid))["detached"]), [WEB, BATCH], "detach --pid: both sessions")
web.run(0, 12)
bt.equal(web.run_until(0, "detached")[-1]["traced"], False, "detach --pid: a brick that is escalated later is not traced")
refused("detach", "999999", says=("999999", "bricktrace list"))
refused("detach", "nonsense", says=("bad session 'nonsense'", "bricktrace list"), status=125)
log = subprocess.run(["dmesg"], stdout=subprocess.PIPE, text=True).stdout
bt.ok(all(re.search(rf"bricktrace: uid 0, pid \d+ has {what}", log)
          for what in ("set cv_threshold to 1000", f"reset bricks of session {DB}", f"detached session {DB}")),
      "the kernel has logged who did that")
web.end()
db.end()

# A process that is followed while it runs, with threads that work, fail and sleep.
cli("set", "cv_threshold", "15%")


def state_of(pid):
    """Returns what would show that somebody stopped, traced or signaled a thread."""
    names = ("State", "TracerPid", "SigQ", "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "voluntary_ctxt_switches")
    states = {}
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/status") as f:
            lines = dict(line.rstrip("\n").split(":\t", 1) for line in f)
        if lines["Name"] in ("reader", "waiter"):
            states[lines["Name"]] = [lines[n] for n in names]
    return states


target = pace.Pace()
before = state_of(target.pid)
start = time.time_ns()
attach = subprocess.Popen(["bricktrace", "attach", "-j", "-p", str(target.pid)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
bt.settle(attach)
session, = get("list", "--pid", str(attach.pid))
bt.equal((session["threads"], session["comm"], session["user"], session["runs"]), (5, "bricktrace", "root", 1),
         "attach: its session follows five threads")


def read_threads():
    """Returns the attach's threads by name, and the times before and after they were read."""
    begun = time.time_ns()
    threads = get("list", "threads", "--session", str(session["id"]))
    return {t["comm"]: t for t in threads}, begun, time.time_ns()


first, first_begun, first_ended = read_threads()
time.sleep(2)
last, last_begun, last_ended = read_threads()
bt.equal(sorted(first), ["failing", "pace", "reader", "steady", "waiter"], "attach: list threads has their names")
bt.equal(sorted(str(t["tid"]) for t in last.values()), sorted(os.listdir(f"/proc/{target.pid}/task")), "attach: and their IDs")
bt.equal({t["pid"] for t in last.values()}, {target.pid}, "attach: and the process")
bounds = [target.around(ns) for ns in (first_begun, first_ended, last_begun, last_ended)]
for name, key, counts in (("steady", "calls", "steady"), ("failing", "calls", "failing"), ("failing", "errors", "errors")):
    # The program adds the calls of a tick to its own count when it has made them.
    least = bounds[2][0][counts] - bounds[1][1][counts] - 5
    most = bounds[3][1][counts] - bounds[0][0][counts] + 5
    bt.between(last[name][key] - first[name][key], least, most, f"attach: the {key} of the thread {name}")
bt.equal((last["steady"]["errors"], last["reader"]["calls"], last["waiter"]["calls"]), (0, 0, 0),
         "attach: no call has failed or returned that should not")
for name, dominant in (("reader", "read"), ("waiter", "futex")):
    bt.equal(last[name]["dominant"], dominant, f"attach: the thread {name} is in {dominant}")
    bt.between(last[name]["calls_percent"], 99, 100, f"attach: all the time of {name}")
attach.send_signal(signal.SIGINT)
err = attach.communicate(timeout=60)[1]
end = time.time_ns()
run = json.loads(err)
bt.equal((attach.returncode, run["threads"], bt.adds_up(run)), (0, 5, []), "attach: its report")
bt.equal(state_of(target.pid), before, "attach: the sleeping threads were not woken, stopped or traced")
rates = target.rates(start, end)
bt.between(rates["steady"], 450, 550, "attach: the program makes its 500 calls in a second")
bt.between(rates["paced"], 90, 110, "attach: and its 100 runs")
bt.equal((target.end()["touched"], get("list")), (0, []), "attach: no signal came, and no call ended early")

# What --save writes is what the module takes.
conf = os.path.join(bt.TMP, "bricktrace.conf")
with open(conf, "w") as f:
    f.write("# ours\n")
SAVED = (("enabled", "off", 0), ("decode", "off", 0), ("linger_ms", "1.5s", 1500), ("max_host_grants", "7", 7),
         ("cv_threshold", "12.5%", 12500), ("efficiency_threshold", "33.333%", 33333), ("trace_limit", "8", 8),
         ("slow_ns", "250us", 250000), ("max_user_sessions", "9", 9), ("max_user_threads", "1000", 1000),
         ("max_user_runs", "1001", 1001), ("max_user_memory", "12", 12), ("netlink_group", "nogroup", 65534))
bt.equal([name for name, _, _ in SAVED], [s["name"] for s in get("set")["settings"]], "all settings are saved")
line, _ = cli("set", "--save=-", "trace_limit", "5")
bt.ok(line.endswith("\noptions bricktrace trace_limit=5\n"), "set --save=-: prints the line", line)
for name, text, _ in SAVED:
    cli("set", f"--save={conf}", name, text)
with open(conf) as f:
    lines = f.read().splitlines()
bt.equal(lines, ["# ours", *(f"options bricktrace {name}={number}" for name, _, number in SAVED)], "set --save: the file")
cli("set", f"--save={conf}", "trace_limit", "6")
with open(conf) as f:
    bt.equal(f.read().splitlines(), [line.replace("limit=8", "limit=6") for line in lines], "set --save again: the line is changed")
before = get("set")
bt.equal({s["name"]: s["value"] for s in before["settings"]}, {**{n: v for n, _, v in SAVED}, "trace_limit": 6}, "set: the values")
_, err = cli("set", "--save=/proc/none", "enabled", "off", status=125)
bt.ok("cannot write '/proc/none'" in err and "the setting holds until the module is unloaded" in err, "set --save: a bad file", err)
subprocess.run(["rmmod", "bricktrace"], check=True)

# Without the module.
for args in (("status",), ("list",), ("list", "threads"), ("show", "decode"), ("set",), ("set", "enabled", "on"), ("detach", "1"),
             ("reset", "decode"), ("top", "-n", "1")):
    refused(*args, says=("the module is not loaded: run 'modprobe bricktrace' as root",))

with open(conf) as f:
    options = [word for line in f if line.startswith("options bricktrace ") for word in line.split()[2:]]
bt.equal(subprocess.run(["insmod", KO, *options]).returncode, 0, "the module takes these options")
bt.equal(get("set"), before, "and has the same settings")
bt.ok("tracing is switched off on this host; root can switch it on: bricktrace set enabled on" in cli("status")[0],
      "status: tracing is off, and what to do")
subprocess.run(["rmmod", "bricktrace"], check=True)
bt.equal(subprocess.run(["insmod", KO]).returncode, 0, "the module is loaded as it was")
bt.done()
