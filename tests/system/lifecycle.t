#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# A session ends with the process that holds it, however that process ends. The hooks are
# armed while a traced run is open and for the linger time. The module can be unloaded
# whatever the threads do that it has followed.
import json
import os
import signal
import subprocess
import time
import bt

KO = os.environ["BRICKTRACE_KO"]
LINGER = "/sys/module/bricktrace/parameters/linger_ms"


def info():
    """Returns armed, arms and linger_ms as BRICKTRACE_INFO reports them."""
    out = subprocess.run(["hold", "info"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {k: int(v) for k, v in (w.split("=") for w in out.split())}


def users():
    with open("/sys/module/bricktrace/refcnt") as f:
        return int(f.read())


def linger(ms):
    with open(LINGER, "w") as f:
        f.write(str(ms))


def hold(*args):
    """Starts the C program that holds a session, and waits until it is ready."""
    p = subprocess.Popen(["hold", *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if p.stdout.readline() != "ready\n":
        bt.ok(False, f"hold {' '.join(args)} becomes ready")
    return p


def end(p, line="\n"):
    """Lets the C program go on, and returns its status and output."""
    out, _ = p.communicate(line, timeout=60)
    return p.returncode, out.strip()


def alive(pid):
    """Returns whether the process exists and is not a zombie."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def rmmod():
    return subprocess.run(["rmmod", "bricktrace"], stderr=subprocess.PIPE, text=True)


# The hooks while runs are opened and closed.
linger(0)
bt.ok(bt.until(lambda: not info()["armed"]), "nothing traced: not armed")
arms = info()["arms"]
p = hold("measure")
bt.equal(info()["armed"], 0, "a run at level measure does not arm")
end(p)
p = hold("register")
bt.equal(info()["armed"], 0, "a registered thread does not arm")
end(p)
bt.equal(info()["arms"], arms, "nor did anything else")
p = hold("trace")
bt.equal(info()["armed"], 1, "a traced run arms")
q = hold("trace")
end(p)
time.sleep(0.5)
bt.equal((info()["armed"], info()["arms"]), (1, arms + 1), "as long as one is open, and once")
end(q)
bt.ok(bt.until(lambda: not info()["armed"], 5), "the last one's end releases, with linger_ms=0")

linger(3000)
bt.equal(info()["linger_ms"], 3000, "INFO says the linger time")
p = hold("trace")
arms = info()["arms"]
end(p)
bt.equal(info()["armed"], 1, "with linger_ms=3000 the hooks stay")
p = hold("trace")
closing = time.monotonic()
end(p)
bt.equal(info()["arms"], arms, "the next run finds them")
gone = bt.until(lambda: not info()["armed"])
bt.ok(gone and time.monotonic() - closing > 2.99, "and they go 3 s after the last one")

# Processes that hold sessions are killed.
linger(0)
base = users()
p = hold("trace", "nested", "threads")
bt.equal(users(), base + 1, "a session holds the module")
bt.ok(rmmod().returncode != 0 and os.path.exists(LINGER), "which cannot be unloaded")
p.kill()
p.wait()
bt.ok(bt.until(lambda: users() == base), "kill -9 of a process with 10 nested runs and 50 threads")
bt.ok(bt.until(lambda: not info()["armed"]), "ends its runs: the hooks go")

out = os.path.join(bt.TMP, "out")
pidfile = os.path.join(bt.TMP, "pid")
SH = ["sh", "-c", f"echo $$ >{pidfile}.new; mv {pidfile}.new {pidfile}; read x; exit 3"]


def run_sh():
    if os.path.exists(pidfile):
        os.unlink(pidfile)
    p = subprocess.Popen(["bricktrace", "run", "-j", "-o", out, "--", *SH],
                         stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
    bt.until(lambda: os.path.exists(pidfile))
    with open(pidfile) as f:
        return p, int(f.read())


p, child = run_sh()
bt.equal((info()["armed"], users()), (1, base + 1), "bricktrace run: armed, one session")
p.kill()
p.wait()
bt.ok(bt.until(lambda: users() == base), "kill -9 of bricktrace run closes its session")
bt.ok(bt.until(lambda: not info()["armed"]), "and releases the hooks")
bt.ok(alive(child), "its command goes on")
p.stdin.close()
bt.ok(bt.until(lambda: not alive(child)), "and ends when it wants to")

p, child = run_sh()
os.kill(child, signal.SIGKILL)
bt.equal(p.wait(), 128 + 9, "kill -9 of the command: bricktrace run says so")
with open(out) as f:
    run = json.load(f)
bt.equal(bt.adds_up(run), [], "with what it had done: the figures add up")
bt.ok({s["name"]: s["count"] for s in run["syscalls"]}.get("execve") == 1, "from its execve on")
bt.ok(bt.until(lambda: users() == base and not info()["armed"]), "and nothing is left")

# Unloading while threads that were traced sleep, compute and make calls.
p = hold("trace", "threads", "disband")
bt.ok(bt.until(lambda: users() == base), "a session is closed while its 50 threads live")
bt.equal(rmmod().returncode, 0, "the module is unloaded at once")
bt.ok(not os.path.exists("/dev/bricktrace"), "and its device is gone")
time.sleep(1)
status, said = end(p)
bt.equal((status, said), (0, "50 threads"), "the threads sleep, compute and call on, and end")
bt.equal(subprocess.run(["insmod", KO, "linger_ms=0"]).returncode, 0, "it is loaded again")
run = bt.traced(["true"])
bt.equal((run["provenance"], bt.adds_up(run)), ("measured", []), "and measures")
bt.equal(info()["linger_ms"], 0, "with the parameter that it was given")
for _ in range(10):
    p = hold("trace", "threads")
    p.kill()
    p.wait()
    bt.until(lambda: users() == 0)
    if rmmod().returncode or subprocess.run(["insmod", KO]).returncode:
        bt.ok(False, "unload and load")
bt.equal(bt.traced(["true"])["provenance"], "measured", "ten deaths, unloads and loads later too")
bt.done()
