# SPDX-License-Identifier: MIT
"""The program pace (programs/pace.c), which knows at any time how much it has done."""
import os
import subprocess
import time
import bt

FIELDS = ("unix_ns", "steady", "failing", "errors", "paced", "late", "touched")


class Pace:
    def __init__(self):
        self.path = os.path.join(bt.TMP, "pace")
        with open(self.path, "w") as f:
            self.p = subprocess.Popen(["pace"], stdout=f, stdin=subprocess.DEVNULL)
        self.pid = self.p.pid
        while len(self.lines()) < 10:
            time.sleep(0.1)

    def lines(self):
        """Returns the lines that are whole: each is a dictionary of counts at a time."""
        with open(self.path) as f:
            whole = [line for line in f if line.endswith("\n")]
        return [dict(zip(FIELDS, map(int, line.split()))) for line in whole]

    def around(self, ns):
        """Returns the last line before the time and the first one after it, which it waits for."""
        while True:
            lines = self.lines()
            if lines[-1]["unix_ns"] >= ns:
                break
            time.sleep(0.05)
        after = next(i for i, line in enumerate(lines) if line["unix_ns"] >= ns)
        return lines[after - 1], lines[after]

    def at(self, ns):
        """Returns the counts at a time, between two lines as if it went on evenly."""
        a, b = self.around(ns)
        part = (ns - a["unix_ns"]) / (b["unix_ns"] - a["unix_ns"])
        return {k: a[k] + part * (b[k] - a[k]) for k in FIELDS}

    def rates(self, start_ns, end_ns):
        """Returns how often in a second each thing happened between two times."""
        a, b = self.at(start_ns), self.at(end_ns)
        return {k: (b[k] - a[k]) / (end_ns - start_ns) * 1e9 for k in FIELDS}

    def end(self):
        """Ends the program, and returns the counts that it had."""
        last = self.lines()[-1]
        self.p.kill()
        self.p.wait()
        return last
