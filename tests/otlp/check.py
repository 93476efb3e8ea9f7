# SPDX-License-Identifier: MIT
"""Compares what a Collector wrote to a file with what the program of tests/otlp/traced.c logged."""
import collections
import itertools
import json
import os
import re
import sys

sys.path.insert(0, f"{os.path.dirname(os.path.realpath(__file__))}/../system")
import bt  # noqa: E402

MS = 1000000
S = 1000000000
ERROR = 2


def value(any_value):
    """Returns a value of OTLP's JSON as one of Python's."""
    (kind, v), = any_value.items()
    if kind == "arrayValue":
        return [value(element) for element in v.get("values", [])]
    return {"intValue": int, "doubleValue": float}.get(kind, lambda v: v)(v)


def attributes(pairs):
    names = [pair["key"] for pair in pairs]
    assert len(set(names)) == len(names), f"an attribute is there twice: {names}"
    return {pair["key"]: value(pair["value"]) for pair in pairs}


def times(thing):
    """Replaces the texts of times by numbers."""
    return {**thing, **{key: int(v) for key, v in thing.items() if key.lower().endswith("timeunixnano")}}


def spans(lines):
    """Returns the spans that a Collector wrote, with their attributes, events and resource as dictionaries."""
    found = []
    for line in lines:
        for resource in line.get("resourceSpans", []):
            of = attributes(resource["resource"].get("attributes", []))
            for scope in resource["scopeSpans"]:
                for span in scope.get("spans", []):
                    events = [{**times(e), "attributes": attributes(e.get("attributes", []))} for e in span.get("events", [])]
                    found.append({"parentSpanId": "", **times(span), "attributes": attributes(span.get("attributes", [])), "events": events,
                                  "resource": of, "scope": scope.get("scope", {}), "status": span.get("status", {})})
    return found


def key(span):
    return span["traceId"], span["spanId"]


def of_runs(found):
    return [s for s in found if "brick.name" in s["attributes"]]


def points(lines):
    """Yields each data point of the metrics that a Collector wrote, in their order."""
    for line in lines:
        for resource in line.get("resourceMetrics", []):
            of = attributes(resource["resource"].get("attributes", []))
            for scope in resource["scopeMetrics"]:
                for metric in scope["metrics"]:
                    for kind in ("sum", "gauge", "exponentialHistogram"):
                        for point in metric.get(kind, {}).get("dataPoints", []):
                            yield {**times(point), "name": metric["name"], "unit": metric.get("unit"), "resource": of,
                                   "kind": kind, "attributes": attributes(point.get("attributes", []))}


class Log:
    """What a program logged: its runs, those that took a grant, statistics of bricks, checks."""

    def __init__(self, path, parent=""):
        with open(path) as f:
            lines = [json.loads(line) for line in f]
        self.parent = parent
        self.runs = [r for r in lines if "run" in r]
        self.granted = [r for r in self.runs if r["granted"]]
        self.statistics = {r["statistics"]: r for r in lines if "statistics" in r}
        self.checks = [r for r in lines if "check" in r]
        self.counts = next((r["counts"] for r in lines if "counts" in r), None)
        self.ended = any("end" in r for r in lines)
        self.pid = lines[0]["pid"]
        self.by_number = {r["run"]: r for r in self.runs}

    def parent_of(self, run):
        """Returns the ID of the parent's span, as the program knows it."""
        return self.by_number[run["around"]]["span_id"] if run["around"] else self.parent


def all_equal(pairs, name):
    """Checks that in each pair (what, got, wanted) the last two are equal, and shows those that are not."""
    wrong = [f"{what}: got {got!r}, wanted {wanted!r}" for what, got, wanted in pairs if got != wanted]
    return bt.ok(not wrong, name, *wrong[:8], f"{len(wrong)} are different")


def us(ns):
    return None if ns is None else ns / 1000


def attributes_of(run):
    """Returns what the span of a run says, as the result that the program got says it."""
    wanted = {"brick.name": run["brick"], "brick.actual_us": us(run["wall_ns"]), "brick.budget_us": us(run["budget_ns"]),
              "brick.over_budget": None if run["budget_ns"] is None else run["over_budget"],
              "brick.efficiency": run["efficiency"], "brick.cv_percent": run["cv_percent"], "brick.reasons": run["reasons"] or None,
              "brick.assertions_failed": run["failed"] or None, "bricktrace.run": run["run"],
              "bricktrace.provenance": run["provenance"], "brick.threads": run["threads"],
              "syscall.overhead_percent": run["overhead_percent"], "syscall.dominant": run["dominant"]}
    for category, f in run["categories"].items():
        wanted[f"syscall.{category}_us"] = us(f["ns"])
        wanted[f"syscall.{category}_offcpu_us"] = us(f["offcpu_ns"])
        wanted[f"syscall.{category}_count"] = f["count"]
        wanted[f"syscall.{category}_errors"] = f["errors"]
    return wanted


def outside(at, bounds):
    """Returns how far a time lies outside of its bounds."""
    return max(bounds[0] - at, at - bounds[1], 0)


def check_times(pairs, name):
    """The span's times are those that the clock showed around the run, also when it was set in between."""
    late = []
    for run, span in pairs:
        late.append(outside(span["endTimeUnixNano"], run["closed"]))
        if run["brick"] != "stepped":
            late.append(outside(span["startTimeUnixNano"], run["opened"]))
    bt.ok(max(late) < MS, f"{name}: times within 1 ms of the clock of the guest", f"{max(late)} ns outside")
    bt.note(f"{name}: the largest distance is {max(late)} ns")
    all_equal([(run["brick"], span["endTimeUnixNano"] - span["startTimeUnixNano"], run["wall_ns"]) for run, span in pairs],
              f"{name}: durations to the nanosecond")
    ends = [span["endTimeUnixNano"] for _, span in pairs]
    bt.ok(max(ends) - min(ends) > 3500 * S, f"{name}: the clock was set an hour ahead in between")


def check_status(pairs, name):
    """Late runs and those that fail an assertion are errors, and the moment of the budget is an event."""
    wrong = []
    for run, span in pairs:
        bad = run["over_budget"] or run["failed"]
        message = span["status"].get("message", "")
        if (span["status"].get("code", 0) == ERROR) != bool(bad) or (bad and not message):
            wrong.append(f"{run['brick']}: {span['status']}")
        if not all(f in message for f in run["failed"]):
            wrong.append(f"{run['brick']}: {message!r} lacks one of {run['failed']}")
    bt.ok(not wrong, f"{name}: the status", *wrong[:5])
    all_equal([(run["brick"], [(e["name"], e["timeUnixNano"] - span["startTimeUnixNano"]) for e in span["events"]],
                [("brick.budget", run["budget_ns"])] if run["over_budget"] else []) for run, span in pairs],
              f"{name}: an event at the moment of the budget")


def check_slow(log, found, by_id, name):
    """Each slow call of a run that arrived is one span, a child of the innermost of these runs."""
    calls = []
    for run in sorted(log.granted, key=lambda r: r["wall_ns"]):
        for call in run["slow"]:
            # The start is not the same to the nanosecond in each run, but no thread makes two calls at once.
            if not any(call["tid"] == c["tid"] and call["ns"] == c["ns"] and abs(call["start_ns"] - c["start_ns"]) < c["ns"] for _, c in calls):
                calls.append((run, call))
    ids = {r.get("span_id") for r in log.granted}
    got = collections.Counter()
    wrong = []
    for span in found:
        if span["parentSpanId"] in ids and "brick.name" not in span["attributes"]:
            run = by_id[span["traceId"], span["parentSpanId"]]
            start = span["startTimeUnixNano"] - run["startTimeUnixNano"]
            got[span["attributes"]["thread.id"], run["attributes"]["bricktrace.run"], start,
                span["endTimeUnixNano"] - span["startTimeUnixNano"], span["name"]] += 1
            if start < 0 or span["endTimeUnixNano"] > run["endTimeUnixNano"]:
                wrong.append(f"{span['name']} is not inside of {run['name']}")
    wanted = collections.Counter((call["tid"], run["run"], call["start_ns"] - run["start_ns"], call["ns"], f"syscall: {call['name']}")
                                 for run, call in calls if "span_id" in run)
    bt.ok(got == wanted and wanted and not wrong, f"{name}: {len(calls)} slow calls are one span each, inside of the innermost run",
          f"too much: {got - wanted}", f"missing: {wanted - got}", *wrong)


def check_spans(log, found, name):
    """Checks that the spans of a program that arrived are those of the runs that took a grant."""
    numbers = {(r["trace_id"], r["span_id"]): r for r in log.runs if "span_id" in r}
    granted = {k: r for k, r in numbers.items() if r["granted"]}
    arrived = collections.Counter(key(s) for s in of_runs(found))
    bt.ok(log.ended and granted, f"{name}: the program has ended")
    lost = [r["brick"] for k, r in granted.items() if not arrived[k]]
    doubled = [numbers[k]["brick"] for k in granted if arrived[k] > 1]
    bt.ok(not lost and not doubled, f"{name}: each of {len(granted)} granted runs arrives, once", f"lost: {lost}", f"doubled: {doubled}")
    others = [r["brick"] for k, r in numbers.items() if not r["granted"] and arrived[k]]
    bt.ok(not others, f"{name}: no other run arrives", others)
    by_id = {key(s): s for s in of_runs(found)}
    pairs = [(r, by_id[k]) for k, r in granted.items() if k in by_id]
    all_equal([(r["brick"], s["parentSpanId"], log.parent_of(r)) for r, s in pairs], f"{name}: the parents")
    all_equal([(r["brick"], s["name"], f"brick: {r['brick']}") for r, s in pairs], f"{name}: the names, also those that are markup")
    all_equal([(r["brick"], {a: s["attributes"].get(a) for a in attributes_of(r)}, attributes_of(r)) for r, s in pairs],
              f"{name}: the breakdown and all else are what the program got")
    check_times(pairs, name)
    check_status(pairs, name)
    check_slow(log, found, by_id, name)
    sessions = {s["attributes"]["bricktrace.session"] for _, s in pairs}
    asked = [s for s in of_runs(found) if s["attributes"]["brick.name"] == "asked" and s["attributes"]["bricktrace.session"] in sessions]
    bt.equal(sorted(s["attributes"]["brick.actual_us"] for s in asked),
             sorted(us(r["wall_ns"]) for r in log.granted if "span_id" not in r), f"{name}: runs of bt_trace()")
    return pairs


def check_histograms(log, lines, name):
    """The last data points of a program's bricks are its statistics."""
    last = {}
    wrong = []
    for p in points(lines):
        if p.get("startTimeUnixNano", 0) > p["timeUnixNano"]:
            wrong.append(f"{p['name']} begins after its end")
        if p["resource"].get("process.pid") == log.pid and "brick.name" in p["attributes"]:
            last[p["name"], p["attributes"]["brick.name"], p["attributes"].get("syscall.category")] = p
    bt.ok(not wrong, f"{name}: no data point begins after its end", *wrong[:3])
    pairs = []
    for brick, s in log.statistics.items():
        p = last.get(("brick.duration", brick, None), {})
        positive = p.get("positive", {})
        first = positive.get("offset", 0)
        counts = {str(first + i): int(n) for i, n in enumerate(positive.get("bucketCounts", [])) if int(n)}
        pairs.append((brick, (int(p.get("count", 0)), p.get("scale"), int(p.get("zeroCount", 0)), counts),
                      (s["runs"], 2, s["zero"], s["buckets"])))
        pairs.append((f"{brick}: bounds", (p.get("min"), p.get("max"), p.get("unit")), (s["min_ns"] / S, s["max_ns"] / S, "s")))
        for metric, figure in (("brick.over_budget", "over_budget"), ("brick.traced", "traced")):
            pairs.append((f"{brick}: {metric}", int(last.get((metric, brick, None), {}).get("asInt", -1)), s[figure]))
    all_equal(pairs, f"{name}: the histograms are the statistics of {len(log.statistics)} bricks")
    sums = collections.Counter()
    for run in log.runs:
        for category, f in run["categories"].items():
            sums[run["brick"], category] += f["count"] or 0
    all_equal([(f"{brick} {category}", int(last.get(("brick.syscall.count", brick, category), {}).get("asInt", 0)), n)
               for (brick, category), n in sums.items()], f"{name}: the counts of the categories are those of all runs")


def check_overflow(pid, lines, name):
    """Of the 3000 bricks of tests/otlp/many.c some have series of their own, and the others are one; no sum falls, and each has a start."""
    most = 0
    before = {}
    wrong = []
    for time, found in itertools.groupby(points(lines), lambda p: p["timeUnixNano"]):
        found = [p for p in found if p["kind"] != "gauge"]
        own = [p for p in found if p["name"] == "brick.duration" and p["resource"].get("process.pid") == pid]
        rest = [p for p in found if p["name"] == "brick.duration" and p["attributes"].get("otel.metric.overflow") is True]
        series = {(p["resource"].get("service.instance.id"), *sorted(p["attributes"].items())) for p in found if "brick.name" in p["attributes"]}
        if len(series) > 2000 or (own and sum(int(p["count"]) for p in own + rest) > 3000):
            wrong.append(f"{len(series)} series, {len(own)} of them of the program")
        if own and rest:
            most = max(most, sum(int(p["count"]) for p in own + rest))
        for p in found:
            key_of = (p["name"], p["resource"].get("service.instance.id"), *sorted(p["attributes"].items()))
            value_of = (p["startTimeUnixNano"], float(p.get("count", p.get("asInt", p.get("asDouble", 0)))))
            if value_of[0] == 0 or value_of[0] > p["timeUnixNano"]:
                wrong.append(f"{key_of}: begins at {value_of[0]}")
            old = before.get(key_of, (0, 0))
            if value_of[0] == old[0] and value_of[1] < old[1]:
                wrong.append(f"{key_of}: falls from {old} to {value_of}")
            before[key_of] = value_of
    bt.equal(most, 3000, f"{name}: what exceeds 2000 series is in the one with otel.metric.overflow")
    bt.ok(not wrong, f"{name}: there are 2000 series at most, and none falls", *wrong[:5], len(wrong))


def rows(path, heading=""):
    """Yields the cells of each row of the tables below a heading of a document, without marks."""
    with open(f"{os.path.dirname(os.path.realpath(__file__))}/../../{path}") as f:
        text = f.read()
    for line in text[text.index(heading):].splitlines():
        if line.startswith("| `"):
            yield [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]


def check_documents(found, lines, name):
    """Whatever arrives is in the tables of the documents, with its type or unit; and all metrics in the table arrive."""
    types = {str: "string", bool: "bool", int: "int", float: "double", list: "string[]"}
    categories = ("mmap", "futex", "ioctl", "read", "write", "other")
    told = {(a.replace("CATEGORY", c), cells[1]) for cells in rows("docs/otlp.md", "### The span of a run") for a in [cells[0]] for c in categories}
    got = {(a, types[type(v)]) for s in found for a, v in s["attributes"].items()}
    bt.ok(got and not got - told, f"{name}: docs/otlp.md has each attribute with its type", got - told)
    with open(f"{os.path.dirname(os.path.realpath(__file__))}/../../docs/bricktrace-otlp.7") as f:
        resource = set(re.findall(r"^\.It ([a-z0-9._]+) Ta ", f.read(), re.M))
    got = {a for s in found for a in s["resource"]}
    bt.ok(got and not got - resource, f"{name}: bricktrace-otlp(7) has each attribute of a resource", got - resource)
    kinds = {"sum": "counter", "gauge": "gauge", "exponentialHistogram": "histogram"}
    told = {(cells[0], cells[1], cells[2]) for cells in rows("docs/otlp.md", "## Metrics") if cells[1] in kinds.values()}
    bt.equal({(p["name"], kinds[p["kind"]], p["unit"]) for p in points(lines)}, told, f"{name}: docs/otlp.md has each metric with its kind and unit")
