#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# A server under load answers each request while bricktrace is attached to it and
# detached from it again and again.
import http.client
import json
import os
import subprocess
import threading
import time
import bt

OUT = os.path.join(bt.TMP, "out")
ROOT = os.path.join(bt.TMP, "www")
ROUNDS = int(os.environ.get("ROUNDS", "10"))
CLIENTS = 3
CONTENT = b"brick" * 5000
os.mkdir(ROOT)
with open(os.path.join(ROOT, "file"), "wb") as f:
    f.write(CONTENT)

log = open(os.path.join(bt.TMP, "log"), "w+")
server = subprocess.Popen(["/usr/bin/python3", "-u", "-m", "http.server", "--bind", "127.0.0.1",
                           "--directory", ROOT, "8123"], stdout=log, stderr=log)
for _ in range(200):
    try:
        c = http.client.HTTPConnection("127.0.0.1", 8123, timeout=30)
        c.request("GET", "/file")
        c.getresponse().read()
        break
    except ConnectionRefusedError:
        time.sleep(0.1)

stop = threading.Event()
requests, failures = [0] * CLIENTS, []


def load(n):
    while not stop.is_set():
        try:
            c = http.client.HTTPConnection("127.0.0.1", 8123, timeout=30)
            c.request("GET", "/file")
            r = c.getresponse()
            if r.status != 200 or r.read() != CONTENT:
                failures.append(f"status {r.status}, or another content")
            c.close()
            requests[n] += 1
        except OSError as e:
            failures.append(repr(e))


threads = [threading.Thread(target=load, args=(n,)) for n in range(CLIENTS)]
for t in threads:
    t.start()
time.sleep(0.5)
wrong, seen = [], 0
start = sum(requests)
for i in range(ROUNDS):
    done = bt.cli("attach", "-f", "-j", "-o", OUT, "-p", str(server.pid), "-d", "0.2", timeout=60)
    with open(OUT) as f:
        run = json.load(f)
    calls = {s["name"]: s for s in run["syscalls"]}
    if done.returncode or bt.adds_up(run):
        wrong.append((i, done.returncode, done.stderr, bt.adds_up(run)))
    seen += calls.get("sendto", {"count": 0})["count"] + run["categories"]["write"]["count"]
attached = sum(requests) - start
stop.set()
for t in threads:
    t.join()
bt.equal(wrong, [], f"attached and detached {ROUNDS} times: the figures add up")
bt.equal(failures, [], f"{sum(requests)} requests: none failed")
bt.ok(attached >= ROUNDS, "requests were made all the time", attached)
bt.between(seen, 1, 100 * attached + 100, "and the server was seen to answer")
bt.equal(server.poll(), None, "the server runs on")
log.seek(0)
lines = log.read().splitlines()
bad = [l for l in lines if "GET /file" not in l and "Serving" not in l]
bt.equal(bad, [], "its log has nothing but requests")
server.kill()
server.wait()
bt.done()
