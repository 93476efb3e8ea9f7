#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# The first versions of module, library and program run together with those of this tree in
# one guest, each library with each module. Figures that an older module lacks are "not
# measured" and never 0. An older library works without the figures that it does not know.
# Rules: provenance.
import errno
import json
import os
import subprocess

import bt

KO = os.environ["BRICKTRACE_KO"]
BUILD = os.path.dirname(os.path.dirname(KO))
OLD_KO = KO.replace("/kmod-", "/versions-")
OLD = BUILD + "/versions/userspace"
NEW = BUILD + "/userspace"
NONE = 2**64 - 1


def load(module):
    subprocess.run(["rmmod", "bricktrace"], check=True)
    subprocess.run(["insmod", module], check=True)


def client(program, libraries):
    """Returns the output of a client: {(name, view): {figure: value}}, and the first line."""
    p = subprocess.run([BUILD + "/versions/" + program], text=True, stdout=subprocess.PIPE,
                       env={"LD_LIBRARY_PATH": libraries}, check=True)
    lines = [line.split() for line in p.stdout.splitlines()]
    return {(line[0], line[1]): dict(zip(line[2::2], map(int, line[3::2])))
            for line in lines[1:]}, " ".join(lines[0])


def same_in_all(what, figures, run):
    """Checks what each pair of versions must report about the client's run."""
    bt.equal(run, "run measured - threads 1", f"{what}: the run is measured")
    for name in ("getppid", "category:other"):
        more = 1 if name == "category:other" else 0
        bt.equal([figures[name, view]["count"] for view in ("inclusive", "exclusive")],
                 [5 + more, 3 + more], f"{what}: {name}, inclusive and exclusive")
    bt.equal([figures["close", view]["errors"] for view in ("inclusive", "exclusive")], [1, 1],
             f"{what}: errors")
    good = True
    for view in ("inclusive", "exclusive"):
        times = figures["times", view]
        parts = sum(f["ns"] for (name, v), f in figures.items()
                    if name.startswith("category:") and v == view)
        calls = sum(f["ns"] for (name, v), f in figures.items()
                    if ":" not in name and name != "times" and v == view)
        # The rest is the edge, which the client does not print.
        rest = times["thread"] - parts - times["compute"] - times["control"]
        good = good and parts == calls and 0 <= rest < times["thread"]
    bt.ok(good, f"{what}: the parts add up, inclusive and exclusive")


def program(directory):
    p = subprocess.run([directory + "/bricktrace", "run", "-j", "-o", "/tmp/versions.json", "--",
                        "sh", "-c", "for i in 1 2 3; do /bin/true; done"], check=True)
    with open("/tmp/versions.json") as f:
        return p.returncode, json.load(f)


def with_module(module):
    old_module = module == "the first module"
    for library, directory in (("the first library", OLD), ("this library", NEW)):
        what = f"{library}, {module}"
        same_in_all(what, *client("client-0", directory))
        _, j = program(directory)
        bt.equal(j["provenance"], "measured", f"{what}: the program measures")
        bt.ok(j["categories"]["other"]["count"] > 0 and j["categories"]["mmap"]["count"] > 0 and
              sum(c["ns"] for c in j["categories"].values()) <= j["thread_ns"],
              f"{what}: and adds up")
        if directory == OLD:
            bt.ok("runnable_ns" not in j["compute"],
                  f"{what}: without the figures that it does not know")
        else:
            known = [j["compute"]["runnable_ns"], j["categories"]["futex"]["runnable_ns"],
                     j["faults"]["minor"], j["faults"]["major"]]
            if old_module:
                bt.equal(known, [None] * 4, f"{what}: what the module does not report is null")
            else:
                bt.ok(None not in known and known[2] > 0,
                      f"{what}: figures that the first version lacks", known)
    figures, run = client("client-1", NEW)
    what = f"a program of today, {module}"
    same_in_all(what, figures, run)
    for view in ("inclusive", "exclusive"):
        t = figures["times", view]
        known = [t["runnable"], t["minor"], t["major"], figures["getppid", view]["runnable"],
                 figures["category:other", view]["runnable"]]
        if old_module:
            bt.equal(known, [NONE] * 5,
                     f"{what}: {view}: no figure that the module does not report is 0")
        else:
            bt.ok(NONE not in known and 100 <= t["minor"] < 200,
                  f"{what}: {view}: waiting and page faults are reported", known)
        bt.equal(figures.get(("command:bad:5413", view)),
                 None if old_module else figures["ioctl", view],
                 f"{what}: {view}: ioctl by command")
    bt.equal(figures["has", "result"],
             {"ioctls": 0, "slow_calls": 0, "slow": -errno.ENOTSUP} if old_module else
             {"ioctls": 1, "slow_calls": 1, "slow": 0},
             f"{what}: whether ioctl commands and slow calls are reported")


with_module("this module")
load(OLD_KO)
with_module("the first module")
load(KO)
bt.done()
