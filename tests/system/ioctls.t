#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# bricktrace run -f counts the ioctls of real programs by device and command as strace's raw
# list has them: programs that use a terminal, a block device, a DRM device (vgem), and the fake
# GPU, on which eight threads hammer for TEST_SECONDS (10), and whose program counts its own
# ioctls.
# Rules: ioctl.
import collections
import os
import re
import subprocess
import tempfile
import bt

SECONDS = os.environ.get("TEST_SECONDS") or "10"
FAKEGPU = "../fakegpu/load"
IMAGE = os.path.join(bt.TMP, "image")
LOOP = "/dev/loop0"
# What a program of DRM's library asks a driver: its version, what it can do, for buffers with
# an offset and a file of their own, and for some things that vgem does not have.
DRM = """
import fcntl, os, struct, sys
card = os.open(sys.argv[1], os.O_RDWR)
def ask(request, form, *words):
    buffer = bytearray(struct.pack(form, *words))
    try:
        fcntl.ioctl(card, request, buffer)
    except OSError:
        return None
    return struct.unpack(form, buffer)
for i in range(3):
    ask(0xc0406400, "64x")  # VERSION
for capability in range(20):
    ask(0xc010640c, "QQ", capability, 0)  # GET_CAP
for size in 64, 128, 256:
    made = ask(0xc02064b2, "IIIIIIQ", size, size, 32, 0, 0, 0, 0)  # MODE_CREATE_DUMB
    if made:
        ask(0xc01064b3, "IIQ", made[4], 0, 0)  # MODE_MAP_DUMB
        shared = ask(0xc00c642d, "IIi", made[4], 0x80000, -1)  # PRIME_HANDLE_TO_FD
        if shared:
            fcntl.ioctl(shared[2], 0x40086200, struct.pack("Q", 3))  # DMA_BUF_IOCTL_SYNC
            os.close(shared[2])
        ask(0x40086409, "II", made[4], 0)  # GEM_CLOSE
ask(0xc04064a0, "64x")  # MODE_GETRESOURCES
ask(0x641e, "")  # SET_MASTER
"""


def programs():
    """Returns name, command, and the devices that the command must have asked, by strace."""
    yield "a terminal", ["script", "-qec", "stty -a; stty raw -echo; stty sane; tput cols", "/dev/null"], "char"
    if subprocess.run(["modprobe", "-q", "loop"]).returncode == 0:
        with open(IMAGE, "wb") as f:
            f.truncate(16 << 20)
        subprocess.run(["losetup", LOOP, IMAGE], check=True)
        yield "a block device", ["sh", "-c", f"blockdev --report {LOOP}; mkfs.ext4 -qF {LOOP}; blkid -p {LOOP}; "
                                             f"blockdev --flushbufs --getsz --getra {LOOP}"], "block"
        subprocess.run(["losetup", "-d", LOOP], check=True)
    if subprocess.run(["modprobe", "-q", "vgem"]).returncode == 0:
        card = "/dev/dri/" + sorted(n for n in os.listdir("/dev/dri") if n.startswith("card"))[0]
        yield "a DRM device", ["/usr/bin/python3", "-SIc", DRM, card], "char"


def kind(device, numbers):
    """How strace -yy shows the file of a descriptor, or bricktrace says what it is."""
    return device + " " + numbers if device in ("char", "block") else "another file"


def strace(command):
    """Returns {(file, request): [calls, errors]}. One log a process has no unfinished calls."""
    directory = tempfile.mkdtemp(dir=bt.TMP)
    bt.quiet(["strace", "-ff", "-yy", "-X", "raw", "-e", "trace=ioctl", "-o", f"{directory}/log", *command])
    calls = collections.defaultdict(lambda: [0, 0])
    for name in os.listdir(directory):
        with open(os.path.join(directory, name)) as f:
            for line in f:
                if not line.startswith("ioctl("):
                    continue
                m = re.match(r"ioctl\(-?\d+(<.*?(?:<(\w+) ([\d:]+)>)?>)?, (0x[0-9a-f]+|\d+)(?:, .*)?\) += (-?\d+)", line)
                if not m:
                    raise SystemExit(f"Bail out! not understood: {line}")
                entry = calls[kind(m[2], m[3]), int(m[4], 0)]
                entry[0] += 1
                entry[1] += int(m[5]) < 0
    return dict(calls)


def by_request(run):
    calls = collections.defaultdict(lambda: [0, 0])
    for i in run["ioctls"]:
        entry = calls[kind(i["file"], f"{i['major']}:{i['minor']}"), i["request"]]
        entry[0] += i["count"]
        entry[1] += i["errors"]
    return dict(calls)


def compare(name, got, wanted):
    different = {f"{key[0]} {key[1]:#x}": {"bricktrace": got.get(key), "strace": wanted.get(key)}
                 for key in sorted(set(got) | set(wanted)) if got.get(key) != wanted.get(key)}
    calls = sum(calls for calls, _ in wanted.values())
    bt.ok(wanted and not different, f"{name}: calls and errors of each command ({len(wanted)} commands, {calls} calls)", different)


def sums(name, run):
    bt.equal(bt.adds_up(run), [], f"{name}: the figures add up")
    calls = [s for s in run["syscalls"] if s["name"] == "ioctl"]
    for key in ("count", "errors", "ns", "offcpu_ns"):
        if sum(i[key] for i in run["ioctls"]) != sum(s[key] for s in calls):
            bt.ok(False, f"{name}: the commands add up to the system call, {key}")


# strace and its tracee wake each other all the time, which is slow between two CPUs.
os.sched_setaffinity(0, {0})
for name, command, device in programs():
    bt.quiet(command)  # fills the caches of the program itself
    wanted = strace(command)
    run = bt.traced(command, "-f")
    sums(name, run)
    compare(name, by_request(run), wanted)
    bt.ok(len([1 for file, _ in wanted if file.startswith(device)]) > 3, f"{name}: it was asked", wanted)

subprocess.run([FAKEGPU], check=True)
command = ["gpu-load", "-r", "200"]
wanted = strace(command)
run = bt.traced(command)
sums("the fake GPU", run)
compare("the fake GPU", by_request(run), wanted)
os.sched_setaffinity(0, {0, 1})


def hammered(line):
    """Reads a line of gpu-load: device, request, command, calls, and errors of both kinds."""
    driver, device, request, command, calls, failed, refused, *_ = line.split()
    command = None if command == "-" else int(command, 16)
    return (driver, device, int(request, 16), command), [int(calls), int(failed) + (int(refused) if command is not None else 0)]


# strace does not see the error that the driver stores in the argument.
with open("/sys/kernel/debug/fakegpu/rules", "w") as f:
    f.write("nvidia 0x2a * status=0x56 every=3\nnvidia 0x2b * errno=12 every=5\n")
out = os.path.join(bt.TMP, "gpu-load")
run = bt.traced(["sh", "-c", f"exec gpu-load -t 8 -d {SECONDS} >{out}"])
sums("eight threads", run)
with open(out) as f:
    wanted = dict(hammered(line) for line in f)
got = {(i["owner"], f"{i['major']}:{i['minor']}", i["request"], i["command"]): [i["count"], i["errors"]]
       for i in run["ioctls"] if i["owner"] in ("nvidia", "nvidia_uvm", "amdgpu")}
different = {key: {"bricktrace": got.get(key), "gpu-load": wanted.get(key)}
             for key in sorted(set(got) | set(wanted), key=str) if got.get(key) != wanted.get(key)}
calls = sum(calls for calls, _ in wanted.values())
bt.ok(wanted and not different, f"eight threads: {calls} calls of {len(wanted)} commands and their errors are exact", different)
bt.ok(calls > 1000, "eight threads: they did hammer", calls)
subprocess.run(["rmmod", "amdgpu", "nvidia_uvm", "nvidia", "fakegpu"], check=True)
bt.done()
