#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# A session by netlink traces another process: a program that opens no device and has no code of
# ours gets the numbers that a session of the device would get. Each refusal says why.
import errno
import os
import subprocess
import time
import bt
import door
from door import Calls, SYS_getppid, call, close_run, figures, refused, sum128  # ynl is in build/ynl

THREADS = 3
NOBODY = 65534
MANY = [3, 5, 8, 17, 18, 19, 20, 24, 32, 39, 44, 45, 48, 49, 50, 51, 52, 72, 73, 74, 75, 77, 78, 81, 91, 93, 102, 104,
        107, 108, 111, 121, 124, 138, 143, 145, 186, 187, 196, 232, 233, 254, 257, 258, 260, 262, 263, 268, 269, 277,
        285, 287, 295, 296, 306, 309]
MAX_BUDGET = 2**62


def own_session(number):
    found = call(watcher, "session-get", {"id": number})
    return found[0] if isinstance(found, list) and found else None


def status():
    return watcher.do("status-get", {})


def open_run(scope="session", level="trace", **more):
    return s.do("run-open", {"brick": brick, "level": level, "scope": scope, **more})


def check_calls(answer, name, **wanted):
    """Checks how many calls each category has, in all and without the runs inside."""
    for view in ("inclusive", "exclusive"):
        got = {c: f["count"] for c, f in figures(answer, "category", "category", view).items()}
        bt.equal(got, {"mmap": 0, "futex": 0, "ioctl": 0, **wanted[view]}, f"{name}: the calls, {view}")
    differ = []
    for view in ("inclusive", "exclusive"):
        by_call = {}
        for c in answer["syscall"]:
            if c["view"] == view:
                by_call[c["category"]] = by_call.get(c["category"], 0) + c["figures"]["count"]
        for c, f in figures(answer, "category", "category", view).items():
            if f["count"] != by_call.get(c, 0):
                differ.append((view, c, f["count"], by_call.get(c, 0)))
    bt.equal(differ, [], f"{name}: the categories are the sums of their system calls")


before = door.door().do("status-get", {})
watcher = door.door()
s = door.door()
calls = Calls(THREADS)

# A session has what its opener gives it, and the host's values for the rest.
config = watcher.do("config-get", {})
number = s.do("session-open", {"label": "tester", "cv-threshold": 4711})["id"]
got = own_session(number)
bt.equal({k: got.get(k) for k in ("owner", "uid", "pid", "comm", "label", "threads", "bricks", "runs", "runs-opened",
                                  "cv-threshold", "efficiency-threshold", "trace-limit", "slow-ns", "enabled", "detached", "holds")},
         {"owner": "socket", "uid": 0, "pid": os.getpid(), "comm": open("/proc/self/comm").read().strip(), "label": "tester",
          "threads": 0, "bricks": 0, "runs": 0, "runs-opened": 0, "cv-threshold": 4711,
          "efficiency-threshold": config["efficiency-threshold"], "trace-limit": config["trace-limit"],
          "slow-ns": config["slow-ns"], "enabled": 1, "detached": 0, "holds": 0}, "session-open: the new session")
bt.equal([k for k in ("edge-ps", "trace-id", "span-id", "trace-flags", "holds-ns") if k in got], [],
         "session-open: what is not known is absent")
s.do("session-set", {"edge-ps": 0, "efficiency-threshold": 50000, "trace-limit": 1000, "outliers": 3000, "slow-ns": 10000,
                     "label": "another", "trace-id": b"\1" * 16, "span-id": b"\2" * 8, "trace-flags": 1})
got = own_session(number)
bt.equal([got.get(k) for k in ("edge-ps", "cv-threshold", "efficiency-threshold", "trace-limit", "outliers", "slow-ns", "label",
                               "trace-id", "span-id", "trace-flags")],
         [0, 4711, 50000, 1000, 3000, 10000, "another", b"\1" * 16, b"\2" * 8, 1], "session-set: all settings at once")

# The threads of another process.
bt.equal(s.do("thread-register", {"tid": calls.pid, "flags": ["inherit-threads", "whole-process"]}), {"threads": THREADS + 1},
         "thread-register: all threads of a process")
got = watcher.dump("thread-get", {"session": number})
bt.equal(sorted((t["tid"], t["pid"], t["session"], t["comm"], t["runs"]) for t in got),
         sorted((tid, calls.pid, number, "calls", 0) for tid in [calls.pid, *calls.tids]), "thread-get: these threads")
bt.equal([t["flags"] for t in got], [{"inherit-threads"}] * (THREADS + 1), "thread-get: how they are followed")


def listed():
    """What the listed threads did in each category, and in how much time."""
    threads = watcher.dump("thread-get", {"session": number})
    counts = {}
    for c in (c for t in threads for c in t.get("calls", [])):
        counts[c["category"]] = counts.get(c["category"], 0) + c["count"]
        bt.ok(c["offcpu-ns"] <= c["ns"] and c["errors"] <= c["count"], "thread-get: a category's figures", c)
    return counts, sum(t["thread-ns"] for t in threads)


# A run over all of them, with assertions about known numbers.
assertions = [{"kind": "syscall-count", "subject": SYS_getppid, "arch": "native", "limit": 30, "name": "thirty"},
              {"kind": "syscall-count", "subject": SYS_getppid, "arch": "native", "limit": 29, "name": "twenty-nine"},
              {"kind": "duration", "subject": 0, "arch": "native", "limit": 10**15, "name": "in time"}]
brick = s.do("brick-define", {"name": "work", "budget-ns": MAX_BUDGET, "assertion": assertions})["brick"]
bt.equal(brick, 1, "brick-define: the number of the first brick")
run = open_run()
bt.equal((run["effective-level"], run.get("parent", 0), run["mode"], run.get("reason", "none")),
         ("trace", 0, "measure", "none"), "run-open: a traced run")
bt.equal(own_session(number)["holds"], 1, "session-get: the run holds the hooks")
(counted, lasted), began = listed(), time.monotonic_ns()
calls.make(SYS_getppid, 10)
(counts, longer), ended = listed(), time.monotonic_ns()
bt.equal({k: n - counted.get(k, 0) for k, n in counts.items() if n != counted.get(k, 0)},
         {"read": THREADS, "write": THREADS, "other": 10 * THREADS}, "thread-get: what the threads did meanwhile")
bt.between(longer - lasted, 1, (ended - began + 100_000_000) * (THREADS + 1), "thread-get: the time of all threads")
answers = [close_run(s, run["run"])[0]]
answer = answers[0]
result = answer["result"]
bt.equal((result["run"], result["brick"], result["provenance"], result["reason"], result["threads"], result["depth"],
          result["budget-ns"], result["passed"], result["failed"], result["not-evaluated"]),
         (run["run"], brick, "measured", "none", THREADS + 1, 0, MAX_BUDGET, 2, 1, 0), "run-close: the result")
bt.equal(result["why"], {"assertion", "manual"}, "run-close: why the run is interesting")
bt.equal(answer["failed"], [{"index": 1, "kind": "syscall-count", "value": 30, "limit": 29, "name": "twenty-nine"}],
         "run-close: the failed assertion")
known = {"read": THREADS, "write": THREADS, "other": 10 * THREADS}
check_calls(answer, "a run of scope session", inclusive=known, exclusive=known)
bt.equal(figures(answer, "syscall", "nr")[SYS_getppid]["count"], 30, "run-close: the calls of getppid")
bt.equal(figures(answer, "category", "category")["read"]["in-flight"], THREADS, "run-close: the reads under way")
bt.equal([t["view"] for t in answer["times"]], ["inclusive", "exclusive"], "run-close: the times of both views")
times = answer["times"][0]
parts = sum(f["ns"] for f in figures(answer, "category", "category").values())
bt.equal(parts + times["compute-ns"] + times["edge-ns"] + times["control-ns"], times["thread-ns"],
         "run-close: the parts add up to the thread time")
# Each thread's time begins when the opening call has read the thread, which is before the run begins.
bt.between(times["thread-ns"], result["wall-ns"] * (THREADS + 1), (result["wall-ns"] + 100_000_000) * (THREADS + 1),
           "run-close: the thread time")

# A run inside another one.
outer = open_run()["run"]
calls.make(SYS_getppid, 1)
inner = open_run()
bt.equal(inner["parent"], outer, "run-open: the run that encloses it")
calls.make(SYS_getppid, 5)
refused(call(s, "run-close", {"run": outer}), errno.EBUSY, "run-close: a run that encloses an open one", "run")
answers.append(close_run(s, inner["run"])[0])
bt.equal((answers[-1]["result"]["parent"], answers[-1]["result"]["depth"]), (outer, 1), "run-close: the inner run")
known = {"read": THREADS, "write": THREADS, "other": 5 * THREADS}
check_calls(answers[-1], "the inner run", inclusive=known, exclusive=known)
answers.append(close_run(s, outer)[0])
check_calls(answers[-1], "the outer run", inclusive={"read": 2 * THREADS, "write": 2 * THREADS, "other": 6 * THREADS},
            exclusive={"read": THREADS, "write": THREADS, "other": THREADS})

# A result that no single message holds: calls of many kinds, and slow ones.
run = open_run()["run"]
for i, nr in enumerate(MANY):
    calls.make(nr, 2, [i % 2])
answer, messages = close_run(s, run)
answers.append(answer)
bt.ok(messages > 1, "run-close: many calls need several messages", messages)
by_call = figures(answer, "syscall", "nr")
bt.equal({nr: by_call.get(nr, {}).get("count") for nr in MANY}, {nr: 2 for nr in MANY}, "run-close: each of many calls")
bt.equal((by_call[0]["count"], by_call[1]["count"]), (len(MANY), len(MANY)), "run-close: the orders that caused them")
bt.ok(len(answer["slow-call"]) > 10 and all(c["ns"] >= 10000 for c in answer["slow-call"]) and
      {c["tid"] for c in answer["slow-call"]} <= {calls.pid, *calls.tids}, "run-close: the slow calls", answer["slow-call"])
bt.ok(all("in-flight" in f for f in by_call.values()) and "max-ns" not in figures(answer, "syscall", "nr", "exclusive")[0],
      "run-close: a figure that no exclusive view has is absent")

# A run of the sender's thread.
s.do("thread-register", {"tid": 0})
bt.equal(own_session(number)["threads"], THREADS + 2, "thread-register: the sender")
run = s.do("run-open", {"brick": brick, "level": "trace", "flags": ["ids", "context"], "trace-id": b"\3" * 16, "span-id": b"\4" * 8,
                        "trace-flags": 1})
bt.ok(run["trace-id"] == b"\3" * 16 and run["span-id"] != b"\4" * 8 and run["trace-flags"] == 1, "run-open: the context", run)
for _ in range(7):
    os.getppid()
refused(call(s, "thread-unregister", {"tid": 0}), errno.EBUSY, "thread-unregister: a thread with a run", "tid")
answer, _ = close_run(s, run["run"])
bt.equal((answer["result"]["threads"], figures(answer, "syscall", "nr")[SYS_getppid]["count"]), (1, 7),
         "a run of scope thread: the calls of the sender")
answers.append(answer)
bt.equal(s.do("thread-unregister", {"tid": 0}), {"threads": 1}, "thread-unregister: the sender")

# Level measure, and level auto with a grant.
run = s.do("run-open", {"brick": brick})
bt.equal((run["effective-level"], run["reason"]), ("measure", "level"), "run-open: level measure is the default")
measured, _ = close_run(s, run["run"])
bt.equal((measured["result"]["provenance"], [k for k in measured if k not in ("result", "failed")]), ("not-instrumented", []),
         "run-close: a measured run has no breakdown")
bt.equal((measured["result"]["passed"], measured["result"]["not-evaluated"]), (1, 2), "run-close: what was not evaluated")

# The books of the brick.
books, = watcher.dump("brick-get", {"session": number, "books": True})
results = [a["result"] for a in answers] + [measured["result"]]
stats = books["statistics"]
bt.equal((books["session"], books["pid"], books["brick"], books["name"], books["budget-ns"], books["mode"], books["uid"], books["label"]),
         (number, os.getpid(), brick, "work", MAX_BUDGET, "measure", 0, "another"), "brick-get: which brick")
bt.equal((stats["runs"], stats["traced"], stats["partial"], stats["min-ns"], stats["max-ns"]),
         (len(results), len(answers), 0, min(r["wall-ns"] for r in results), max(r["wall-ns"] for r in results)),
         "brick-get: the statistics")
bt.equal((sum128(stats["sum-ns"]), sum128(stats["squares"]), sum128(stats["thread-ns"])),
         (sum(r["wall-ns"] for r in results), sum(r["wall-ns"]**2 for r in results),
          sum(a["times"][0]["thread-ns"] for a in answers)), "brick-get: the sums of the times")
bt.equal({c["category"]: (sum128(c["count"]), sum128(c["ns"])) for c in books["sums"]},
         {c: (sum(figures(a, "category", "category")[c]["count"] for a in answers),
              sum(figures(a, "category", "category")[c]["ns"] for a in answers))
          for c in ("mmap", "futex", "ioctl", "read", "write", "other")}, "brick-get: the sums of the categories")
bt.equal(books["window"], [r["wall-ns"] for r in results], "brick-get: the window")
bt.equal(sum(b["runs"] for b in books["bucket"]), len(results), "brick-get: the histogram has each run")
bt.equal(books["assertion"], assertions, "brick-get: the assertions")
bt.equal(books["counts"], [{"passed": p, "failed": len(answers) - p, "not-evaluated": 1} for p in (
    sum(figures(a, "syscall", "nr").get(SYS_getppid, {"count": 0})["count"] <= limit for a in answers) for limit in (30, 29))] +
    [{"passed": len(results), "failed": 0, "not-evaluated": 0}], "brick-get: how often they passed and failed")
longest = max(answers, key=lambda a: a["result"]["wall-ns"])
bt.equal({k: books["longest"]["result"].get(k) for k in ("run", "wall-ns", "threads")},
         {k: longest["result"][k] for k in ("run", "wall-ns", "threads")}, "brick-get: the longest run")
bt.equal({c["category"]: c["figures"] for c in books["longest"]["category"]}, figures(longest, "category", "category"),
         "brick-get: what the longest run did")
bt.between(len(books["longest"].get("slow-call", [])), 1, 8, "brick-get: its slow calls")
plain, = watcher.dump("brick-get", {"name": "work", "pid": os.getpid()})
bt.equal([k for k in ("bucket", "window", "assertion", "counts", "longest") if k in plain], [],
         "brick-get: without books only statistics and sums")
s.do("brick-define", {"name": "work", "no-assertions": True, "budget-ns": MAX_BUDGET, "mode": "tail", "baseline": 5})
s.do("brick-define", {"name": "other", "budget-ns": 1})
got = {b["brick"]: b for b in watcher.dump("brick-get", {"session": number, "books": True})}
bt.equal((got[1]["mode"], got[1]["baseline"], got[1].get("assertion"), got[2]["name"], sorted(got)),
         ("tail", 5, None, "other", [1, 2]), "brick-define: changes a brick, and defines another")
bt.equal([b["name"] for b in watcher.dump("brick-get", {"session": number, "brick": 2})], ["other"], "brick-get: by its number")
s.do("brick-define", {"name": "work", "mode": "measure", "budget-ns": MAX_BUDGET})
s.do("brick-reset", {"brick": 1})
got, = watcher.dump("brick-get", {"session": number, "brick": 1, "books": True})
bt.equal((got["statistics"]["runs"], got.get("window", []), got.get("longest")), (0, [], None), "brick-reset: the brick has no runs")

# Refusals of each command.
other = door.door()
for command, values in (("session-set", {"enabled": 1}), ("thread-register", {"tid": 0}), ("thread-unregister", {"tid": 0}),
                        ("brick-define", {"name": "x", "budget-ns": 0}), ("run-open", {"brick": 1}), ("run-close", {"run": 1}), ("brick-reset", {"brick": 1})):
    refused(call(other, command, values), errno.ENOTCONN, f"{command} on a socket without a session")
refused(call(s, "session-open"), errno.EBUSY, "session-open: a second session of the socket")
dead = subprocess.Popen(["true"])
dead.wait()
for command, values, error, attribute in (
        ("session-open", {"slow-ns": 1}, errno.ERANGE, "slow-ns"),
        ("session-open", {"outliers": 1000001}, errno.ERANGE, "outliers"),
        ("session-open", {"trace-id": b"\0" * 16, "span-id": b"\1" * 8, "trace-flags": 0}, errno.EINVAL, None),
        ("session-open", {"label": "a\tb"}, errno.EINVAL, "label")):
    refused(call(other, command, values), error, f"{command} {values}", attribute)
bt.equal(len(watcher.dump("session-get", {"pid": os.getpid()})), 1, "session-open: a refused one has left no session")
many = [{"kind": "duration", "limit": 1, "name": f"a{i}"} for i in range(17)]
for command, values, error, attribute in (
        ("session-set", {"slow-ns": 9999}, errno.ERANGE, "slow-ns"),
        ("session-set", {"outliers": 1000001, "label": "new"}, errno.ERANGE, "outliers"),
        ("session-set", {"label": "\x7f"}, errno.EINVAL, "label"),
        ("session-set", {"trace-id": b"\1" * 16}, errno.EINVAL, None),
        ("thread-register", {"tid": calls.tids[0]}, errno.EEXIST, "tid"),
        ("thread-register", {"tid": dead.pid}, errno.ESRCH, "tid"),
        ("thread-register", {"tid": 2}, errno.EPERM, "tid"),
        ("thread-register", {"tid": 0, "flags": 8}, errno.EINVAL, "flags"),
        ("thread-unregister", {"tid": 1}, errno.ESRCH, "tid"),
        ("thread-unregister", {"tid": 0, "flags": ["inherit-threads"]}, errno.EINVAL, "flags"),
        ("brick-define", {"name": "x"}, errno.EINVAL, None),
        ("brick-define", {"budget-ns": 0}, errno.EINVAL, None),
        ("brick-define", {"name": "", "budget-ns": 0}, errno.EINVAL, "name"),
        ("brick-define", {"name": "a\nb", "budget-ns": 0}, errno.EINVAL, "name"),
        ("brick-define", {"name": "x", "budget-ns": 0, "assertion": many}, errno.EINVAL, "assertion"),
        ("brick-define", {"name": "x", "budget-ns": 0, "assertion": [{"kind": "duration", "limit": 1}]}, errno.EINVAL, None),
        ("brick-define", {"name": "x", "budget-ns": 0, "assertion": [{"kind": "category-ns", "subject": 6, "limit": 1, "name": "a"}]}, errno.EINVAL, None),
        ("brick-define", {"name": "x", "budget-ns": 0, "no-assertions": True, "assertion": many[:1]}, errno.EINVAL, None),
        ("run-open", {}, errno.EINVAL, None),
        ("run-open", {"brick": 3}, errno.ENOENT, "brick"),
        ("run-open", {"brick": 1, "level": "trace"}, errno.ESRCH, None),
        ("run-open", {"brick": 1, "why": ["manual"]}, errno.EINVAL, "why"),
        ("run-open", {"brick": 1, "level": "trace", "scope": "session", "why": ["baseline"]}, errno.EINVAL, "why"),
        ("run-open", {"brick": 1, "flags": ["charge"]}, errno.EINVAL, "flags"),
        ("run-open", {"brick": 1, "flags": ["context"]}, errno.EINVAL, None),
        ("run-close", {}, errno.EINVAL, None),
        ("run-close", {"run": 10**9}, errno.ENOENT, "run"),
        ("run-close", {"run": result["run"]}, errno.ENOENT, "run"),
        ("brick-reset", {"brick": 3}, errno.ENOENT, "brick"),
        ("brick-reset", {"session": 10**9}, errno.ENOENT, "session"),
        ("session-detach", {}, errno.EINVAL, None),
        ("session-detach", {"id": 10**9}, errno.ENOENT, "id")):
    refused(call(s, command, values), error, f"{command} {str(values)[:60]}", attribute)
got = own_session(number)
bt.equal((got["label"], got["bricks"], got["runs"], got["threads"]), ("another", 2, 0, THREADS + 1),
         "what was refused has changed nothing")
depth = [s.do("run-open", {"brick": 1})["run"] for _ in range(32)]
refused(call(s, "run-open", {"brick": 1}), errno.ELOOP, "run-open: 33 runs inside each other")
for run in reversed(depth):
    s.do("run-close", {"run": run})


# Another user: no session, unless the user is in the group.
def refusals():
    d = door.door()
    got = {}
    for command, values in (("session-open", {}), ("config-set", {"enabled": 1}), ("session-detach", {"id": number}),
                            ("brick-reset", {"session": number})):
        e = call(d, command, values)
        got[command] = (e.error, bool(e.nl_msg.extack.get("msg"))) if isinstance(e, door.NlError) else e
    return got


def member():
    d = door.door()
    opened = "id" in d.do("session-open", {})
    e = call(d, "thread-register", {"tid": calls.pid})
    own = d.do("thread-register", {"tid": 0})
    b = d.do("brick-define", {"name": "mine", "budget-ns": 0})["brick"]
    run = d.do("run-open", {"brick": b, "level": "trace"})["run"]
    os.getppid()
    message = d.do("run-close", {"run": run})
    return opened, e.error, own["threads"], figures(message, "syscall", "nr")[SYS_getppid]["count"]


bt.equal(door.as_user(NOBODY, refusals), {c: (errno.EPERM, True) for c in ("session-open", "config-set", "session-detach", "brick-reset")},
         "another user may not")
bt.equal(config["netlink-group"], 2**32 - 1, "netlink-group: none at first")
watcher.do("config-set", {"netlink-group": 4242})
bt.equal(door.as_user(NOBODY, refusals)["session-open"], (errno.EPERM, True), "a user outside the group may not")
bt.equal(door.as_user(NOBODY, member, gids=[4242]), (True, errno.EPERM, 1, 1),
         "a member of netlink-group opens a session, and may follow itself only")
watcher.do("config-set", {"netlink-group": 2**32 - 1})

# The session ends with the socket.
s.do("run-open", {"brick": 1, "level": "trace", "scope": "session"})
bt.equal(len(watcher.dump("thread-get", {"pid": calls.pid})), THREADS + 1, "thread-get: before the socket is closed")
s.sock.close()
bt.ok(bt.until(lambda: own_session(number) is None), "the session is gone when its socket is closed")
bt.equal(watcher.dump("thread-get", {"pid": calls.pid}), [], "its threads are not followed any more")
bt.equal(watcher.dump("brick-get", {"pid": os.getpid()}), [], "its bricks are gone")
bt.ok(bt.until(lambda: status()["hooks"] == "off"), "the hooks are removed")
now = status()
bt.equal([now[k] for k in ("sessions", "threads", "runs", "memory")], [before[k] for k in ("sessions", "threads", "runs", "memory")],
         "the module has what it had before")
calls.make(SYS_getppid, 1)
bt.equal(calls.end(), 0, "the program goes on")
bt.done()
