#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""generate.py TINYGRAD HEADERS...: write the generated lines of the files *.names.

A comment in a file says where the lines below it come from, up to the next line that is
empty or a comment:
    # macros of HEADER: REGEX     the macros of that name that are made with _IO() and the like
    # numbers of HEADER: REGEX    the macros of that name that are numbers of four digits
    # tinygrad: KIND              NVIDIA's constants of a kind: the function nvidia()
TINYGRAD is the unpacked package of that name, and HEADERS are the directories of a kernel's
headers for userspace. Only numbers and names are taken.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
NO_SIZE = """
#undef _IOC
#define _IOC(direction, type, nr, size) ((unsigned)(direction) << 30 | (type) << 8 | (nr))
"""


def run(command, source=""):
    return subprocess.run(command, input=source, stdout=subprocess.PIPE, text=True,
                          check=True).stdout


def kernel(directories, kind, header, regex):
    """A header's requests, without the size, in the header's order."""
    with tempfile.TemporaryDirectory() as tmp:
        # The kernel's headers still include two that are not among those for userspace.
        os.mkdir(tmp + "/linux")
        for name in ("compiler", "compiler_types"):
            open(f"{tmp}/linux/{name}.h", "w").close()
        gcc = ["gcc", "-w", "-D__user=", "-D__force=",
               *("-I" + d for d in [tmp, *directories]), "-x", "c", "-"]
        source = f"#include <stdio.h>\n#include <linux/ioctl.h>\n#include <{header}>\n" + NO_SIZE
        defined = run([*gcc, "-E", "-dD"], source)
        names = [n for n, value in re.findall(r"^#define (\w+) (.*)$", defined, re.M)
                 if re.fullmatch(regex, n) and
                 (kind == "macros" or re.fullmatch("0x[0-9a-fA-F]{4}", value))]
        expanded = run([*gcc, "-E", "-P"],
                       source + "".join(f'@ "{n}" {n}\n' for n in dict.fromkeys(names)))
        names = [n for n, value in re.findall(r'^@ "(\w+)" (.*)$', expanded, re.M)
                 if kind == "numbers" or "<< 30" in value]
        run([*gcc, "-o", tmp + "/print"], source + "int main(void)\n{\n" +
            "".join(f'printf("%u {n}\\n", (unsigned)({n}));\n' for n in names) + "}\n")
        return [line.split() for line in run([tmp + "/print"]).splitlines()]


def is_command(name, number):
    """Whether a constant is a command of NVIDIA's RM CONTROL, which has its class in its name."""
    if number >> 16:
        of_class = re.match("NV([0-9A-F]{4})_CTRL_", name)
        return (name.startswith("NV_CONF_COMPUTE_CTRL_CMD_") or
                of_class and int(of_class[1], 16) == number >> 16)
    # Arguments of two commands of class 0 look like commands.
    return (name.startswith("NV0000_CTRL_CMD_") and number >> 8 and
            not re.search("_(GPS|PFM_REQ_HNDLR)_(SYS|DATA)_|_INVALID$", name))


def nvidia(tinygrad, kind):
    """NVIDIA's constants of a kind, and the request that they belong to."""
    files = glob.glob(tinygrad + "/tinygrad/runtime/autogen/nv_[0-9]*.py")
    request, found = "", []
    # Where drivers differ, the newest one's name counts.
    for path in sorted(files, reverse=True):
        with open(path) as f:
            text = f.read()
        constants = re.findall(r"^(\w+) = \(?(0x[0-9a-fA-F]+)\)?$", text, re.M)
        if kind == "escapes":
            base = int(re.search(r"^NV_IOCTL_BASE = (\d+)$", text, re.M)[1])
            others = re.findall(r"^(NV_ESC_\w+) = \(NV_IOCTL_BASE \+ (\d+)\)$", text, re.M)
            found += [(0xc0004600 | int(v, 16), n) for n, v in constants
                      if n.startswith("NV_ESC_")]
            found += [(0xc0004600 | base + int(v), n) for n, v in others]
        elif kind == "uvm":
            found += [(int(v), n) for n, v in
                      re.findall(r"^(UVM_\w+) = UVM_IOCTL_BASE\((\d+)\)$", text, re.M)]
            found += [(int(v, 16), n) for n, v in constants
                      if n in ("UVM_INITIALIZE", "UVM_DEINITIALIZE")]
        elif kind == "commands":
            request = "0xc000462a "
            found += [(int(v, 16), n) for n, v in constants if is_command(n, int(v, 16))]
        elif kind == "classes":
            request = "0xc000462b "
            # The list of all classes is the only one whose first number has eight digits.
            block = re.search(r"^NV01_ROOT = \(0x00000000\)\n(\w+ = \(0x[0-9a-f]{8}\)\n)+", text,
                              re.M)[0]
            found += [(int(v, 16), n) for n, v in
                      re.findall(r"^(\w+) = \((0x\w+)\)$", block, re.M)]
        else:
            sys.exit(f"no such kind: {kind}")
    first = {}
    for number, name in found:
        first.setdefault(number, name)
    return [(number, name) for number, name in sorted(first.items())], request


def main(tinygrad, *directories):
    for path in sorted(glob.glob(HERE + "/*.names")):
        with open(path) as f:
            old = f.read().splitlines()
        new, skip = [], False
        for line in old:
            if not line or line.startswith("#"):
                skip = False
            if not skip:
                new.append(line)
            source = re.match(r"# (macros|numbers) of (\S+): (.*)", line)
            if source:
                lines, request = kernel(directories, *source.groups()), ""
            else:
                source = re.match("# tinygrad: (.*)", line)
                if source:
                    lines, request = nvidia(tinygrad, source[1])
            if source:
                skip, seen = True, set()
                for number, name in lines:
                    # The first name of a number is the usual one.
                    if number not in seen:
                        new.append(f"{request}{int(number):#x} {name}")
                    seen.add(number)
        with open(path, "w") as f:
            f.write("\n".join(new) + "\n")


main(*sys.argv[1:])
