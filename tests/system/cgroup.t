#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# bricktrace attach --cgroup: processes that are in the cgroup or below it before, that join
# later, that leave, that a member creates, and that may not be followed. Each makes a number
# of calls of its own, so that the sum says who was followed.
import atexit
import json
import os
import signal
import subprocess
import time
import bt

OUT = os.path.join(bt.TMP, "out")
ROOT = "/sys/fs/cgroup"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
# A member that was moved here is noticed in the next second; guests are slow.
NOTICE = 3
WORKER = """
import os, sys
for line in sys.stdin:
    child = os.fork() if line.startswith("fork") else None
    if child:
        os.waitpid(child, 0)
    else:
        for _ in range(int(line.split()[-1])):
            os.getpriority(os.PRIO_PROCESS, 0)
    if child == 0:
        os._exit(0)
    print("done", flush=True)
"""

if not os.path.exists(f"{ROOT}/cgroup.procs"):
    subprocess.run(["mount", "-t", "cgroup2", "cgroup2", ROOT], check=True)


class Worker:
    def __init__(self, prefix=()):
        self.p = subprocess.Popen([*prefix, "/usr/bin/python3", "-S", "-c", WORKER], text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.call(0)

    def call(self, n):
        self.p.stdin.write(f"{n}\n")
        self.p.stdin.flush()
        self.p.stdout.readline()

    def move(self, group):
        with open(f"{ROOT}/{group}/cgroup.procs", "w") as f:
            f.write(str(self.p.pid))
        return self

    def end(self):
        self.p.stdin.close()
        self.p.wait()


def make(group):
    os.makedirs(f"{ROOT}/{group}")
    return group


def remove(group):
    """Removes a cgroup, which the kernel may refuse for a moment after its last process."""
    for _ in range(100):
        try:
            return os.rmdir(f"{ROOT}/{group}")
        except OSError:
            time.sleep(0.1)
    return os.rmdir(f"{ROOT}/{group}")


def attach(group, *options, prefix=()):
    if os.path.exists(OUT):
        os.unlink(OUT)
    return subprocess.Popen([*prefix, "bricktrace", "attach", "-j", "-o", OUT, *options, "--cgroup", group],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(p, name, status=0, stop=True):
    """Ends the attach, and returns what it has printed to standard error."""
    if stop:
        p.send_signal(signal.SIGINT)
    p.printed, said = p.communicate(timeout=100)
    bt.equal(p.returncode, status, f"{name}: status {status}")
    return said


def reports():
    with open(OUT) as f:
        return [json.loads(line) for line in f]


def calls(run):
    return sum(s["count"] for s in run["syscalls"] if s["name"] == "getpriority")


top, below = make("bt.service"), make("bt.service/below")
before, deep, leaving, joining, stranger = (Worker() for _ in range(5))
before.move(top)
deep.move(below)
leaving.move(top)
p = attach("/bt.service")
bt.settle(p)
before.call(1)
deep.call(10)
joining.call(7)
joining.move(below)
time.sleep(NOTICE)
joining.call(100)
leaving.move("")
time.sleep(NOTICE)
leaving.call(1000)
before.call("fork 10000")
stranger.call(7)
said = end(p, "members")
run = reports()[-1]
bt.equal(said, "", "members: nothing is said")
bt.equal(calls(run), 11111, "members: the calls of four processes and a child")
bt.equal(run["threads"], 5, "members: five threads")
bt.equal(run["brick"], "bt.service", "members: the brick has the cgroup's name")
bt.equal(bt.adds_up(run), [], "members: the figures add up")

p = attach(f"{ROOT}/bt.service/below", "-d", "1s")
bt.equal(end(p, "a directory", stop=False), "", "a directory: the duration ends it")
bt.equal((reports()[-1]["threads"], reports()[-1]["brick"]), (2, "below"), "a directory: only what is below it")

with open("/sys/module/bricktrace/parameters/max_user_threads", "r+") as f:
    usual = f.read()
    f.write("1")
    f.flush()
    p = attach("/bt.service/below", "-d", "1s")
    said = end(p, "a limit", stop=False)
    f.write(usual)
bt.ok(said.endswith("bricktrace: 1 process could not be followed: a limit was reached; "
                    "see the table of limits in bricktrace(4)\n"), "a limit: it is counted", said)
bt.equal(reports()[-1]["threads"], 1, "a limit: the others are followed")

os.chmod("/dev/bricktrace", 0o666)
atexit.register(os.chmod, "/dev/bricktrace", 0o660)
own = Worker(NOBODY).move(top)
p = attach("/bt.service", "-o", "-", prefix=NOBODY)
bt.settle(p)
own.call(5)
before.call(7)
said = end(p, "another user").splitlines()
bt.equal(calls(json.loads(p.printed)), 5, "another user: the calls of the user's own process")
bt.equal(len(said), 2, "another user: two lines")
bt.ok("may not follow process" in said[0] and "try as root" in said[0], "another user: the first refusal is said once", *said)
bt.equal(said[-1], "bricktrace: 3 processes could not be followed: not permitted; run as root or with CAP_PERFMON",
         "another user: the refusals are counted")

for w in (before, deep, leaving, joining, own):
    w.end()
remove(below)

p = attach("/bt.service", "-d", "1s")
bt.equal(end(p, "nobody", status=1, stop=False), f"bricktrace: no process of the cgroup '{ROOT}/bt.service' was followed\n",
         "nobody comes before the duration ends")

p = attach("/bt.service", "-I", "0.5s")
bt.settle(p)
first = Worker().move(top)
time.sleep(NOTICE)
first.call(1)
first.end()
time.sleep(NOTICE)
stranger.move(top)
time.sleep(NOTICE)
stranger.call(10)
time.sleep(NOTICE)
stranger.end()
remove(top)
said = end(p, "a removed cgroup", stop=False)
*parts, run = reports()
bt.equal(said, "", "an empty cgroup: processes that come one after the other")
bt.equal((calls(run), run["threads"]), (11, 2), "an empty cgroup: the calls of both processes")
bt.equal(sum(calls(part) for part in parts), 11, "an empty cgroup: intervals go on with the second process")
bt.equal(bt.adds_up(run), [], "an empty cgroup: the figures add up")

p = attach("/", "-d", "1s")
bt.equal(end(p, "the root", stop=False), "", "the root: kernel threads do not count")
bt.done()
