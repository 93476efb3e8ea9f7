# SPDX-License-Identifier: MIT
"""What the tests of the netlink family share: the family as the kernel's ynl speaks to it, and
callers and programs to speak about. `make ynl` has fetched ynl to build/ynl."""
import copy
import ctypes
import os
import pickle
import socket
import struct
import subprocess
import sys
import bt

TREE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../build/ynl")
SPECS = os.path.join(TREE, "Documentation/netlink/specs")
sys.path.insert(0, os.path.join(TREE, "tools/net/ynl"))
from lib import NlError, YnlFamily  # noqa: E402
from lib import ynl as _ynl  # noqa: E402
from lib.ynl import Netlink, NlMsgs  # noqa: E402

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
NLM_F_DUMP, NLM_F_DUMP_INTR = Netlink.NLM_F_DUMP, 0x10
SYS_read, SYS_getppid = 0, 110
_families = {}


def load(name):
    """The family with this name. Lint has checked the description, so ynl need not do so."""
    if name not in _families:
        _families[name] = YnlFamily(os.path.join(SPECS, f"{name}.yaml"), schema="", process_unknown=True)
    return _families[name]


def forget():
    """Lets the next call of load() ask the kernel for its families again."""
    _families.clear()
    _ynl.genl_family_name_to_id = None


def door(name="bricktrace"):
    """A new socket of the family, which belongs to the caller's user."""
    other = copy.copy(load(name))
    other.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, other.nlproto.proto_num)
    for option in (Netlink.NETLINK_CAP_ACK, Netlink.NETLINK_EXT_ACK, Netlink.NETLINK_GET_STRICT_CHK):
        other.sock.setsockopt(Netlink.SOL_NETLINK, option, 1)
    return other


def call(d, command, values=None):
    """Makes a request; returns the answer, or what ynl tells of the refusal."""
    how = d.dump if "dump" in d.ops[command] else d.do
    try:
        return how(command, values or {})
    except NlError as e:
        return e


def refused(got, error, name, attribute=None):
    """Checks a refusal: its error number, that it says why, and which attribute was at fault."""
    extack = isinstance(got, NlError) and got.nl_msg.extack or {}
    good = isinstance(got, NlError) and got.error == error and extack.get("msg") and \
        (not attribute or extack.get("bad-attr") == f".{attribute}")
    return bt.ok(good, f"{name}: {os.strerror(error)}", f"wanted {os.strerror(error)} about {attribute}", got)


def close_run(d, run):
    """Closes a run; returns the attributes of all messages, and the number of messages."""
    answer = d.do("run-close", {"run": run})
    messages = answer if isinstance(answer, list) else [answer]
    bt.equal([m.pop("messages", None) for m in messages], [len(messages)] + [None] * (len(messages) - 1),
             f"run {run}: the first message says how many there are")
    all = {}
    for m in messages:
        for key, value in m.items():
            all.setdefault(key, []).extend(value if isinstance(value, list) else [value])
    all["result"], = all["result"]
    return all, len(messages)


def figures(answer, kind, key, view="inclusive"):
    """The figures of each category or system call of an answer, by their member @key."""
    return {f[key]: f["figures"] for f in answer.get(kind, []) if f["view"] == view}


def sum128(raw):
    low, high = struct.unpack("QQ", raw)
    return low + (high << 64)


def as_user(uid, body, gids=(), before=None):
    """Calls @body as another user, in another process, and returns what it returns."""
    r, w = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            if before:
                before()
            os.setgroups(list(gids))
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            value = body()
        except Exception as e:  # pylint: disable=broad-except
            value = f"{type(e).__name__}: {e}"
        with os.fdopen(w, "wb") as f:
            pickle.dump(value, f)
        os._exit(0)
    os.close(w)
    with os.fdopen(r, "rb") as f:
        value = pickle.load(f)
    os.waitpid(pid, 0)
    return value


class Calls:
    """The program calls, whose threads make the calls that they are told to."""

    def __init__(self, threads, user=()):
        pipes = [os.pipe() for _ in range(threads)]
        self.to = [w for _, w in pipes]
        self.p = subprocess.Popen([*user, "calls", *(str(r) for r, _ in pipes)], cwd="/", pass_fds=[r for r, _ in pipes],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.pid = self.p.pid
        # The program has the pipes at the same numbers.
        fds = [r for r, _ in pipes]
        self.tids = []
        if not bt.until(lambda: sorted(self._reading()) == sorted(fds)):
            bt.ok(False, "the threads of calls wait for orders", self._reading())
        self.tids = [self._reading()[fd] for fd in fds]
        for fd in fds:
            os.close(fd)

    def _reading(self):
        """From which descriptor each thread reads that is asleep in a read."""
        reading = {}
        for tid in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{tid}/syscall") as f:
                words = f.read().split()
            if words[0] == str(SYS_read):
                reading[int(words[1], 16)] = int(tid)
        return reading

    def make(self, nr, count, threads=None):
        """Lets the threads make calls, and waits until they read again: one read, the calls, one write each."""
        threads = range(len(self.to)) if threads is None else threads
        for i in threads:
            os.write(self.to[i], struct.pack("II", nr, count))
        for _ in threads:
            self.p.stdout.read(1)
        bt.until(lambda: len(self._reading()) == len(self.to))

    def end(self):
        for fd in self.to:
            os.close(fd)
        return self.p.wait(timeout=60)
