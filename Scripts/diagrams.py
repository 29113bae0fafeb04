#!/usr/bin/env python3
"""Draws the SVG diagrams of the documentation into docs/images.

    Scripts/diagrams.py            writes them
    Scripts/diagrams.py --check    exits with 1 if a committed diagram differs

The same sources always give the same bytes. The module graph is read from
Package.swift, and the confidence intervals are computed.
"""

import math
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
IMAGES = TOP / "docs" / "images"

INK, SOFT, LINE, PANEL = "#1f2328", "#59636e", "#9aa4ae", "#f6f8fa"
BLUE, GREEN, AMBER, VIOLET, RED = "#0b57d0", "#1a7f37", "#9a6700", "#6639ba", "#b3261e"
FILL = {
    "plain": ("#ffffff", LINE), "blue": ("#e8f0fe", BLUE), "green": ("#dafbe1", GREEN),
    "amber": ("#fff3c4", AMBER), "violet": ("#eee5ff", VIOLET), "red": ("#ffe2de", RED),
}
VERDICTS = {"healthy": "green", "degraded": "amber", "unknown": "violet", "unhealthy": "red"}


def number(value):
    return f"{value:.1f}".rstrip("0").rstrip(".")


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Drawing:
    """An SVG on a white panel, so that it is readable on a dark page too."""

    def __init__(self, title, width, height):
        self.title, self.width, self.height, self.parts = title, width, height, []

    def text(self, x, y, words, size=13, colour=INK, anchor="start", bold=False, mono=False):
        weight = ' font-weight="600"' if bold else ""
        family = ' font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace"' if mono else ""
        self.parts.append(
            f'<text x="{number(x)}" y="{number(y)}" font-size="{size}" fill="{colour}" '
            f'text-anchor="{anchor}"{weight}{family}>{escaped(words)}</text>')

    def rect(self, x, y, width, height, fill="#ffffff", stroke=LINE, radius=6, dash=False):
        dashes = ' stroke-dasharray="4 4"' if dash else ""
        self.parts.append(
            f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}" '
            f'rx="{radius}" fill="{fill}" stroke="{stroke}"{dashes}/>')

    def box(self, x, y, width, height, head, *lines, kind="plain", mono=False):
        fill, stroke = FILL[kind]
        self.rect(x, y, width, height, fill, stroke)
        rows = [(head, 13, INK, True)] + [(line, 11.5, SOFT, False) for line in lines]
        top = y + height / 2 - (len(rows) - 1) * 8 + 4.5
        for row, (words, size, colour, bold) in enumerate(rows):
            self.text(x + width / 2, top + row * 16, words, size, colour, "middle", bold, mono and row == 0)

    def line(self, *points, colour=SOFT, width=1.4, dash=False, head=True):
        path = "M" + " L".join(f"{number(x)} {number(y)}" for x, y in points)
        marker = f' marker-end="url(#arrow-{colour[1:]})"' if head else ""
        dashes = ' stroke-dasharray="4 4"' if dash else ""
        self.parts.append(
            f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{number(width)}"{dashes}{marker}/>')

    def svg(self):
        used = sorted(c for c in (SOFT, BLUE, GREEN, AMBER, VIOLET, RED, LINE) if any(
            f"arrow-{c[1:]}" in part for part in self.parts))
        markers = "".join(
            f'<marker id="arrow-{c[1:]}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            f'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="{c}"/></marker>' for c in used)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}" role="img" '
            'font-family="system-ui, -apple-system, Segoe UI, Lato, DejaVu Sans, sans-serif">\n'
            f"<title>{escaped(self.title)}</title>\n<defs>{markers}</defs>\n"
            f'<rect width="{self.width}" height="{self.height}" rx="8" fill="#ffffff"/>\n'
            + "\n".join(self.parts) + "\n</svg>\n")


# --- The whole -----------------------------------------------------------------


def flow():
    d = Drawing("From a measurement of Argo Rollouts to a digest", 900, 372)
    d.box(20, 46, 130, 62, "Argo Rollouts", "AnalysisRun", kind="blue")
    d.rect(220, 16, 400, 216, PANEL, "#d0d7de")
    d.text(234, 36, "gateway, zone a", 12, SOFT, bold=True)
    d.box(240, 50, 92, 54, "probes", "metrics, disk")
    d.box(362, 50, 92, 54, "judge", "checks")
    d.box(484, 50, 116, 54, "verdict", "one of four", kind="amber")
    d.line((332, 77), (360, 77))
    d.line((454, 77), (482, 77))
    d.line((150, 64), (238, 64), colour=BLUE)
    d.text(194, 56, "POST", 11.5, BLUE, "middle")
    # The answer goes below the boxes.
    d.line((505, 104), (505, 124), (85, 124), (85, 110), colour=BLUE)
    d.text(186, 140, "verdict, same bytes", 11.5, BLUE, "middle")
    d.text(186, 155, "for a repeat", 11.5, BLUE, "middle")
    d.box(372, 164, 228, 52, "event log", "JSON lines, bounded by a quota", kind="green")
    d.line((565, 104), (565, 162))
    d.text(558, 142, "event", 11.5, SOFT, "end")
    d.rect(220, 252, 400, 100, PANEL, "#d0d7de")
    d.text(234, 272, "gateway, zone b", 12, SOFT, bold=True)
    d.box(240, 284, 214, 52, "probes → judge → verdict")
    d.box(484, 284, 116, 52, "event log", kind="green")
    d.line((454, 310), (482, 310))
    d.rect(660, 16, 220, 336, PANEL, "#d0d7de")
    d.text(674, 36, "notifier", 12, SOFT, bold=True)
    d.box(680, 164, 180, 52, "event log", "of all gateways", kind="green")
    d.line((600, 190), (678, 190))
    d.text(640, 246, "forward", 11.5, SOFT, "middle")
    d.line((600, 310), (640, 310), (640, 252), head=False)
    d.line((640, 232), (640, 204), (678, 204))
    d.box(680, 106, 180, 40, "digest of a window", kind="amber")
    d.line((770, 162), (770, 148))
    d.box(680, 50, 180, 40, "outbox", "Slack, mail, webhook, file")
    d.line((770, 104), (770, 92))
    d.box(680, 240, 180, 40, "status page")
    d.line((770, 216), (770, 238))
    d.box(680, 296, 180, 40, "logs tail, query")
    d.line((846, 216), (872, 232), (872, 316), (862, 316))
    return d


# --- Verdicts -------------------------------------------------------------------


def verdicts():
    d = Drawing("The four verdicts, from best to worst, and what Argo Rollouts does", 860, 330)
    rows = [
        ("unhealthy", "a critical check fails, or the failing checks", "have fail_share (50 %) of the counted weight", "Failed", "aborts beyond failureLimit"),
        ("unknown", "data is missing where nodata is unknown,", "or the run is not comparable", "Inconclusive", "pauses for a person"),
        ("degraded", "a check warns, or a check that is not critical", "fails", "Inconclusive", "pauses; --degraded pass: goes on"),
        ("healthy", "every counted check passes", "", "Successful", "goes on"),
    ]
    d.text(30, 30, "verdict", 12, SOFT, bold=True)
    d.text(236, 30, "when", 12, SOFT, bold=True)
    d.text(588, 30, "in the AnalysisRun", 12, SOFT, bold=True)
    for row, (name, when, more, phase, does) in enumerate(rows):
        y = 46 + row * 64
        d.box(30 + 12 * (3 - row), y, 150, 48, name, kind=VERDICTS[name])
        d.text(236, y + (21 if more else 29), when)
        if more:
            d.text(236, y + 39, more)
        d.text(588, y + 21, phase, bold=True)
        d.text(588, y + 39, does, 12, SOFT)
    d.line((18, 292), (18, 50), colour=RED)
    d.text(30, 316, "The worst outcome of all checks is the verdict. Without other settings, missing data is unknown, never healthy.", 12, SOFT)
    return d


# --- A run in time ----------------------------------------------------------------


def run():
    d = Drawing("The attempts of one run, the data that each judges, and its digests", 900, 368)
    left, scale = 70, 3.9
    at = lambda seconds: left + seconds * scale
    d.text(20, 30, "One run with interval 30 s: when it is measured, which data each attempt judges, when digests are sent", 13, bold=True)
    verdict = ["healthy", "healthy", "degraded", "unhealthy", "unhealthy", "unhealthy"]
    for index, name in enumerate(verdict):
        seconds = 30 * (index + 1)
        fill, stroke = FILL[VERDICTS[name]]
        d.box(at(seconds) - 36, 52, 72, 44, f"#{index + 1}", name, kind=VERDICTS[name])
        d.line((at(seconds), 96), (at(seconds), 150), colour=stroke, head=False)
        first = 5 if index == 0 else 30
        d.rect(at(seconds - first) + 1, 132, first * scale - 2, 18, fill, stroke, 2)
        # Five seconds: a repeat of the attempt.
        d.rect(at(seconds), 104, 5 * scale, 20, "#ffffff", SOFT, 2, dash=True)
    d.text(20, 146, "data", 12, SOFT)
    d.text(20, 118, "repeat", 12, SOFT)
    d.line((left, 170), (880, 170), colour=LINE)
    for seconds in range(0, 201, 30):
        d.line((at(seconds), 166), (at(seconds), 174), colour=LINE, head=False)
        d.text(at(seconds), 190, f"{seconds} s", 11.5, SOFT, "middle")
    d.text(at(180) + 42, 71, "third failure:", 11.5, RED)
    d.text(at(180) + 42, 87, "Argo aborts", 11.5, RED)
    d.text(20, 228, "digests", 12, SOFT)
    for start, end, words, below in (
        (90, 100, "digest 1", "first_after 10 s"), (100, 160, "digest 2", "window 60 s"),
    ):
        d.rect(at(start), 214, (end - start) * scale, 20, "#e8f0fe", BLUE, 2)
        d.line((at(end), 224), (at(end), 258), colour=BLUE)
        d.text(at(end), 274, words, 12, BLUE, "middle", True)
        d.text(at(end), 290, below, 11.5, SOFT, "middle")
    d.line((at(90), 174), (at(90), 212), colour=AMBER)
    d.text(at(90) - 6, 206, "first failure", 11.5, AMBER, "end")
    d.text(20, 318, "The first attempt judges the last whole cell (5 s); each later attempt judges everything since the one before.", 12, SOFT)
    d.text(20, 354, "Dashed: a request within min(5 s, interval/2) repeats the attempt. It gets the same bytes and makes no second event.", 12, SOFT)
    d.text(20, 336, "No data is judged twice or left out. With failureLimit 2, Argo aborts at the third failure (#6).", 12, SOFT)
    return d


# --- A file of the log --------------------------------------------------------------


def log_file():
    d = Drawing("The life of a file of the event log", 900, 316)
    d.text(20, 30, "The life of a file of the event log", 13, bold=True)
    d.box(20, 76, 180, 70, "active.jsonl", "open segment, plain text", "a group of lines, then a sync", kind="green", mono=True)
    d.box(252, 76, 190, 70, "TIME-NUMBER.jsonl", "closed segment", "waits for the sealer", mono=True)
    d.box(494, 76, 190, 70, "TIME-NUMBER.jsonl.gz", "sealed: gzip in members", "zcat and zgrep read it", kind="blue", mono=True)
    d.box(736, 76, 144, 70, "removed", "oldest first", kind="red")
    d.box(494, 176, 190, 50, "TIME-NUMBER.idx", "index, can be rebuilt", kind="blue", mono=True)
    d.line((200, 111), (250, 111))
    d.line((442, 111), (492, 111))
    d.line((684, 111), (734, 111))
    d.line((467, 111), (467, 201), (492, 201))
    for x, first, second in (
        (226, "segment_bytes", "or segment_age"), (467, "by the sealer", ""), (710, "max_bytes,", "max_age, min_free"),
    ):
        d.text(x, 54 if second else 68, first, 11, SOFT, "middle")
        d.text(x, 68, second, 11, SOFT, "middle")
    d.line((110, 176), (110, 148), colour=GREEN)
    d.text(110, 194, "lines in", 12, GREEN, "middle", True)
    d.text(110, 211, "acknowledged after the sync", 11.5, SOFT, "middle")
    d.text(20, 258, "Readers (digests, forwarder, status page, tail) keep a position that stays valid when a segment is sealed.", 12, SOFT)
    d.text(20, 276, "When other files fill the disk: first an alarm, then the oldest segments down to min_keep, then new lines are refused,", 12, SOFT)
    d.text(20, 294, "healthy verdicts first and failures last. What is removed or refused is counted and reported.", 12, SOFT)
    return d


# --- Confidence intervals ---------------------------------------------------------------


def tail_at_least(x, n, p):
    """P(X >= x) for X ~ Binomial(n, p)."""
    return 1 - sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(x))


def solve(function, target):
    """The p in (0, 1) at which the increasing function reaches the target."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) < target else (low, middle)
    return (low + high) / 2


def bounds(x, n, alpha=0.01):
    """One-sided bounds of Clopper and Pearson, each wrong with probability alpha."""
    lower = solve(lambda p: tail_at_least(x, n, p), alpha) if x > 0 else 0.0
    upper = solve(lambda p: tail_at_least(x + 1, n, p), 1 - alpha)
    return lower, upper


def interval():
    d = Drawing("How a failure rate with its confidence interval is judged against warn and fail", 900, 374)
    left, scale = 290, 136
    at = lambda percent: left + percent * scale
    d.text(20, 30, "canary.5xx_rate with warn 0.5 % and fail 1 %: the interval of the true rate decides, not the value alone", 13, bold=True)
    bottom = 296
    d.rect(at(0), 52, 0.5 * scale, bottom - 52, "#f3fbf4", "#f3fbf4", 0)
    d.rect(at(0.5), 52, 0.5 * scale, bottom - 52, "#fffaea", "#fffaea", 0)
    d.rect(at(1), 52, 3 * scale, bottom - 52, "#fff4f2", "#fff4f2", 0)
    d.line((at(0.5), 52), (at(0.5), bottom), colour=AMBER, head=False, dash=True)
    d.line((at(1), 52), (at(1), bottom), colour=RED, head=False, dash=True)
    d.text(at(0.5), 48, "warn", 11.5, AMBER, "middle", True)
    d.text(at(1), 48, "fail", 11.5, RED, "middle", True)
    rows = [
        (4, 2000, "pass, certified", GREEN, "the whole interval is within fail"),
        (2, 600, "pass", GREEN, "not proven to be within fail"),
        (16, 2000, "warn", AMBER, "the value is over warn"),
        (26, 2000, "warn", AMBER, "over fail, but not proven"),
        (42, 2000, "fail", RED, "the whole interval is beyond fail"),
        (0, 15, "no data", VIOLET, "fewer than n_min (20) requests"),
    ]
    for row, (x, n, outcome, colour, why) in enumerate(rows):
        y = 76 + row * 38
        lower, upper = bounds(x, n)
        d.text(20, y, outcome, 13, colour, bold=True)
        d.text(20, y + 15, why, 11.5, SOFT)
        d.text(left - 12, y + 4, f"{x} of {n}", 11.5, SOFT, "end")
        right = min(upper * 100, 4)
        d.line((at(lower * 100), y), (at(right), y), colour=colour, width=2.4, head=False)
        for edge in [lower * 100] + ([upper * 100] if upper * 100 <= 4 else []):
            d.line((at(edge), y - 6), (at(edge), y + 6), colour=colour, width=2.4, head=False)
        d.parts.append(f'<circle cx="{number(at(100 * x / n))}" cy="{y}" r="5" fill="{colour}"/>')
        if upper * 100 > 4:
            d.text(at(4) - 4, y - 8, f"to {upper * 100:.0f} %", 11.5, colour, "end")
    d.line((at(0), bottom), (at(4), bottom), colour=LINE, head=False)
    for percent in range(0, 5):
        d.text(at(percent), bottom + 17, f"{percent} %", 11.5, SOFT, "middle")
    d.text(20, 340, "Dot: the share of failing requests of this window. Bar: its exact bounds (Clopper–Pearson), each wrong with", 12, SOFT)
    d.text(20, 358, "probability at most alpha_fail (1 %). Independently of this, the comparison with stable can warn or fail.", 12, SOFT)
    return d


# --- Modules ----------------------------------------------------------------------------


def manifest():
    """The modules of Package.swift below Sources, without system libraries, and their imports."""
    text = (TOP / "Package.swift").read_text()
    names, imports = [], {}
    for match in re.finditer(r'\b(?:module|executableTarget)\(\s*(?:name: )?"(\w+)"([^\])]*)', text):
        name = match[1]
        if "Tests/" in text[match.start():text.find("swiftSettings", match.start())]:
            continue
        if not (TOP / "Sources" / name).is_dir():
            continue
        names.append(name)
        imports[name] = set(re.findall(r'"(\w+)"', match[2]))
    return names, {name: {other for other in imports[name] if other in names} for name in names}


def modules():
    names, imports = manifest()
    reach = {}
    for name in names:
        reach[name] = set(imports[name]).union(*(reach[other] for other in imports[name]))
    level = {}
    for name in names:
        level[name] = 1 + max((level[other] for other in imports[name]), default=-1)
    # An edge that a longer way implies is not drawn.
    edges = {
        name: sorted(
            other for other in imports[name]
            if not any(other in reach[between] for between in imports[name]))
        for name in names}
    # An edge over several rows passes through a point in each row between, so that it avoids boxes.
    rows = [[n for n in names if level[n] == row] for row in range(max(level.values()) + 1)]
    ways, links = [], []
    for name in names:
        for other in edges[name]:
            way = [other]
            for row in range(level[other] + 1, level[name]):
                rows[row].append(f"{other}>{name}@{row}")
                way.append(rows[row][-1])
            way.append(name)
            ways.append(way)
            links += zip(way, way[1:])
    above, below = {}, {}
    for upper, lower in links:
        above.setdefault(lower, []).append(upper)
        below.setdefault(upper, []).append(lower)
    size = lambda item: 26 if "@" in item else 116
    width, height = 900, 84 + 72 * len(rows)
    place = {}

    def arrange(row):
        x = width / 2 - sum(map(size, rows[row])) / 2
        for item in rows[row]:
            place[item] = (x + size(item) / 2, 62 + 72 * row)
            x += size(item)

    for row in range(len(rows)):
        arrange(row)
    for sweep in range(24):
        near = above if sweep % 2 == 0 else below
        order = range(1, len(rows)) if sweep % 2 == 0 else range(len(rows) - 2, -1, -1)
        for row in order:
            rows[row].sort(key=lambda n: (
                sum(place[o][0] for o in near[n]) / len(near[n]) if n in near else place[n][0], n))
            arrange(row)
    d = Drawing("The modules of Bellwether and what they import", width, height)
    d.text(20, 28, "Modules: each imports only modules above it", 13, bold=True)
    for way in ways:
        x, y = place[way[0]]
        path = f"M{number(x)} {number(y + 16)}"
        y += 16
        for item in way[1:]:
            nx, ny = place[item]
            ny -= 16
            middle = (y + ny) / 2
            path += f" C{number(x)} {number(middle)} {number(nx)} {number(middle)} {number(nx)} {number(ny)}"
            if "@" in item:
                ny += 32
                path += f" L{number(nx)} {number(ny)}"
            x, y = nx, ny
        d.parts.append(f'<path d="{path}" fill="none" stroke="{LINE}" stroke-width="1.2"/>')
    pure = {"Analysis", "Digests"}
    roles = {"Gateway", "Notifier", "Console", "App", "bellwether"}
    for name in names:
        x, y = place[name]
        kind = "amber" if name in pure else "blue" if name in roles else "plain"
        d.box(x - 50, y - 16, 100, 32, name, kind=kind)
    d.text(20, height - 16, "Yellow: pure logic without I/O, clock or actor. Blue: roles and the process. An import that a longer way implies is not drawn.", 12, SOFT)
    return d


DIAGRAMS = {
    "flow.svg": flow, "verdicts.svg": verdicts, "run.svg": run, "log-file.svg": log_file,
    "interval.svg": interval, "modules.svg": modules,
}


def main():
    check = sys.argv[1:] == ["--check"]
    stale = []
    for name, draw in DIAGRAMS.items():
        svg, path = draw().svg(), IMAGES / name
        if check:
            if not path.exists() or path.read_text() != svg:
                stale.append(name)
        else:
            path.write_text(svg)
    if stale:
        sys.exit(f"docs/images: {', '.join(stale)} differ from what Scripts/diagrams.py draws: run it")


if __name__ == "__main__":
    main()
