#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""publish.py JSON DIRECTORY: writes bench.md and bench.svg into DIRECTORY, and the figures of
other documents, from the JSON of report.py. A document marks what is written here by
"<!-- bench: NAME, ... -->" and "<!-- bench: end -->", each on its own line."""
import json
import os
import re
import subprocess
import sys

from report import COMMANDS, LEVELS

HEADINGS = {
    "getppid": "`getppid`",
    "other": "`getppid` of a thread that is not traced",
    "pread": "`pread`, 4 KiB",
    "futex": "futex round trip",
    "pipe": "`perf bench sched pipe`",
    "sqlite": "sqlite, 100 transactions",
}
OURS = ("unregistered", "registered", "traced")
DOCUMENTS = ("../README.md", "hot-path.md", "worst-cases.md")


def table(heading, rows):
    return ["| " + " | ".join(heading) + " |", "|" + "---|" * len(heading),
            *("| " + " | ".join(row) + " |" for row in rows)]


def rounded(figure, digits):
    # What is rounded to nothing may be -0.0, and adding 0 makes that 0.0.
    return f"{round(figure, digits) + 0:,.{digits}f}"


class Documents:
    def __init__(self, bench):
        self.bench = bench
        self.bare = bench["bare"]
        # From the cheapest for a null call.
        self.rows = sorted((w for w in bench["works"] if w["getppid"]), key=lambda w: w["getppid"])
        self.traced = next(w for w in self.rows if w["case"] == "traced")
        self.debian = f"Debian's {bench['kernel']}"
        self.commands = {c["case"]: c for c in bench["commands"]}
        self.ioctls = {i["case"]: i["instructions"] for i in bench["ioctls"]}

    def added(self, row, work="getppid"):
        return row[work] - self.bare[work]

    def cell(self, row, work):
        if not row[work]:
            return "-"
        bare = self.bare["getppid" if work == "other" else work]
        return f"{round(row[work] - bare):,} ({row[work] / bare:.2f} x)"

    def bench_md(self):
        bench, bare, short = self.bench, self.bare, self.bench["short"]
        decode = bench["decode"]
        said = [{"name": "the caller", "calls": short["made"], "ns": short["ns"] * short["made"]},
                *short["said"]]
        missed = any(not b["pass"] for b in bench["bounds"])
        text = [
            "# What tracing costs, with bricktrace and with other tools",
            "",
            "`make bench-docs` writes this page from what `make bench` measured in one boot of a",
            f"guest with {self.debian} on one CPU. There each instruction takes one nanosecond",
            "(`-icount shift=0`), so the figures are guest instructions; they include those of a",
            "tracing process. Those of futex, pipe and sqlite vary noticeably between boots: of sqlite",
            "by 0.1 %. A null call is `getppid`, the cheapest system call.",
            "",
            "![instructions added to a null call](bench.svg)",
            "",
            "## Instructions added to an operation",
            "",
            *table(["", *HEADINGS.values()],
                   [[r["name"], *(self.cell(r, w) for w in HEADINGS)]
                    for r in self.rows if r["case"] != "idle"]),
            "",
            "The unfollowed thread runs while another thread is traced. The hand-written BPF program",
            "is `tests/bench/peers/peer.bpf.c`, the best that we could write.",
            "",
            "Without any of these an operation takes "
            + ", ".join(f"{bare[w]:,.0f} ({HEADINGS[w]})" for w in bare) + ".",
            "",
            "What each tool adds to a null call, relative to bricktrace "
            f"(1.0 = {self.added(self.traced):.0f} instructions): " + ", ".join(
                f"{r['name']} {self.added(r) / self.added(self.traced):.1f}" for r in self.rows
                if r["case"] not in ("idle", "floor", *OURS)) + ".",
            "",
            "[hot-path.md](hot-path.md) has the parts of a traced call.",
            "",
            "## What threads that nobody follows pay",
            "",
            "The table has the instructions that unrelated programs execute more while the hooks are",
            "armed and a number of idle threads is followed. In the column 0 nobody is followed and",
            "the hooks are not in place. A context switch is half of what a byte's round trip",
            "through two pipes takes without its four calls. The exit of a process is measured by",
            "waiting for a child that exits at once; it and the thread are without their two context",
            "switches. Each figure is the least of 300 repetitions, less the least of 300 beside the",
            "same threads while nobody follows them; the two are measured in turn.",
            "",
            *table(["followed threads", *(f"{o['threads']:,}" for o in bench["others"])],
                   [[words, *(rounded(o[act], 1 if act in ("call", "switch") else 0)
                              for o in bench["others"])] for act, words in bench["acts"].items()]),
            "",
            "[worst-cases.md](worst-cases.md) has the most expensive requests of other programs.",
            "",
            "## What a run costs",
            "",
            "The instructions that opening and closing a run take, while all runs are normal and",
            "the program reads no figures but the result. The hooks are armed for the runs that are",
            "traced.",
            "",
            *table(["", "instructions", "relative to two empty ioctls"],
                   [[i["name"], f"{i['instructions']:,.0f}",
                     f"{i['instructions'] / self.ioctls['empty']:.1f} x"] for i in bench["ioctls"]]),
            "",
            "A token of a decode loop of 196 bricks, which spin and wait for "
            f"{decode['none'] / 1e6:.1f} ms in all, takes",
            f"{self.slower('auto-measure', 'none')} longer with a run for each brick in mode measure, and",
            f"{self.slower('auto-tail', 'none')} longer in mode tail, which is "
            f"{self.slower('auto-tail', 'auto-measure')} more than in mode measure.",
            "",
            "## What a stream costs",
            "",
            "A finished run is written to the ring of each stream that has it. The table has the",
            "instructions that this adds to opening and closing a run; without any stream, the two",
            f"take {next(i['instructions'] for i in bench['ioctls'] if i['case'] == 'run'):,.0f} as above. A traced run here has a breakdown of 1,200 bytes. The",
            "host-wide streams get 1,000 runs a second, and lose the others.",
            "",
            *table(["", *LEVELS.values()],
                   [[s["name"], *(f"{s[level]:,.0f}" for level in LEVELS)]
                    for s in bench["streams"]]),
            "",
            "## What an ioctl costs",
            "",
            "An ioctl is counted by device, request and, of NVIDIA's driver, the command in the",
            "argument. The table has the instructions that this adds to an ioctl. The fake GPU is the",
            "driver of tests/fakegpu that imitates NVIDIA's. bpftrace does the same with the script",
            "`tests/bench/peers/commands.bt`, without errors and without the time off the CPU.",
            "",
            *table(["", *COMMANDS.values()],
                   [[c["name"], *(self.command(c, w) for w in COMMANDS)]
                    for case, c in self.commands.items() if case != "none" and c["tty"]]),
            "",
            "Without any of these the ioctls take "
            + ", ".join(f"{self.commands['none'][w]:,.0f} ({words})" for w, words in COMMANDS.items())
            + ".",
            "",
            f"A slow call, of any kind, takes {bench['slow']:,.0f} instructions more than a traced call that is",
            "not slow.",
            "",
            f"## What each tool reports of {short['made']:,} short calls",
            "",
            "The calls are those to `getsid()`, which only one program of the bench makes. The first",
            "row is what that program measures itself, with the way into the kernel and back, which",
            "bricktrace reports apart as *edge*. perf stat has no separate figures for system calls",
            "and none for their time. perf trace without BPF loses events and counts the others.",
            "NVIDIA's Nsight Systems cannot be compared here: unless its option `--osrt-threshold`",
            "is set, it traces no call of the C library that takes less than 1,000 ns, as its user",
            "guide says.",
            "",
            *table(["", "calls", "total, ms", "per call, ns", "relative to the caller"],
                   [[s["name"], f"{s['calls']:,}", f"{s['ns'] / 1e6:,.1f}",
                     f"{s['ns'] / s['calls']:,.0f}", f"{s['ns'] / s['calls'] / short['ns']:.1f} x"]
                    for s in said]),
            "",
            "## Bounds",
            "",
            "`make bench-check` fails if a figure is outside its bound (`tests/bench/bounds.toml`)."
            + (" Such figures are bold here." if missed else ""),
            "",
            *table(["figure", "measured", "from", "to", "unit", "why"],
                   [[b["name"], self.bound_value(b), f"{b['low']:g}",
                     "" if b["high"] is None else f"{b['high']:g}", b["unit"], b["why"]]
                    for b in bench["bounds"]]),
            "",
        ]
        contention = bench["contention"]
        if contention["traced"]:
            text += [
                "## Eight threads on two CPUs",
                "",
                "In real time, with a host thread for each emulated CPU, and therefore noisy: a null",
                f"call takes {contention['untraced']:,.0f} ns of CPU time; a traced one takes "
                f"{contention['traced']:,.0f} ns, {contention['traced'] / contention['untraced']:.2f} "
                "times as much.",
                "",
            ]
        return "\n".join(text)

    def command(self, row, work):
        if not row[work]:
            return "-"
        bare = self.commands["none"][work]
        return f"{row[work] - bare:,.0f} ({row[work] / bare:.2f} x)"

    def slower(self, case, than):
        decode = self.bench["decode"]
        return f"{(decode[case] / decode[than] - 1) * 100:.1f} %"

    @staticmethod
    def bound_value(bound):
        value = "-" if bound["value"] is None else rounded(bound["value"], 2)
        return value if bound["pass"] else f"**{value}**"

    def costs(self):
        """The README's."""
        bench = self.bench

        def row(work):
            bold = "**" if work["case"] in OURS else ""
            percent = self.added(work, "sqlite") / self.bare["sqlite"] * 100
            percent = "0" if abs(percent) < 0.05 else f"{percent:.{1 if percent < 5 else 0}f} %"
            return [f"{bold}{cell}{bold}" for cell in (
                work["name"], f"{max(self.added(work), 0):,.0f}", percent)]

        switch = max(o["switch"] for o in bench["others"])
        run, tail, empty = (self.ioctls[c] for c in ("run", "auto-tail", "empty"))
        attach = sum(a["instructions"] for a in bench["attach"])
        return [
            *table([f"on {self.debian}", f"added to `getppid` of {self.bare['getppid']:,.0f} instructions",
                    "added to 100 transactions of sqlite"],
                   [row(w) for w in self.rows if w["case"] not in ("registered", "syscount-pid")]),
            "",
            *table(["other costs", ""], [
                ["a context switch of an unfollowed thread while others are traced",
                 f"{switch:.0f} instructions"],
                ["opening and closing a run that is not traced",
                 f"{run:,.0f} instructions, {run / empty:.1f} times as many as two empty ioctls"],
                ["opening and closing a run in mode tail, which is always traced",
                 f"{tail:,.0f} instructions"],
                ["counting an ioctl by device and request", self.by_command("tty")],
                ["the same with the command in the argument", self.by_command("control")],
                ["keeping a slow call", f"{bench['slow']:,.0f} instructions"],
                ["a decode loop of 196 bricks a token: what mode tail adds to mode measure",
                 self.slower("auto-tail", "auto-measure")],
                ["attaching to a process of 10,000 threads and releasing it",
                 f"{attach:,.0f} instructions for each thread"],
                ["arming the hooks while 10,000 threads exist",
                 f"{bench['arm_us'] / 1e3:.1f} million instructions"],
                ["kernel memory for a followed thread", f"{bench['memory']['thread']:,.0f} bytes"],
                ["kernel memory for a brick", f"{bench['memory']['brick']:,.0f} bytes"]]),
        ]

    def by_command(self, work):
        ours, theirs = (self.commands[case][work] and
                        f"{self.commands[case][work] - self.commands['none'][work]:,.0f}"
                        for case in ("traced", "bpftrace-commands"))
        return f"{ours} instructions" + (f"; with bpftrace {theirs}" if theirs else "")

    def parts(self):
        floor = self.bench["parts"][0]["getppid"]
        cost = self.added(self.traced)
        return table([f"part, on {self.debian}", "instructions"], [
            *([p["name"], rounded(p["getppid"], 0)] for p in self.bench["parts"]),
            ["**a traced call**", f"**{cost:.0f}**, {cost / floor:.2f} times the floor"]])

    def worst(self):
        worst = self.bench["worst"]
        return [
            *table([f"what a program requests, on {self.debian}", "with one thread",
                    f"with {worst['threads']:,} threads", "for each further thread"],
                   [[w["name"], f"{w['one']:,.0f}", f"{w['many']:,.0f}", f"{w['each']:,.1f}"]
                    for w in worst["with_threads"]]),
            "",
            *table(["what a followed process pays more", "with one following session",
                    f"with {worst['sessions']:,} following sessions", "for each further session"],
                   [[w["name"], f"{w['one']:,.0f}", f"{w['many']:,.0f}", f"{w['each']:,.0f}"]
                    for w in worst["with_sessions"]]),
        ]

    def delays(self):
        return table(["while", "full", "voluntary"],
                     [[d["name"], f"{d['full']:,.0f}", f"{d['voluntary']:,.0f}"]
                      for d in self.bench["worst"]["delays"]])

    def blocks(self):
        return {name: "\n".join(getattr(self, name)())
                for name in ("costs", "parts", "worst", "delays")}

    def plot(self, path):
        rows = [r for r in reversed(self.rows) if r["case"] != "idle"]
        bars = "\n".join(f'{i} {self.added(r):.1f} {int(r["case"] in OURS)} "{r["name"]}"'
                         for i, r in enumerate(rows))
        return f"""
set terminal svg noenhanced size 800,{90 + 34 * len(rows)} dynamic font 'sans-serif,13' background '#ffffff'
set output '{path}'
set title "Instructions added to a null call of {self.bare['getppid']:.0f} (log scale)"
set logscale x
set xrange [10:100000]
set yrange [-0.6:{len(rows) - 0.4}]
set format x '%.0f'
set grid xtics lc rgb '#dddddd'
set border 3
set tics nomirror out
unset key
set style fill solid
$bars << EOD
{bars}
EOD
plot $bars using (10):1:(10):2:($1-0.35):($1+0.35):($3 > 0 ? 0x1a7f37 : 0x8c959f):ytic(4) with boxxyerror lc rgb variable, \\
     $bars using 2:1:(sprintf(" %.0f", $2)) with labels left
"""


def replaced(text, blocks):
    """A document's text with each marked block replaced."""
    return re.sub(r"^(<!-- bench: (\w+), [^\n]*-->\n).*?^(<!-- bench: end -->)$",
                  lambda m: f"{m[1]}\n{blocks[m[2]]}\n\n{m[3]}", text, flags=re.M | re.S)


def main(source, directory):
    with open(source) as f:
        bench = json.load(f)
    if bench["schema"] != 5:
        sys.exit(f"{source} was written by another version of report.py; run make bench")
    documents = Documents(bench)
    with open(os.path.join(directory, "bench.md"), "w") as f:
        f.write(documents.bench_md())
    blocks = documents.blocks()
    for name in DOCUMENTS:
        with open(os.path.join(directory, name), "r+") as f:
            text = replaced(f.read(), blocks)
            f.seek(0)
            f.write(text)
            f.truncate()
    plot = documents.plot(os.path.join(directory, "bench.svg"))
    subprocess.run(["gnuplot"], input=plot, text=True, check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
