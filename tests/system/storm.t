#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Programs and tracers are killed at random, processes and threads are created in storms, and
# the module is unloaded and loaded meanwhile: ROUNDS (5) of each, after which no session and
# no account is left.
import os
import random
import signal
import subprocess
import time
import bt

ROUNDS = int(os.environ.get("ROUNDS") or "5")
SEED = int(os.environ.get("SEED", "1"))
KO = os.environ["BRICKTRACE_KO"]
random.seed(SEED)
bt.note(f"ROUNDS={ROUNDS} SEED={SEED}")


def start(*args):
    return subprocess.Popen(["storm", *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            text=True, bufsize=1)


def go(p):
    p.stdin.write("\n")
    p.stdin.flush()


def follow(p):
    f = start("follow", str(p.pid))
    if f.stdout.readline() != "ready\n":
        raise SystemExit("Bail out! nobody follows")
    return f


def said(f):
    out, _ = f.communicate(timeout=60)
    return {k: int(v) for k, v in (w.split("=") for w in out.split())}


def kill_group(p):
    """Kills all processes of a storm. The next round kills what was forked during this one."""
    for _ in range(100):
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            break
        if p.poll() is None:
            p.wait()
        time.sleep(0.02)


def users():
    with open("/sys/module/bricktrace/refcnt") as f:
        return int(f.read())


def accounts():
    """Returns the number of active accounts in the slab cache, with the permanent reserve."""
    with open("/proc/slabinfo") as f:
        for line in f:
            if line.startswith("bricktrace_task "):
                return int(line.split()[1])
    return None


def info():
    out = subprocess.run(["hold", "info"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {k: int(v) for k, v in (w.split("=") for w in out.split())}


def none_left(what):
    bt.ok(bt.until(lambda: users() == 0), f"{what}: no session is left", users())
    bt.ok(BASE is None or bt.until(lambda: settle() <= BASE),
          f"{what}: nor an account", accounts(), BASE)


def settle():
    """Shrinks the slab cache, so that the number of active accounts becomes exact."""
    try:
        with open("/sys/kernel/slab/bricktrace_task/shrink", "w") as f:
            f.write("1")
    except OSError:
        pass
    return accounts()


BASE = settle() if accounts() is not None else None
bt.note(f"accounts before: {BASE}")

# kill -9 of the target at a random moment.
bad = []
for i in range(ROUNDS):
    p = start("mix")
    f = follow(p)
    go(p)
    time.sleep(random.uniform(0, 0.1))
    p.kill()
    kill_group(p)
    s = said(f)
    if s.get("left") != 0 or not s["consistent"] or (s["provenance"] != 2 and not s["lost"]):
        bad.append((i, s))
bt.equal(bad, [], "kill -9 of the target: all threads leave, the figures add up")
none_left("kill -9 of the target")

# kill -9 of the tracer at a random moment.
bad = []
for i in range(ROUNDS):
    p = start("mix")
    f = follow(p)
    go(p)
    time.sleep(random.uniform(0, 0.1))
    f.kill()
    f.wait()
    if p.poll() is not None:
        bad.append((i, p.returncode))
    kill_group(p)
bt.equal(bad, [], "kill -9 of the tracer: the target goes on")
none_left("kill -9 of the tracer")

# Fork storms, followed with all processes that they create.
bad, most = [], 0
for i in range(ROUNDS):
    p = start("forks")
    f = follow(p)
    go(p)
    # On a busy host few processes exist so early, so the next storm lasts longer.
    time.sleep(random.uniform(0.05, 0.3) * (1 if most > 10 else 2 ** min(i, 5)))
    kill_group(p)
    s = said(f)
    most = max(most, s.get("threads", 0))
    if s.get("left") != 0 or not s["consistent"] or (s["provenance"] != 2 and not s["lost"]):
        bad.append((i, s))
bt.equal(bad, [], "fork storms: all leave, the figures add up")
bt.ok(most > 10, f"fork storms: up to {most} processes in one")
none_left("fork storms")

# 10,000 short-lived threads.
bad = []
for i in range(max(1, ROUNDS // 5)):
    p = start("threads")
    f = follow(p)
    go(p)
    if p.wait(timeout=600):
        bad.append((i, p.returncode))
    s = said(f)
    if s["lost"] == 0 and (s["threads"], s["getppid"], s["provenance"]) != (10001, 10000, 2):
        bad.append((i, s))
    if s["lost"] and (s["provenance"] != 1 or s["threads"] + s["lost"] != 10001):
        bad.append((i, s))
    if s["left"] or not s["consistent"]:
        bad.append((i, s))
bt.equal(bad, [], "10,000 short-lived threads: each is counted, or said to be lost")
none_left("10,000 short-lived threads")

# Unload and load while the threads that were followed run on.
bad, longest = [], 0
p = start("mix")
go(p)
for i in range(ROUNDS):
    f = follow(p)
    time.sleep(random.uniform(0, 0.05))
    f.kill()
    f.wait()
    begun = time.monotonic()
    while subprocess.run(["rmmod", "bricktrace"], stderr=subprocess.PIPE).returncode:
        if time.monotonic() - begun > 60:
            bad.append((i, "rmmod"))
            break
        time.sleep(0.02)
    longest = max(longest, time.monotonic() - begun)
    if subprocess.run(["insmod", KO]).returncode:
        bad.append((i, "insmod"))
    if p.poll() is not None:
        bad.append((i, "the target has ended"))
kill_group(p)
bt.equal(bad, [], "unload and load while those that were followed run on")
bt.note(f"longest unload while two CPUs are overloaded: {longest:.3f} s")

# On an idle host the hooks are released within a second. The unloads above have shown how
# busy this host is, and a debug kernel is slower.
LIMIT = longest + (20 if os.uname().release.endswith("-bricktrace") else 2)
p = start("mix")
f = follow(p)
f.kill()
f.wait()
begun = time.monotonic()
status = subprocess.run(["rmmod", "bricktrace"]).returncode
took = time.monotonic() - begun
bt.ok(status == 0 and took < LIMIT, "unloaded at once while the thread that was followed sleeps",
      status, took)
subprocess.run(["insmod", KO])
p.kill()
p.wait()
bt.ok(bt.until(lambda: not info()["armed"]), "the hooks are gone", info())
none_left("unload and load")
bt.equal(bt.traced(["true"])["provenance"], "measured", "and it measures")
bt.done()
