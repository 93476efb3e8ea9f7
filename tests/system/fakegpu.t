#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# The fake GPU (tests/fakegpu) is what it says: the nodes belong to its modules, its statistics
# are those of a program that asks it, and a rule changes the calls that it names and no other.
import errno
import fcntl
import os
import struct
import subprocess
import time
import bt

DEBUG = "/sys/kernel/debug/fakegpu"
NODES = {"/dev/nvidiactl": "nvidia", "/dev/nvidia0": "nvidia", "/dev/nvidia-uvm": "nvidia_uvm", "/dev/kfd": "amdgpu"}
CONTROL, ALLOC, ALLOC64, XFER = 0xC020462A, 0xC020462B, 0xC030462B, 0xC01046D3
INITIALIZE, MIGRATE, KFD_MAP = 0x30000001, 51, 0xC0184B18
SLOW = 0x20800A14


def rules(*lines):
    """Replaces the rules; returns the error number, or 0."""
    fd = os.open(f"{DEBUG}/rules", os.O_WRONLY)
    try:
        os.write(fd, "".join(f"{line}\n" for line in lines or [""]).encode())
        return 0
    except OSError as e:
        return e.errno
    finally:
        os.close(fd)


def calls():
    with open(f"{DEBUG}/calls") as f:
        return [line.split() for line in f]


def forget():
    with open(f"{DEBUG}/calls", "w") as f:
        f.write("0")


def ask(fd, request, size, status=None, **words):
    """Makes a request; returns its error number or the driver's error, and its time in us."""
    arg = bytearray(max(size, 1))
    for at, word in words.items():
        struct.pack_into("I", arg, int(at[2:]), word)
    start = time.monotonic_ns()
    try:
        fcntl.ioctl(fd, request, arg)
        result = struct.unpack_from("I", arg, status)[0] if status is not None else 0
    except OSError as e:
        result = -e.errno
    return result, (time.monotonic_ns() - start) / 1000


def control(command, fd=None):
    return ask(fd or ctl, CONTROL, 32, 28, at8=command)


def alloc(what, request=ALLOC, size=32, status=28):
    return ask(ctl, request, size, status, at12=what)[0]


subprocess.run(["../fakegpu/load"], check=True)


def users(module):
    with open(f"/sys/module/{module}/refcnt") as f:
        return int(f.read())


for path, module in NODES.items():
    before = users(module)
    with open(path, "rb"):
        bt.ok(users(module) > before, f"{path} belongs to the module {module}")

ctl, gpu, uvm, kfd = (os.open(path, os.O_RDWR) for path in NODES)
bt.equal(ask(uvm, MIGRATE, 80, 72)[0], 0x16, "a file of nvidia-uvm must be initialized first")
bt.equal(ask(uvm, INITIALIZE, 16, 8)[0], 0, "it is initialized")
bt.equal(ask(uvm, MIGRATE, 80, 72)[0], 0, "then it takes requests")
bt.equal([ask(fd, n, 8)[0] for fd, n in ((ctl, 0xC00446C7), (ctl, 0xC028462A), (uvm, 1000), (kfd, 0x4BFF))],
         [-errno.EINVAL, -errno.EINVAL, -errno.ENOSYS, -errno.ENOTTY], "each driver refuses what it does not know")
bt.equal([alloc(0x80), alloc(0x80, ALLOC64, 48, 40)], [0, 0], "an ALLOC has one of two sizes")

for threads, options in (8, ("-r", "300")), (1, ("-r", "1", "-c", "10000")):
    forget()
    bt.equal(rules("nvidia 0x2a * status=0x56 every=3", "nvidia_uvm 51 * errno=12 every=2", "amdgpu 0x18 * sleep=100"), 0,
             "rules are accepted")
    out = subprocess.run(["gpu-load", "-t", str(threads), *options], stdout=subprocess.PIPE, text=True).stdout
    own = sorted(line.split() for line in out.splitlines())
    driver = sorted(calls())
    bt.equal([x[:7] for x in own], [x[:7] for x in driver], f"gpu-load {' '.join(options)}: the program and the drivers count the same")
    bt.ok(own and all(int(x[i]) >= int(y[i]) for x, y in zip(own, driver) for i in (7, 8)),
          "the program measures no less time than the drivers")
    asked = [x for x in driver if x[2] == hex(CONTROL)]
    # The calls inside an XFER_CMD fit the rule, too.
    wrapped = [x for x in driver if x[2] == hex(XFER)]
    bt.equal(sum(int(x[6]) for x in asked + wrapped), sum(int(x[4]) for x in asked + wrapped) // 3,
             "each third CONTROL is refused")
bt.ok(len(driver) > 10000, "there is an entry for each of 10,000 commands", len(driver))

rules(f"nvidia 0x2a {SLOW:#x} sleep=20000", "nvidia 42 0x20800110 spin=5000 status=0x65", "nvidia 0x2b 0x41 errno=12",
      "nvidia_uvm 51 * sleep=3000 every=2", "amdgpu 0x18 * spin=3000")
status, us = control(SLOW)
bt.ok(status == 0 and us >= 20000, "a CONTROL sleeps", status, us)
# Something else may take the CPU meanwhile, but hardly ten times.
for _ in range(10):
    start = time.thread_time_ns()
    status, us = control(0x20800110, gpu)
    cpu = time.thread_time_ns() - start
    if cpu >= 4000000:
        break
bt.ok(status == 0x65 and us >= 5000, "another one spins and is refused", status, us)
bt.ok(cpu >= 4000000, "it has the CPU while it spins", cpu)
bt.equal(control(0x20800111)[0], 0, "other commands are as before")
bt.equal([alloc(0x41), alloc(0x80)], [-errno.ENOMEM, 0], "an ALLOC of one class fails")
times = [ask(uvm, MIGRATE, 80, 72)[1] >= 3000 for _ in range(6)]
bt.equal(times[1::2], [True] * 3, "each second UVM_MIGRATE sleeps")
bt.ok(ask(kfd, KFD_MAP, 24)[1] >= 3000, "a request of the KFD spins")
wrong = ("nvidia 0x2a", "intel 1 * sleep=1", "nvidia x * sleep=1", "nvidia 1 * sleep", "nvidia 1 * sleep=60000001",
         "nvidia 1 * spin=1000001", "nvidia 1 * every=0", "nvidia 1 * errno=-1", "nvidia 1 * wait=1", "nvidia 1 1 sleep=1 2")
bt.equal([line for line in wrong if rules("nvidia * * status=1", line) != errno.EINVAL], [], "wrong rules are refused")
bt.equal(rules(*["nvidia 1 * sleep=1"] * 65), errno.E2BIG, "so are more than 64")
bt.ok(control(SLOW)[1] >= 20000 and control(1)[0] == 0, "and change nothing")
rules()
bt.equal(control(0x20800110)[0], 0, "rules can be removed")

for fd in (ctl, gpu, uvm, kfd):
    os.close(fd)
bt.equal(subprocess.run(["rmmod", "amdgpu", "nvidia_uvm", "nvidia", "fakegpu"]).returncode, 0, "the modules can be removed")
bt.done()
