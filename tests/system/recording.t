#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Recordings that another kernel on another machine made are read here as there:
# tests/samples/make-recording says how they were made.
import glob
import json
import os
import bt

SAMPLES = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../samples")
ENV = {**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"}
found = sorted(glob.glob(f"{SAMPLES}/*.recording"))
bt.ok(found, "there are samples")
for path in found:
    name = os.path.basename(path)
    with open(path.replace(".recording", ".json")) as f:
        wanted = json.load(f)
    p = bt.cli("report", "-j", path, env=ENV)
    bt.equal((p.returncode, p.stderr), (0, ""), f"{name}: is whole")
    got = json.loads(p.stdout)
    bt.equal([k for k in wanted if got.get(k) != wanted[k]], [], f"{name}: each member has the value that it had there")
    with open(path.replace(".recording", ".txt")) as f:
        bt.equal(bt.cli("report", path, env=ENV).stdout, f.read(), f"{name}: the text is the same")
    bt.equal({w["origin"]["machine"] for w in wanted["worst"]}, {name.split("-")[0]}, f"{name}: the machine")
bt.done()
