#!/usr/bin/env python3
"""Measures the performance floors of two executables in alternating pairs; see floors.sh."""
import argparse
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

from node import Node

BENCHMARKS = pathlib.Path(__file__).resolve().parent.parent
INGEST = "roles: [notifier]\nlog: {{max_bytes: 64GiB, min_free: 0, segment_bytes: {}}}\n"
FRESH = """\
roles: [gateway]
forward: {to: "https://127.0.0.1:1"}
analysis:
  interval: 1h
  probes:
    - {name: node, kind: disk, path: /, timeout: 200ms}
  checks:
    - {id: gateway.disk_ok, critical: true, weight: 1, nodata: unknown}
"""
FRESH_REQUESTS = 5000


def run(*words, **more):
    """The output of a program; ends the benchmark if the program fails."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))[:300]}: exit {done.returncode}\n"
                 f"{done.stdout[-1000:]}{done.stderr[-1000:]}")
    return done.stdout


def load(node, lines, count, path="/v1/events"):
    """Posts bodies of 1,000 lines on 4 connections; the fields of load.py's RESULT."""
    output = run(sys.executable, BENCHMARKS / "ingest" / "load.py", node.url(path), node.token_file,
                 lines, 1000, 4, node.process.pid, "--lines", count)
    return [float(word) for word in output.split()[1:]]


def make_lines(given, name, *more):
    """Makes the file `name` of lines with times of the last hours, as real lines have: the status
    page reads attempts of one day."""
    print(f"making {given.lines} lines", file=sys.stderr)
    start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 7200))
    run(sys.executable, BENCHMARKS / "ingest" / "gen_events.py", given.lines, "--start", start,
        "--out", given.work / name, *more)


def ingest(executable, given):
    """Lines a second, durable before the answer, and CPU seconds of a million lines with all
    digests. Nothing is sealed, as in ingest.sh."""
    folder = given.work / "ingest"
    shutil.rmtree(folder, ignore_errors=True)
    with Node(executable, folder, 18461, INGEST.format("4GiB"), "ingest") as node:
        fields = load(node, given.work / "lines", given.lines)
    shutil.rmtree(folder)
    return {"ingest, lines/s": fields[0], "a million lines with digests, CPU s": fields[2]}


class Victoria(Node):
    """VictoriaLogs, with the certificate of a node that ran before."""

    def __init__(self, executable, folder, port, certificates):
        self.folder, self.port = folder, port
        folder.mkdir(parents=True)
        self.token_file = folder / "token"
        self.token_file.write_text("none\n")
        self.log = open(folder / "log", "ab")
        self.process = subprocess.Popen(
            [executable, f"-storageDataPath={folder}/data", f"-httpListenAddr=127.0.0.1:{port}",
             "-tls", f"-tlsCertFile={certificates}/certificate.pem",
             f"-tlsKeyFile={certificates}/key.pem"], stdout=self.log, stderr=self.log)
        self.wait_until_ready("/health")


def victoria(executable, given):
    """Lines a second that VictoriaLogs accepts, of the same lines from the same client."""
    certificates, folder = given.work / "certificates", given.work / "victoria"
    if not certificates.exists():
        with Node(given.after, given.work / "issuer", 18461, INGEST.format("4GiB"), "ingest") as node:
            shutil.copytree(node.data / "tls", certificates)
    with Victoria(executable, folder, 18463, certificates) as peer:
        fields = load(peer, given.work / "lines", given.lines,
                      "/insert/jsonline?_time_field=ts&_msg_field=message&_stream_fields=namespace,rollout")
    shutil.rmtree(folder)
    return fields[0]


def fresh_requests(node, protocol, first, count):
    """Requests one measurement each of `count` rollouts that were not measured before, 16 at a
    time, with curl over HTTP/1.1 or HTTP/2."""
    token = node.token_file.read_text().split("\n")[0].strip()
    parts = [
        f'url = "{node.url("/rollouts/analysis")}"\ninsecure\n{protocol}\n'
        f'header = "Authorization: Bearer {token}"\nheader = "Content-Type: application/json"\n'
        f'data = "{{\\"rollout\\":\\"r{number}\\",\\"namespace\\":\\"bench\\",\\"uid\\":\\"u{number}\\",'
        f'\\"revision\\":\\"1\\",\\"step\\":\\"0\\",\\"metric\\":\\"all\\"}}"\n'
        'output = "/dev/null"\nwrite-out = "%{http_code} %{http_version}\\n"\n'
        for number in range(first, first + count)]
    answers = run("curl", "--silent", "--parallel", "--parallel-max", "16", "--config", "-",
                  input="next\n".join(parts)).split("\n")[:-1]
    expected = "200 1.1" if protocol == "http1.1" else "200 2"
    wrong = [answer for answer in answers if answer != expected]
    if wrong or len(answers) != count:
        sys.exit(f"{len(answers)} answers of {count}, {len(wrong)} are not {expected}: {wrong[:3]}")


def fresh(executable, given, protocol):
    """The CPU microseconds of a fresh verdict: probed, judged, durable."""
    folder = given.work / "fresh"
    shutil.rmtree(folder, ignore_errors=True)
    with Node(executable, folder, 18462, FRESH, "analysis") as node:
        fresh_requests(node, protocol, 0, 500)
        before = node.cpu_when_idle(10)
        fresh_requests(node, protocol, 500, FRESH_REQUESTS)
        used = node.cpu_when_idle(10) - before
    return used / FRESH_REQUESTS * 1e6


def repeat(executable, given):
    """Requests a second of a repeated verdict over HTTP/1.1, divided by those of Go."""
    output = run(BENCHMARKS / "endpoint.sh", 1, 4, env=dict(os.environ, BELLWETHER_BINARY=str(executable)))
    return float(re.search(r"throughput ([0-9.]+)", output)[1])


def fill(executable, given, name):
    """Fills a log through a node, and waits until everything but the open segment is sealed."""
    with Node(executable, given.work / name, 18464, INGEST.format("64MiB"), "ingest") as node:
        load(node, given.work / "spread", given.lines)
        deadline = time.monotonic() + 180
        while node.unsealed() and time.monotonic() < deadline:
            time.sleep(0.5)
        if node.unsealed():
            sys.exit(f"not sealed after 180 s: {node.unsealed()}")
        node.cpu_when_idle(30)


def queries(executable, given, name):
    """The milliseconds of each query of measure.py within the process."""
    with Node(executable, given.work / name, 18464, INGEST.format("64MiB"), "ingest") as node:
        node.cpu_when_idle(30)
        output = run(sys.executable, BENCHMARKS / "query" / "measure.py", executable, node.config,
                     node.data, given.work / "spread", given.work / "spread.gz", given.lines,
                     env=dict(os.environ, PEERS="no"))
    # The question is 22 columns wide, the milliseconds 11; see measure.py.
    rows = output.split("question", 1)[1].split("\n")[1:]
    found = {f"query, {row[:22].strip()}, ms": float(row[22:33]) for row in rows if row.strip()}
    if len(found) < 6:
        sys.exit(f"measure.py printed {len(found)} rows:\n{output}")
    return found


class Table:
    """The figures of all pairs, and which of them miss their floor."""

    def __init__(self):
        self.rows, self.missed = [], []

    def add(self, name, before, after, limit, holds, ratio=None):
        """`ratio` is that which `holds` judges; `limit` is the floor as text."""
        ratio = statistics.median(b / a for a, b in zip(before, after)) if ratio is None else ratio
        good = holds(ratio, statistics.median(after))
        self.rows.append((name, statistics.median(before), statistics.median(after), ratio, limit,
                          "holds" if good else "MISSED"))
        if not good:
            self.missed.append(name)
        print(f"  {name}: before {[round(x, 2) for x in before]}, after {[round(x, 2) for x in after]}",
              file=sys.stderr)

    def show(self, given):
        print(f"medians of {given.pairs} alternating pairs, {given.lines} lines; "
              "ratio: median of after/before")
        print(f"{'floor':<38}{'before':>12}{'after':>12}{'ratio':>8}  {'limit':<32}")
        for name, before, after, ratio, limit, word in self.rows:
            print(f"{name:<38}{before:>12,.2f}{after:>12,.2f}{ratio:>8.2f}  {limit:<32}{word}")


def pairs(given, measure):
    """Runs `measure(executable, name)` in alternating pairs; the results of before and of after."""
    before, after = [], []
    for number in range(given.pairs):
        order = [(given.before, "before", before), (given.after, "after", after)]
        # The first of a pair may find the machine warmer or cooler, so the order changes.
        for executable, name, results in order if number % 2 == 0 else reversed(order):
            results.append(measure(executable, name))
    return before, after


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("before", type=pathlib.Path)
    parser.add_argument("after", type=pathlib.Path)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--only", default="ingest,fresh,repeat,query")
    parser.add_argument("--noise", type=float, default=0.05)
    parser.add_argument("--victoria-logs", default="")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    given = parser.parse_args()
    given.before, given.after = given.before.resolve(), given.after.resolve()
    only, table = given.only.split(","), Table()
    if unknown := set(only) - {"ingest", "fresh", "repeat", "query"}:
        sys.exit(f"not a floor: {', '.join(unknown)}")

    if "ingest" in only:
        make_lines(given, "lines")
        before, after = pairs(given, lambda executable, _: ingest(executable, given))
        name, cost = "ingest, lines/s", "a million lines with digests, CPU s"
        rates = [row[name] for row in after]
        table.add(name, [row[name] for row in before], rates, ">= 300,000",
                  lambda _, rate: rate >= 300_000)
        if given.victoria_logs:
            peer = [victoria(given.victoria_logs, given) for _ in range(given.pairs)]
            table.add("ingest / VictoriaLogs (before)", peer, rates, ">= 3 x VictoriaLogs",
                      lambda ratio, _: ratio >= 3)
        table.add(cost, [row[cost] for row in before], [row[cost] for row in after], "<= 3.5",
                  lambda _, seconds: seconds <= 3.5)
    if "fresh" in only:
        most = 1 + given.noise
        for protocol, shown in [("http1.1", "HTTP/1.1"), ("http2", "HTTP/2")]:
            before, after = pairs(given, lambda executable, _: fresh(executable, given, protocol))
            table.add(f"fresh verdict, {shown}, CPU us", before, after,
                      f"ratio <= 1 ({most:.2f} with noise)", lambda ratio, _: ratio <= most)
    if "repeat" in only:
        before, after = pairs(given, lambda executable, _: repeat(executable, given))
        table.add("repeated verdict, times Go's rate", before, after, ">= 0.60",
                  lambda _, rate: rate >= 0.6)
    if "query" in only:
        # One of the queries reads an hour: the lines are spread over two.
        make_lines(given, "spread", "--span-s", 7000)
        # measure.py compares the archives' size with it, which is no floor: the fastest level does.
        with open(given.work / "spread.gz", "wb") as packed:
            subprocess.run(["gzip", "-1", "-c", given.work / "spread"], stdout=packed, check=True)
        fill(given.before, given, "before")
        fill(given.after, given, "after")
        before, after = pairs(given, lambda executable, name: queries(executable, given, name))
        for name in before[0]:
            table.add(name, [row[name] for row in before], [row[name] for row in after],
                      "ratio <= 1.50", lambda ratio, _: ratio <= 1.5)
    table.show(given)
    if "ingest" in only and not given.victoria_logs:
        print("not measured: ingest compared with VictoriaLogs (VICTORIA_LOGS is not set)")
    sys.exit(f"missed: {', '.join(table.missed)}" if table.missed else 0)


if __name__ == "__main__":
    main()
