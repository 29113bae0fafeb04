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
import statistics
import sys
import time

import attacks
import honest

MEMORY = 256


def quantile(values, q):
    return sorted(values)[min(int(len(values) * q), len(values) - 1)] if values else float("nan")


def hostile(name, port, tokens, until, path):
    # They stand for other machines: only processor time that nobody else wants is theirs. A low
    # nice value is not enough, since each of them may still run for some milliseconds before a
    # thread of the node does.
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
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


def stolen():
    """The seconds of processor time that other machines of the same host took from this one."""
    first = pathlib.Path("/proc/stat").read_text().splitlines()[0].split()
    return int(first[8]) / os.sysconf("SC_CLK_TCK")


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

    # Quiet and hostile phases alternate, so that what else the machine does meets both.
    pairs = max(1, round(given.minutes / 3))
    attack = given.minutes * 60 / pairs
    quiet = max(20, attack / 6)
    begin = time.monotonic()
    end = begin + pairs * (quiet + attack)
    measured, taken = str(given.work / "measured"), str(given.work / "taken")
    clients = [
        multiprocessing.Process(target=honest.measure, args=(
            given.port, tokens["analysis"], given.rate, end, measured)),
        multiprocessing.Process(target=honest.ingest, args=(
            given.port, tokens["ingest"], end, taken)),
    ]
    for client in clients:
        client.start()

    def look_until(moment, pause):
        alive = watch.look()
        while alive and time.monotonic() < moment and any(one.is_alive() for one in clients):
            alive = watch.look()
            time.sleep(pause)
        return alive

    alive, before, foes = True, 0, []
    phases, steal = [], [0, 0]
    for pair in range(pairs):
        start = begin + pair * (quiet + attack)
        counted = stolen()
        alive = alive and look_until(start + quiet, 0.5)
        steal[0] += stolen() - counted
        before = before or watch.memory
        phases.append((start, start + quiet, start + quiet + attack))
        now = [multiprocessing.Process(target=hostile, args=(
            name, given.port, tokens, phases[-1][2],
            str(given.work / f"foe-{name}-{pair}"))) for name in names]
        for foe in now:
            foe.start()
        counted = stolen()
        alive = alive and look_until(phases[-1][2], 0.25)
        steal[1] += stolen() - counted
        foes += now
    limit = watch.limit if alive else 0
    for process in clients + foes:
        process.join(60)
        if process.is_alive():
            process.terminate()

    rows = json.loads(pathlib.Path(measured).read_text())
    both = [[], []]
    ratios = []
    for start, middle, last in phases:
        # In the first seconds of a quiet phase the clients of the one before still end.
        parts = [
            [seconds * 1000 for moment, seconds, status in rows
             if status == 200 and first <= moment < until]
            for first, until in [(start + 5, middle), (middle, last)]]
        both[0] += parts[0]
        both[1] += parts[1]
        ratios.append(quantile(parts[1], 0.99) / quantile(parts[0], 0.99))
    for name, times, share in zip(("quiet", "under attack"), both, steal):
        print(f"measurements {name}: {len(times)}, p50 {quantile(times, 0.5):.1f} ms, "
              f"p99 {quantile(times, 0.99):.1f} ms, max {max(times, default=0):.1f} ms "
              f"(the host took {share:.0f} s of processor time)")
    ratio = statistics.median(ratios)
    print(f"p99 under attack / quiet: {ratio:.2f}, the median of "
          + " ".join(f"{one:.2f}" for one in ratios))
    statuses = collections.Counter(str(row[2]) for row in rows if row[2] != 200)
    print(f"measurements not answered 200: {dict(statuses) or 0}")
    print(f"ingest answers: {json.loads(pathlib.Path(taken).read_text())}")
    acknowledged = pathlib.Path(taken + ".ids").read_text().split()
    missing = set(acknowledged) - in_log(given.data)
    print(f"acknowledged lines: {len(acknowledged)}, in the log: {len(acknowledged) - len(missing)}")
    print(f"peak memory: {before:.0f} MiB quiet, {watch.memory:.0f} MiB in all")
    print(f"peak descriptors: {watch.files} of {limit}")
    for name in names:
        did = collections.Counter()
        for pair in range(pairs):
            try:
                counts = json.loads((given.work / f"foe-{name}-{pair}").read_text())
            except FileNotFoundError:
                counts = {"ended without a result": 1}
            for key, value in counts.items():
                did[key] += value if isinstance(value, int) else 1
        print(f"  {name}: {dict(did)}")
    faults = [text for bad, text in [
        (not alive, "the node ended"), (missing, f"{len(missing)} acknowledged lines are missing"),
        (watch.memory >= MEMORY, f"memory reached {watch.memory:.0f} MiB"),
        (alive and watch.files >= limit, "the descriptors reached the limit"),
        (not ratio < 2, f"p99 under attack is {ratio:.2f} times the quiet one"),
    ] if bad]
    for fault in faults:
        print(f"FAULT: {fault}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
