#!/usr/bin/env python3
"""Runs honest clients alone, then with all hostile ones, and checks limits; see hostile.sh."""
import argparse
import collections
import gzip
import json
import multiprocessing
import os
import pathlib
import re
import sys
import time

import attacks
import honest

MEMORY = 256


def quantile(values, q):
    return sorted(values)[min(int(len(values) * q), len(values) - 1)] if values else float("nan")


def hostile(name, port, tokens, until, path):
    os.nice(19)
    attacks.PORT, attacks.TOKENS = port, tokens
    try:
        counts = attacks.ALL[name](until)
    except Exception as error:
        counts = {"failed": repr(error)}
    pathlib.Path(path).write_text(json.dumps(counts))


class Watch:
    """Samples the peaks of the node's memory and descriptors."""

    def __init__(self, pid):
        self.folder = pathlib.Path(f"/proc/{pid}")
        self.files = self.memory = 0

    def look(self):
        """Takes a sample; returns False if the process has ended."""
        try:
            status = (self.folder / "status").read_text()
            if re.search(r"State:\s+Z", status):
                return False
            self.memory = max(
                self.memory, int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024)
            self.files = max(self.files, len(list((self.folder / "fd").iterdir())))
            return True
        except FileNotFoundError:
            return False

    @property
    def limit(self):
        text = (self.folder / "limits").read_text()
        return int(re.search(r"Max open files\s+(\d+)", text).group(1))


def in_log(folder):
    """The ids of the honest clients' lines in the log."""
    found = set()
    pattern = re.compile(rb'"id": ?"(honest-\d+)"')
    for file in folder.rglob("*.jsonl*"):
        opened = gzip.open(file, "rb") if file.suffix == ".gz" else open(file, "rb")
        with opened as lines:
            for line in lines:
                match = pattern.search(line)
                if match:
                    found.add(match.group(1).decode())
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--only", default="")
    given = parser.parse_args()

    names = [name for name in given.only.split(",") if name] or list(attacks.ALL)
    watch = Watch(given.pid)
    tokens = {}
    while len(tokens) < 3:
        if not watch.look():
            sys.exit("the node did not start")
        for name in ("analysis", "ingest", "read"):
            try:
                tokens[name] = (given.data / "tokens" / name).read_text().strip()
            except FileNotFoundError:
                time.sleep(0.1)
    while honest.Caller(given.port, tokens["analysis"]).post(
            "/rollouts/analysis", '{"rollout":"first"}', "application/json")[0] != 200:
        time.sleep(0.2)

    attack = given.minutes * 60
    quiet = max(20, attack / 10)
    begin = time.monotonic() + quiet
    end = begin + attack
    measured, taken = str(given.work / "measured"), str(given.work / "taken")
    clients = [
        multiprocessing.Process(target=honest.measure, args=(
            given.port, tokens["analysis"], given.rate, end, measured)),
        multiprocessing.Process(target=honest.ingest, args=(
            given.port, tokens["ingest"], end, taken)),
    ]
    for client in clients:
        client.start()
    alive = True
    while alive and time.monotonic() < begin:
        alive = watch.look()
        time.sleep(0.5)
    before = watch.memory
    foes = [multiprocessing.Process(target=hostile, args=(
        name, given.port, tokens, end, str(given.work / ("foe-" + name)))) for name in names]
    for foe in foes:
        foe.start()
    while alive and any(client.is_alive() for client in clients):
        alive = watch.look()
        time.sleep(0.25)
    limit = watch.limit if alive else 0
    for process in clients + foes:
        process.join(60)
        if process.is_alive():
            process.terminate()

    rows = json.loads(pathlib.Path(measured).read_text())
    phases = [[row for row in rows if row[0] < begin], [row for row in rows if row[0] >= begin]]
    p99 = []
    for name, phase in zip(("quiet", "under attack"), phases):
        times = [seconds * 1000 for _, seconds, status in phase if status == 200]
        p99.append(quantile(times, 0.99))
        print(f"measurements {name}: {len(phase)}, p50 {quantile(times, 0.5):.1f} ms, "
              f"p99 {p99[-1]:.1f} ms, max {max(times, default=0):.1f} ms")
    statuses = collections.Counter(str(row[2]) for row in rows if row[2] != 200)
    print(f"measurements not answered 200: {dict(statuses) or 0}")
    print(f"ingest answers: {json.loads(pathlib.Path(taken).read_text())}")
    acknowledged = pathlib.Path(taken + ".ids").read_text().split()
    missing = set(acknowledged) - in_log(given.data)
    print(f"acknowledged lines: {len(acknowledged)}, in the log: {len(acknowledged) - len(missing)}")
    print(f"peak memory: {before:.0f} MiB quiet, {watch.memory:.0f} MiB in all")
    print(f"peak descriptors: {watch.files} of {limit}")
    for name in names:
        try:
            did = json.loads((given.work / ("foe-" + name)).read_text())
        except FileNotFoundError:
            did = "ended without a result"
        print(f"  {name}: {did}")
    faults = [text for bad, text in [
        (not alive, "the node ended"), (missing, f"{len(missing)} acknowledged lines are missing"),
        (watch.memory >= MEMORY, f"memory reached {watch.memory:.0f} MiB"),
        (alive and watch.files >= limit, "the descriptors reached the limit"),
        (not p99[1] < 2 * p99[0], f"p99 went from {p99[0]:.1f} to {p99[1]:.1f} ms"),
    ] if bad]
    for fault in faults:
        print(f"FAULT: {fault}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
