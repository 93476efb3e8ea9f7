#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""picture.py TRACE SVG: draws a trace as Jaeger's answer to /api/traces/ID describes it, in the manner of its timeline."""
import html
import json
import sys

WIDTH, LEFT, ROW, TOP = 960, 250, 24, 46
COLOURS = {True: "#c0392b", False: "#4a7fb5"}


def order(spans):
    """Returns the spans with their depths, each before its children, and these by their start."""
    ids = {s["spanID"] for s in spans}
    children = {}
    for s in spans:
        parent = next((r["spanID"] for r in s["references"] if r["refType"] == "CHILD_OF" and r["spanID"] in ids), None)
        children.setdefault(parent, []).append(s)

    def below(parent, depth):
        for s in sorted(children.get(parent, []), key=lambda s: s["startTime"]):
            yield s, depth
            yield from below(s["spanID"], depth + 1)
    return list(below(None, 0))


def scale(us):
    return f"{us / 1000:g} ms" if us >= 1000 else f"{us:g} us"


def draw(trace):
    rows = order(trace["spans"])
    begin = min(s["startTime"] for s, _ in rows)
    length = max(s["startTime"] + s["duration"] for s, _ in rows) - begin
    height = TOP + ROW * len(rows) + 10

    def x(time):
        return LEFT + (time - begin) / length * (WIDTH - LEFT - 90)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
           'font-family="DejaVu Sans, sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{height}" fill="white"/>']

    def text(at, y, content, **style):
        style = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in style.items())
        out.append(f'<text x="{at:.1f}" y="{y:.1f}"{style}>{html.escape(content)}</text>')
    text(10, 20, f"Trace {trace['traceID']} of {next(iter(trace['processes'].values()))['serviceName']}", font_weight="bold")
    for i in range(5):
        at = x(begin + length * i / 4)
        out.append(f'<line x1="{at:.1f}" y1="{TOP - 6}" x2="{at:.1f}" y2="{height - 6}" stroke="#ddd"/>')
        text(at, TOP - 10, scale(round(length * i / 4)), fill="#666", text_anchor="middle")
    for i, (span, depth) in enumerate(rows):
        y = TOP + ROW * i
        late = any(t["key"] == "error" and t["value"] for t in span["tags"])
        text(10 + 14 * depth, y + 15, span["operationName"])
        width = max(x(span["startTime"] + span["duration"]) - x(span["startTime"]), 1.5)
        out.append(f'<rect x="{x(span["startTime"]):.1f}" y="{y + 4}" width="{width:.1f}" height="{ROW - 9}" fill="{COLOURS[late]}"/>')
        for event in span["logs"] or []:
            at = x(event["timestamp"])
            out.append(f'<line x1="{at:.1f}" y1="{y + 1}" x2="{at:.1f}" y2="{y + ROW - 2}" stroke="black" stroke-width="1.5"/>')
        text(x(span["startTime"]) + width + 5, y + 15, scale(span["duration"]), fill="#444")
    return "\n".join(out + ["</svg>", ""])


with open(sys.argv[1]) as answer:
    picture = draw(json.load(answer)["data"][0])
with open(sys.argv[2], "w") as svg:
    svg.write(picture)
