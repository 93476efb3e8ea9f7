#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# The host's operator sees the sessions of all users and changes what is on the host, without
# touching the traced programs. Others see their own sessions and change nothing.
import ctypes
import errno
import json
import os
import re
import subprocess
import time
import bt
import door
from door import Calls, SYS_getppid, call, close_run, refused  # ynl is in build/ynl

ALICE, BOB = 1001, 1002
GETS = ("session-get", "thread-get", "brick-get", "user-get")
NEVER = 1000000  # a coefficient of variation above any that there is


def user(uid):
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]


def attach(calls, uid, name):
    """Traces the program as its user, who has written a run's result when the process ends."""
    p = subprocess.Popen([*user(uid), "bricktrace", "attach", "-p", str(calls.pid), "-n", name, "-j"], cwd="/",
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if not bt.until(lambda: any(s["runs"] and s["threads"] > len(calls.tids)
                                for s in operator.dump("session-get", {"pid": p.pid}))):
        bt.ok(False, f"bricktrace attach has begun a run: {p.poll()}")
    return p


def result(p):
    """What bricktrace attach says at its end."""
    return json.loads(p.communicate(timeout=60)[1].splitlines()[-1])


def session_of(p):
    found, = operator.dump("session-get", {"pid": p.pid})
    return found


def config(**values):
    operator.do("config-set", {k.replace("_", "-"): v for k, v in values.items()})


def log_since(mark):
    """What the kernel has logged about bricktrace since the last call of this function."""
    lines = subprocess.run(["dmesg", "--notime"], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    new = lines[mark[0]:]
    mark[0] = len(lines)
    return [line for line in new if "bricktrace" in line]


def logged(name):
    """Checks that the kernel's log has one line about a change, with this process and user."""
    lines = log_since(log)
    good = len(lines) == 1 and re.search(rf"(?=.*\b{os.getpid()}\b).*\b0\b", lines[0]) and \
        "python" not in lines[0] and "operator-view" not in lines[0]
    bt.ok(good, f"{name}: the kernel's log says who, by numbers only", lines)


os.chmod("/dev/bricktrace", 0o666)
operator = door.door()
log = [0]
log_since(log)
a, b = Calls(2, user(ALICE)), Calls(3, user(BOB))
at, bt_ = attach(a, ALICE, "alice's work"), attach(b, BOB, "bob's work")
a.make(SYS_getppid, 11)
b.make(SYS_getppid, 22, [1])

# Both programs, with their numbers. Each bricktrace has closed 8 runs of a brick of its own to
# calibrate the edge.
sessions = {s["uid"]: s for s in operator.dump("session-get", {})}
bt.equal({u: [s[k] for k in ("pid", "comm", "owner", "threads", "bricks", "runs", "runs-opened", "holds", "detached")] for u, s in sessions.items()},
         {ALICE: [at.pid, "bricktrace", "device", 3, 2, 1, 9, 1, 0], BOB: [bt_.pid, "bricktrace", "device", 4, 2, 1, 9, 1, 0]},
         "session-get: the sessions of both users")
bt.equal({u["uid"]: [u[k] for k in ("sessions", "threads", "runs")] for u in operator.dump("user-get", {})},
         {ALICE: [1, 3, 1], BOB: [1, 4, 1]}, "user-get: what both users have")
now = operator.do("status-get", {})
bt.equal([now[k] for k in ("sessions", "threads", "runs")], [2, 7, 2], "status-get: the sums")
bt.equal(now["memory"], sum(u["memory"] for u in operator.dump("user-get", {})), "status-get: the memory is that of the users")
bt.ok(now["hooks"] != "off" and now["arms"] >= 1 and now["armed-ns"] <= now["loaded-ns"], "status-get: the hooks are armed", now)
threads = {t["tid"]: t for t in operator.dump("thread-get", {})}
bt.equal({tid: (t["session"], t["pid"], t["comm"]) for tid, t in threads.items()},
         {tid: (sessions[uid]["id"], c.pid, "calls") for uid, c in ((ALICE, a), (BOB, b)) for tid in [c.pid, *c.tids]},
         "thread-get: the threads of both programs")


def counts(tid):
    return {c["category"]: c["count"] for c in threads[tid].get("calls", []) if c["count"]}


bt.equal([counts(tid) for tid in [*a.tids, *b.tids]],
         [{"read": 1, "write": 1, "other": 11}] * 2 + [{}, {"read": 1, "write": 1, "other": 22}, {}], "thread-get: what each has done")
bt.ok(all(t["offcpu-ns"] <= t["thread-ns"] for t in threads.values()), "thread-get: the times", threads)
bt.equal(sorted((x["uid"], x["pid"], x["comm"], x["name"], x["statistics"]["runs"]) for x in operator.dump("brick-get", {})),
         [(uid, p.pid, "bricktrace", *brick) for uid, p, name in ((ALICE, at, "alice's work"), (BOB, bt_, "bob's work"))
          for brick in ((name, 0), ("bricktrace-calibration", 8))], "brick-get: the bricks of both")
bt.equal([len(operator.dump(g, {"pid": p})) for g, p in (("session-get", bt_.pid), ("thread-get", b.pid), ("brick-get", bt_.pid))], [1, 4, 2],
         "the lists of one process")


# What a user sees, and may do.
def view():
    d = door.door()
    seen = {get: sorted({m.get("uid", m.get("pid")) for m in d.dump(get, {})}) for get in GETS}
    other = d.dump("session-get", {"id": sessions[BOB]["id"]}), d.dump("thread-get", {"pid": b.pid}), d.dump("brick-get", {"name": "bob's work"})
    state = d.do("status-get", {})
    errors = []
    for command, values in (("config-set", {"enabled": 0}), ("session-detach", {"id": sessions[BOB]["id"]}),
                            ("session-detach", {"id": sessions[ALICE]["id"]}), ("brick-reset", {"session": sessions[BOB]["id"]}),
                            ("brick-reset", {"session": sessions[ALICE]["id"], "brick": 1})):
        e = call(d, command, values)
        errors.append((e.error, bool(e.nl_msg.extack.get("msg"))) if isinstance(e, door.NlError) else e)
    return seen, other, [state[k] for k in ("sessions", "threads", "runs")], [k for k in ("cause-pid", "cause-comm") if k in state], \
        len(d.do("config-get", {})), errors


seen, other, state, cause, settings, errors = door.as_user(ALICE, view)
bt.equal(seen, {"session-get": [ALICE], "thread-get": [a.pid], "brick-get": [ALICE], "user-get": [ALICE]}, "a user sees the own sessions")
bt.equal(other, ([], [], []), "a user does not see another one's session by its number, process or name")
bt.equal((state, cause, settings), ([2, 7, 2], [], 13), "a user sees the module's state and configuration, and no other process")
bt.equal(errors, [(errno.EPERM, True)] * 5, "a user changes nothing")
bt.equal(log_since(log), [], "what was refused is not logged")

# A privileged program of the same user.
p = subprocess.Popen([*user(ALICE), "--inh-caps=+perfmon", "--ambient-caps=+perfmon", "hold", "trace"], cwd="/", stdin=subprocess.PIPE,
                     stdout=subprocess.PIPE, text=True)
p.stdout.readline()
bt.equal(session_of(p)["uid"], ALICE, "the operator sees the session of a privileged program")
seen, *_ = door.as_user(ALICE, view)
bt.equal(door.as_user(ALICE, lambda: [m["pid"] for m in door.door().dump("session-get", {})]), [at.pid],
         "its user, who has no privilege, does not")
bt.equal(seen["thread-get"], [a.pid], "nor its threads")
p.communicate("\n", timeout=60)


# A socket keeps the rights of its opener, and the sender needs them too.
def shared():
    e = call(operator, "config-set", {"enabled": 1})
    return getattr(e, "error", e), sorted(m["uid"] for m in operator.dump("session-get", {}))


bt.equal(door.as_user(ALICE, shared), (errno.EPERM, []), "the socket of an operator gives another sender no rights")


# The family is in the initial network namespace.
def elsewhere():
    door.forget()
    try:
        door.load("bricktrace")
    except Exception as e:  # pylint: disable=broad-except
        return str(e)
    return None


def new_network():
    if door.LIBC.unshare(door.CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")


bt.equal(door.as_user(0, elsewhere, before=new_network), "Family 'bricktrace' not supported by the kernel",
         "in another network namespace there is no family")

# Thresholds of the host are those of the sessions that have none of their own.
was = operator.do("config-get", {})
config(cv_threshold=NEVER, efficiency_threshold=0, linger_ms=0)
log_since(log)
plain, own = door.door(), door.door()
numbers = [plain.do("session-open", {})["id"], own.do("session-open", {"cv-threshold": NEVER, "efficiency-threshold": 1})["id"]]
for d in (plain, own):
    d.do("thread-register", {"tid": a.pid, "flags": ["whole-process"]})
    d.do("brick-define", {"name": "next", "mode": "next", "budget-ns": 2**62})


def thresholds():
    got = {m["id"]: m for m in operator.dump("session-get", {})}
    return [(got[n]["cv-threshold"], got[n]["efficiency-threshold"]) for n in numbers]


def varied(d, runs=12):
    """Runs whose durations differ; returns the levels at which the last ones were opened."""
    levels = []
    for i in range(runs):
        run = d.do("run-open", {"brick": 1, "level": "auto", "scope": "session"})
        time.sleep(0.001 * (i % 3 + 1))
        d.do("run-close", {"run": run["run"]})
        levels.append(run["effective-level"])
    return set(levels)


bt.equal(thresholds(), [(NEVER, 0), (NEVER, 1)], "config-set: thresholds before")
bt.equal([varied(d) for d in (plain, own)], [{"measure"}] * 2, "a brick of mode next that has no anomaly is not traced")
config(cv_threshold=1)
logged("config-set")
bt.equal(thresholds(), [(1, 0), (NEVER, 1)], "config-set: a session that has set its own keeps it")
bt.ok("trace" in varied(plain), "a brick of mode next escalates by the new threshold")
bt.equal(varied(own), {"measure"}, "a brick of a session with its own threshold does not")
got = {m["id"]: m["escalated"] for m in operator.dump("session-get", {})}
bt.equal([got[n] for n in numbers], [1, 0], "session-get: which session has an escalated brick")
operator.do("brick-reset", {"session": numbers[0], "brick": 1})
logged("brick-reset")
got, = operator.dump("brick-get", {"session": numbers[0]})
bt.equal((got["statistics"]["runs"], got["escalated"]), (0, 0), "brick-reset: the brick is new")
plain.do("session-set", {"cv-threshold": 77})
config(cv_threshold=was["cv-threshold"], efficiency_threshold=was["efficiency-threshold"])
bt.equal(thresholds()[0], (77, was["efficiency-threshold"]), "session-set: from then on the threshold is the session's own")
refused(call(operator, "config-set", {"linger-ms": 5, "slow-ns": 1}), errno.ERANGE, "config-set: one wrong value", "slow-ns")
bt.equal(operator.do("config-get", {})["linger-ms"], 0, "config-set: all or none")
for name, value in (("decode", 0), ("max-host-grants", 5), ("trace-limit", 7), ("slow-ns", 20000), ("max-user-sessions", 9),
                    ("max-user-threads", 1234), ("max-user-runs", 99), ("max-user-memory", 33)):
    operator.do("config-set", {name: value})
    with open(f"/sys/module/bricktrace/parameters/{name.replace('-', '_')}") as f:
        text = f.read().strip()
    bt.equal((operator.do("config-get", {})[name], {"Y": 1, "N": 0}.get(text) if text in "YN" else int(text)), (value, value),
             f"config-set: {name} is the module's parameter, too")
operator.do("config-set", {k: was[k] for k in was if k != "linger-ms"})
plain.sock.close()
own.sock.close()
log_since(log)

# A detached session: its program goes on. Its tracer, bricktrace attach, ends as soon as it has no
# threads to follow.
mine = door.door()
number = mine.do("session-open", {})["id"]
mine.do("thread-register", {"tid": 0, "flags": ["inherit-threads"]})
mine.do("brick-define", {"name": "mine", "budget-ns": 0, "mode": "tail"})
runs = [mine.do("run-open", {"brick": 1, "level": "trace", "scope": scope})["run"] for scope in ("session", "thread")]
log_since(log)
for n in (number, sessions[BOB]["id"]):
    operator.do("session-detach", {"id": n})
    logged("session-detach")
got = {m["id"]: [m[k] for k in ("threads", "holds", "detached")] for m in operator.dump("session-get", {})}
bt.equal((got[number], got[sessions[ALICE]["id"]]), ([0, 0, 1], [3, 1, 0]),
         "session-detach: no threads, no hooks; other sessions go on")
bt.equal(operator.dump("thread-get", {"pid": b.pid}), [], "session-detach: its threads are not followed")
for run in reversed(runs):
    answer, _ = close_run(mine, run)
    bt.equal((answer["result"]["provenance"], answer["result"]["reason"], answer.get("category")), ("not-instrumented", "detached", None),
             f"session-detach: run {run} is not instrumented")
refused(call(mine, "thread-register", {"tid": 0}), errno.ESHUTDOWN, "thread-register in a detached session")
run = mine.do("run-open", {"brick": 1, "level": "auto"})
bt.equal((run["effective-level"], run["reason"]), ("measure", "detached"), "session-detach: later runs are measured only")
mine.do("run-close", {"run": run["run"]})
b.make(SYS_getppid, 3)
bt.equal(b.end(), 0, "session-detach: the program goes on to its end")
bob = result(bt_)
bt.equal((bob["provenance"], bob["brick"], bool(bob["reason"])), ("not_instrumented", "bob's work", True), "session-detach: bricktrace attach says so")
a.make(SYS_getppid, 1)
a.end()
alice = result(at)
bt.equal((alice["provenance"], [c["count"] for c in alice["syscalls"] if c["nr"] == SYS_getppid]), ("measured", [24]),
         "the other program's run is whole")
mine.sock.close()
bt.ok(bt.until(lambda: operator.do("status-get", {})["hooks"] == "off"), "the hooks are released at the end")
operator.do("config-set", {"linger-ms": was["linger-ms"]})


# A list that changes while it is read says so.
def pieces(change):
    """Reads the list of sessions in small pieces, and changes it after the first one. Returns the number of pieces,
    and whether one of them says that the list has changed."""
    # The kernel fills as much of a message as the socket was read with before.
    d = door.door()
    d.sock.send(d._encode_message(d.ops["session-get"], {}, [door.NLM_F_DUMP], 4711))
    interrupted, n = False, 0
    while True:
        messages = list(door.NlMsgs(d.sock.recv(4096)))
        n += 1
        interrupted |= any(m.nl_flags & door.NLM_F_DUMP_INTR for m in messages)
        if any(m.done for m in messages):
            return n, interrupted
        if n == 1:
            change()


many = [os.open("/dev/bricktrace", os.O_RDWR) for _ in range(60)]
n, interrupted = pieces(lambda: None)
bt.ok(n > 2 and not interrupted, "a list that does not change is read without an interruption", n, interrupted)
_, interrupted = pieces(lambda: os.close(many.pop()))
bt.ok(interrupted, "sessions that end meanwhile: NLM_F_DUMP_INTR")
_, interrupted = pieces(lambda: many.append(os.open("/dev/bricktrace", os.O_RDWR)))
bt.ok(interrupted, "sessions that begin meanwhile: NLM_F_DUMP_INTR")
for fd in many:
    os.close(fd)
os.chmod("/dev/bricktrace", 0o660)
bt.done()
