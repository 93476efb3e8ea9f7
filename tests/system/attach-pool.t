#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# bricktrace attach to a program that runs already and has a pool of 8 idle threads and
# a busy thread. The program notices nothing, and the report shows what its threads do.
import atexit
import json
import os
import signal
import subprocess
import time
import bt

OUT = os.path.join(bt.TMP, "out")
POOL = """
import sys, threading, time
idle = threading.Event()
for i in range(8):
    threading.Thread(target=idle.wait, daemon=True).start()
print("ready", flush=True)
while True:
    pass
"""
SLEEPER = ["sleep", "1000"]


def start(command):
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def attach(*args):
    if os.path.exists(OUT):
        os.unlink(OUT)
    return bt.cli("attach", "-j", "-o", OUT, *args, timeout=100)


def result():
    with open(OUT) as f:
        return json.load(f)


def status(pid):
    """Returns the fields that would show that somebody stopped, traced or signaled it."""
    with open(f"/proc/{pid}/status") as f:
        lines = dict(line.split(":", 1) for line in f)
    return {k: lines[k].strip() for k in ("TracerPid", "SigQ", "SigPnd", "ShdPnd", "SigBlk",
                                          "SigIgn", "SigCgt", "Threads")}


def call(run, name):
    return {s["name"]: s for s in run["syscalls"]}.get(name)


pool = start(["/usr/bin/python3", "-S", "-c", POOL])
pool.stdout.readline()
time.sleep(1)
before = status(pool.pid)
begun = time.monotonic()
done = attach("-p", str(pool.pid), "--duration", "2")
took = time.monotonic() - begun
bt.equal((done.returncode, done.stderr), (0, ""), "attach for 2 s")
run = result()
wall = run["wall_ns"]
bt.equal(bt.adds_up(run), [], "pool: the figures add up")
bt.equal(run["brick"], "python3", "pool: the brick has the program's name")
bt.between(wall, 2_000_000_000, took * 1e9, "pool: two seconds")
bt.equal(run["threads"], 9, "pool: 9 threads")
bt.between(run["thread_ns"], 9 * wall * 0.98, 9 * wall * 1.02, "pool: 9 x wall of thread time")
futex = call(run, "futex")
bt.ok(futex is not None, "pool: futex is there")
bt.between(futex["ns"], 8 * wall * 0.98, 8 * wall * 1.02, "pool: 8 x wall in futex")
bt.between(futex["offcpu_ns"], futex["ns"] * 0.98, futex["ns"], "pool: off the CPU")
bt.equal((futex["count"], futex["in_flight"], futex["max_ns"]), (0, 8, None),
         "pool: no futex call has completed, 8 are under way")
bt.between(run["compute"]["ns"], wall * 0.98, wall * 1.02, "pool: 1 x wall computing")
bt.equal(run["dominant"], "futex", "pool: futex dominates")
bt.equal(status(pool.pid), before, "pool: nobody traced, stopped or signaled it")

table = bt.cli("attach", "-p", str(pool.pid), "-d", "100ms", "-n", "named", timeout=100)
bt.equal((table.returncode, table.stdout), (0, ""), "attach without -o prints to standard error")
bt.ok("brick:     named\n" in table.stderr and
      "Under way at the end: futex 8\n" in table.stderr, "the table names the calls under way",
      table.stderr)

tids = sorted(int(t) for t in os.listdir(f"/proc/{pool.pid}/task"))
done = attach("-t", f"{tids[1]},{tids[2]}", "-t", str(tids[1]), "-d", "0.3")
run = result()
bt.equal((done.returncode, run["threads"]), (0, 2), "-t: two threads")
bt.equal(call(run, "futex")["in_flight"], 2, "-t: both in futex")
bt.between(run["compute"]["ns"], 0, run["wall_ns"] * 0.02, "-t: nobody computes")
done = attach("-t", str(pool.pid), "-d", "0.3")
# The kernel reads the thread's account while the run is being opened and closed, so the
# figures may differ from the wall time.
bt.between(result()["compute"]["ns"], result()["wall_ns"] * 0.9, result()["wall_ns"] * 1.2,
           "-t: the busy thread computes")
done = attach("-p", str(pool.pid), "-t", str(tids[3]), "-d", "0.2")
bt.equal((done.returncode, result()["threads"]), (0, 9), "-p and one of its threads: 9")

# Each way in which an attach ends.
for name in ("SIGINT", "SIGTERM"):
    if os.path.exists(OUT):
        os.unlink(OUT)
    p = start(["bricktrace", "attach", "-j", "-o", OUT, "-p", str(pool.pid)])
    bt.settle(p)
    p.send_signal(getattr(signal, name))
    out, _ = p.communicate(timeout=60)
    bt.equal((p.returncode, out), (0, ""), f"{name} ends it")
    bt.equal((result()["threads"], bt.adds_up(result())), (9, []), f"{name}: with its result")
p = start(["bricktrace", "attach", "-j", "-o", OUT, "-p", str(pool.pid)])
bt.settle(p)
bt.equal(p.poll(), None, "attach without -d waits for the target's end")
pool.kill()
killed = time.monotonic()
out, _ = p.communicate(timeout=60)
# The first attach has shown how long starting and ending takes on this host.
bt.ok(time.monotonic() - killed < took, "attach notices the target's end at once")
run = result()
bt.equal((p.returncode, out, run["threads"]), (0, "", 9), "kill -9 of the target ends it")
bt.equal(bt.adds_up(run), [], "target killed: the figures add up")
bt.between(call(run, "futex")["ns"], 8 * 0.5e9, 8 * run["wall_ns"],
           "target killed: what it did until then")
pool.wait()

# Intervals, and the file of a slow call's descriptor, while the thread is there.
fifo = os.path.join(bt.TMP, "fi\x1bfo")
os.mkfifo(fifo)
reader = start(["/usr/bin/python3", "-S", "-c", f"""
import os
fd = os.open({fifo!r}, os.O_RDWR)
print("ready", flush=True)
while True:
    os.read(fd, 1)
"""])
reader.stdout.readline()
with open(fifo, "w") as f:
    done = subprocess.Popen(["bricktrace", "attach", "-j", "-o", OUT, "-p", str(reader.pid), "-I", "0.5", "-d", "2.2"])
    while done.poll() is None:
        time.sleep(0.05)
        f.write("x")
        f.flush()
with open(OUT) as f:
    runs = [json.loads(line) for line in f]
slow = [c for r in runs for c in r["slow_calls"] if c["name"] == "read"]
bt.equal((done.returncode, [r["elapsed_ns"] is None for r in runs]), (0, [False] * (len(runs) - 1) + [True]),
         "-I: a report of each interval, and one of the whole run")
bt.between(len(runs), 4, 6, "-I 0.5 -d 2.2: four or five intervals")
bt.ok(runs[0]["slow_calls"] and runs[-1]["slow_calls"], "-I: an interval and the whole run have slow calls", runs)
bt.equal({c["path"] for c in slow}, {fifo}, "slow calls: the file that is read")
bt.equal({c["tid"] for c in slow}, {reader.pid}, "slow calls: the thread that reads it")
text = bt.cli("attach", "-p", str(reader.pid), "-d", "0.2", timeout=100).stderr
bt.ok("\x1b" not in text, "the table of slow calls escapes the file", text)
reader.kill()
reader.wait()

# Threads and children that are created during the run.
def busy_shell(*options):
    sh = start(["sh", "-c", "read x; for i in 1 2 3; do /bin/true; done; exit 4"])
    p = start(["bricktrace", "attach", "-j", "-o", OUT, *options, "-p", str(sh.pid)])
    bt.settle(p)
    out, _ = sh.communicate("\n", timeout=60)
    bt.equal((sh.returncode, out), (4, ""), f"a shell {options}: its status and output are its own")
    bt.equal(p.wait(timeout=60), 0, f"a shell {options}: its end ends it")
    return result()


run = busy_shell()
bt.equal((run["threads"], call(run, "execve")), (1, None), "without -f: the shell only")
bt.equal(call(run, "read")["count"], 1, "without -f: its reading of a line")
run = busy_shell("-f")
bt.equal((run["threads"], call(run, "execve")["count"]), (4, 3), "-f: three children")
bt.equal(bt.adds_up(run), [], "-f: the figures add up")

# Errors when a target cannot be followed.
gone = subprocess.Popen(["true"])
gone.wait()
sleeper = start(SLEEPER)
for args, says in ((["-p", str(gone.pid)], f"no process {gone.pid}"),
                   (["-t", str(gone.pid)], f"no thread {gone.pid}"),
                   (["-p", "2"], "may not follow process 2"),
                   (["-p", f"{sleeper.pid},{gone.pid}"], f"no process {gone.pid}")):
    done = bt.cli("attach", "-d", "1", *args)
    bt.ok(done.returncode == 1 and says in done.stderr and "wall time" not in done.stderr,
          f"attach {' '.join(args)}: status 1", done.returncode, done.stderr)
os.chmod("/dev/bricktrace", 0o666)
atexit.register(os.chmod, "/dev/bricktrace", 0o660)
done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--",
                       "bricktrace", "attach", "-p", str(sleeper.pid), "-d", "1"],
                      stderr=subprocess.PIPE, text=True)
bt.ok(done.returncode == 1 and "user and group ids" in done.stderr and
      "CAP_PERFMON" in done.stderr, "another user's process: status 1", done.stderr)
own = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--",
                      "sh", "-c", "sleep 100 & bricktrace attach -p $! -d 0.1; echo $?; kill $!"],
                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
bt.ok(own.stdout == "0\n" and "breakdown: measured" in own.stderr, "a user's own process: status 0", own.stderr)
bt.equal(sleeper.poll(), None, "the process of another user sleeps on")
sleeper.kill()
bt.done()
