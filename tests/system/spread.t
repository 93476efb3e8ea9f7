#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# The hash of the module's table of tasks spreads 2000 real tasks of this kernel. Their
# addresses come from slabs, so that many bits of an address have few values.
import os
import subprocess
import threading
import bt

BITS = 14
KO = os.environ["BRICKTRACE_KO"].replace("/kmod-", "/spread-").replace("bricktrace.ko", "spread.ko")
if not os.path.exists(KO):
    raise SystemExit(f"Bail out! no {KO}: make spread")
threading.stack_size(1 << 18)
stop = threading.Event()
threads = [threading.Thread(target=stop.wait) for _ in range(2000)]
for t in threads:
    t.start()
bt.equal(subprocess.run(["insmod", KO]).returncode, 0, "the tasks are hashed")
with open("/sys/module/spread/parameters/spread") as f:
    tasks, used, longest = map(int, f.read().split())
subprocess.run(["rmmod", "spread"])
stop.set()
bt.note(f"{tasks} tasks in {used} of {1 << BITS} buckets, the longest chain has {longest}")
bt.between(tasks, 2000, 10000, "there are that many tasks")
# With a random hash, the tasks use this many buckets on average. A tenth less is still good.
random = (1 << BITS) * (1 - (1 - 2.0 ** -BITS) ** tasks)
bt.between(used, int(random * 0.9), tasks, "they use nearly as many buckets as by chance")
bt.between(longest, 1, 8, "no chain is long")
bt.done()
