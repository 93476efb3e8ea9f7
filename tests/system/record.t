#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# bricktrace record and report: what is recorded is what monitor shows, each file is whole
# however recording ends, and no file is ever overwritten.
import json
import os
import pty
import signal
import subprocess
import time
import bt

os.chdir(bt.TMP)
ENV = {**os.environ, "TZ": "UTC"}


def follow(command, *args):
    """Starts bricktrace record or monitor, and waits until it reads."""
    p = subprocess.Popen(["bricktrace", command, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True, env=ENV)
    bt.ok(p.stderr.readline().startswith("bricktrace: reading the runs of "), f"{command} {' '.join(args)}: begins")
    return p


def ended(p, status, name):
    out, err = p.communicate(timeout=60)
    bt.equal(p.returncode, status, name)
    return out, err


def runs(*args):
    """Closes runs at level measure: their number, the brick, and perhaps its budget in nanoseconds."""
    subprocess.run(["runs", *map(str, args)], check=True)


def report(*args, status=0):
    """Returns what bricktrace report -j says."""
    p = bt.cli("report", "-j", *args, env=ENV)
    bt.equal(p.returncode, status, f"report {' '.join(args)}: status {status}")
    return json.loads(p.stdout) if p.stdout else None


# A recording has the records that monitor shows.
recorder = follow("record", "-o", "first")
monitor = follow("monitor", "-j")
bt.traced(["sh", "-c", "sleep 0.01; exec cat /dev/null"], "-n", "whole", "-b", "1us")
runs(3, "short")
time.sleep(0.5)
for p in (recorder, monitor):
    p.send_signal(signal.SIGINT)
shown = [json.loads(line) for line in ended(monitor, 0, "monitor: ^C")[0].splitlines()]
_, err = ended(recorder, 0, "record: ^C ends it with status 0")
bt.ok("bricktrace: 4 runs recorded, of " in err, "record: the summary", err)
bt.equal(os.stat("first").st_mode & 0o7777, 0o600, "only its user may read a recording")
j = report("first")
bt.equal((j["files"], j["damaged"], j["runs"], j["runs_over_budget"], j["lost"]), (1, False, 4, 1, 0), "report: the totals")
bt.equal([(b["brick"], b["runs"], b["traced"]) for b in j["bricks"]], [("whole", 1, 1), ("short", 3, 0)], "report: the bricks")


# Files of descriptors and names of devices belong to the host and the moment.
def lasting(record):
    calls = [{**c, "path": None, "ioctl": None} for c in record["slow_calls"] or []]
    return {**record, "sequence": None, "slow_calls": calls, "ioctls": None}


worst = j["worst"]
bt.equal(worst[0]["brick"], "whole", "report: the run over its budget is the worst")
bt.equal([lasting(w) for w in worst], sorted((lasting(r) for r in shown), key=lambda r: (r["brick"] != "whole", -r["wall_ns"])),
         "report: the runs are those that monitor showed, field by field")
p = bt.cli("report", "first", env=ENV)
text = p.stdout
bt.ok("brick:     short\nruns:      3\n" in text and "\nThe worst runs:\n" in text and "The slowest calls:\n" in text,
      "report: as text", text)
with open("first") as f:
    p = subprocess.run(["bricktrace", "report", "-"], stdin=f, stdout=subprocess.PIPE, text=True, env=ENV)
bt.equal(p.stdout, text, "report -: standard input")

# No file is overwritten.
p = bt.cli("record", "-o", "first", "-n", "1")
bt.ok(p.returncode == 125 and "the file exists, and record never overwrites a file" in p.stderr, "a file that exists", p)
os.symlink("nowhere", "link")
p = bt.cli("record", "-o", "link", "-n", "1")
bt.equal((p.returncode, os.path.exists("nowhere")), (125, False), "a link that leads nowhere")

# Standard output.
p = subprocess.run("bricktrace record -o - -n 2 2>err | bricktrace report -j - & sleep 1; runs 2 piped; wait",
                   shell=True, stdout=subprocess.PIPE, text=True, timeout=60)
bt.equal([(b["brick"], b["runs"]) for b in json.loads(p.stdout)["bricks"]], [("piped", 2)], "-o - into a pipe")
terminal = pty.openpty()[1]
p = subprocess.run(["bricktrace", "record", "-o", "-", "-n", "1"], stdin=subprocess.DEVNULL, stdout=terminal,
                   stderr=subprocess.PIPE, text=True, timeout=60)
bt.ok(p.returncode == 125 and "standard output is a terminal" in p.stderr, "-o - on a terminal", p)

# What waits in the ring when a signal comes is recorded.
p = follow("record", "-o", "drained")
p.send_signal(signal.SIGSTOP)
runs(100, "waiting")
p.send_signal(signal.SIGTERM)
p.send_signal(signal.SIGCONT)
ended(p, 0, "SIGTERM")
bt.equal(report("drained")["runs"], 100, "what waited in the ring is recorded")

# Losses are recorded.
p = follow("record", "-o", "lossy", "--buffer-size", "128K")
p.send_signal(signal.SIGSTOP)
runs(5000, "storm")
p.send_signal(signal.SIGCONT)
time.sleep(1)
p.send_signal(signal.SIGINT)
ended(p, 0, "a recorder that was stopped")
j = report("lossy")
bt.ok(j["lost"] > 0 and j["runs"] + j["lost"] == 5000, "each run is recorded or lost", j["runs"], j["lost"])

# The largest size, without and with rotation.
p = follow("record", "-o", "limited", "--max-size", "128K")
runs(2000, "many")
_, err = ended(p, 0, "--max-size: ends when the file is full")
bt.ok("'limited' has no room for another run: --max-size is reached" in err, "--max-size: the message", err)
bt.between(os.stat("limited").st_size, 120 << 10, 128 << 10, "--max-size 128K: the size")
most = report("limited")["runs"]
p = follow("record", "-o", "turn", "--max-size", "128K", "--rotate", "2")
for _ in range(4):
    runs(most // 2, "many")
    time.sleep(0.3)
runs(most // 2, "many")
time.sleep(0.5)
p.send_signal(signal.SIGINT)
_, err = ended(p, 0, "--rotate: ^C")
bt.equal(sorted(f for f in os.listdir() if f.startswith("turn")), ["turn.1", "turn.2"], "--rotate 2: the last two files")
bt.equal([report(f)["damaged"] for f in ("turn.1", "turn.2")], [False, False], "--rotate: each file is whole")
j = report("turn.2", "turn.1")
bt.between(j["runs"], most + 1, 2 * most, "--rotate: the files have the last runs")

# A full disk.
os.mkdir("small")
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", "small"], check=True)
p = follow("record", "-o", "small/full")
runs(2000, "many")
_, err = ended(p, 125, "a full disk: 125")
bt.ok("No space left on device; the runs before are recorded" in err, "a full disk: the message", err)
bt.ok(report("small/full")["runs"] > 0, "a full disk: the file is whole")
subprocess.run(["umount", "small"], check=True)

# A recorder that is killed leaves a file that is whole, perhaps but for its last record.
p = follow("record", "-o", "killed")
q = subprocess.Popen(["runs", "20000", "storm"])
time.sleep(0.3)
p.kill()
p.communicate()
q.wait()
p = bt.cli("report", "-j", "killed", env=ENV)
bt.ok(json.loads(p.stdout)["runs"] > 0 and (p.returncode == 0 or "the recording ends at byte" in p.stderr),
      "kill -9: the records before are whole", p.returncode, p.stderr)

# A damaged file.
with open("first", "rb") as f:
    whole = f.read()
for name, content, says in (("cut", whole[:-9], "ends at byte"), ("zero", whole[:72] + bytes(100), "at byte 72"),
                            ("text", b"hello, world\n" * 20, "not a recording"), ("empty", b"", "not a recording")):
    with open(name, "wb") as f:
        f.write(content)
    p = bt.cli("report", name, env=ENV)
    bt.ok(p.returncode == 1 and says in p.stderr, f"a recording that is {name}: 1, and what is wrong", p)
bt.equal(report("cut", "first", status=1)["runs"], 7, "what is whole of a damaged file is reported")
bt.done()
