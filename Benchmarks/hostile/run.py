#!/usr/bin/env python3
"""Runs honest clients alone and beside all hostile ones, and checks limits; see hostile.sh."""
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
import typing

import attacks
import honest

MEMORY = 256
# In the seconds before each phase the hostile clients of the one before still end.
GAP = 5


class Node(typing.NamedTuple):
    port: int
    tokens: dict


class Phase(typing.NamedTuple):
    turn: int
    kind: str
    start: float
    end: float


# What the hostile clients do in each kind of phase; their target is the node of that name.
KINDS = {"quiet": "quiet", "decoy": "beside an attack at the other node", "attack": "under attack"}


def plan(minutes, begin):
    """The phases. They take turns, so that what else the machine does meets all kinds."""
    turns = max(1, round(minutes / 3))
    attack = minutes * 60 / turns
    lengths = {"quiet": max(15, attack / 6 - GAP), "decoy": attack, "attack": attack}
    phases = []
    for turn in range(turns):
        for kind in KINDS:
            start = (phases[-1].end if phases else begin) + GAP
            phases.append(Phase(turn, kind, start, start + lengths[kind]))
    return phases


def ready(port, data, alive):
    """Waits until the node answers measurements."""
    tokens = {}
    while len(tokens) < 3:
        if not alive():
            sys.exit("a node did not start")
        for name in ("analysis", "ingest", "read"):
            try:
                tokens[name] = (data / "tokens" / name).read_text().strip()
            except FileNotFoundError:
                time.sleep(0.1)
    while honest.Caller(port, tokens["analysis"]).post(
            "/rollouts/analysis", '{"rollout":"first"}', "application/json")[0] != 200:
        time.sleep(0.2)
    honest.fill(port, tokens["ingest"])
    return Node(port, tokens)


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
    parser.add_argument("--decoy-pid", type=int, required=True)
    parser.add_argument("--decoy-port", type=int, required=True)
    parser.add_argument("--decoy-data", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--only", default="")
    given = parser.parse_args()

    names = [name for name in given.only.split(",") if name] or list(attacks.ALL)
    watch, decoy = Watch(given.pid), Watch(given.decoy_pid)
    nodes = {
        "attack": ready(given.port, given.data, watch.look),
        "decoy": ready(given.decoy_port, given.decoy_data, decoy.look),
    }
    measured_node = nodes["attack"]

    phases = plan(given.minutes, time.monotonic())
    end = phases[-1].end
    measured, taken = str(given.work / "measured"), str(given.work / "taken")
    clients = [
        multiprocessing.Process(target=honest.measure, args=(
            measured_node.port, measured_node.tokens["analysis"], given.rate, end, measured)),
        multiprocessing.Process(target=honest.ingest, args=(
            measured_node.port, measured_node.tokens["ingest"], end, taken)),
    ]
    for client in clients:
        client.start()

    def look_until(moment, pause):
        alive = watch.look()
        while alive and time.monotonic() < moment and any(one.is_alive() for one in clients):
            alive = watch.look()
            time.sleep(pause)
        return alive

    def result(name, phase):
        return given.work / f"foe-{name}-{phase.kind}-{phase.turn}"

    alive, before, foes = True, 0, []
    steal = collections.Counter()
    for phase in phases:
        alive = alive and look_until(phase.start, 0.5)
        counted = stolen()
        if phase.kind in nodes:
            target = nodes[phase.kind]
            now = [multiprocessing.Process(target=hostile, args=(
                name, target.port, target.tokens, phase.end, str(result(name, phase))))
                for name in names]
            for foe in now:
                foe.start()
            foes += now
        alive = alive and look_until(phase.end, 0.25)
        steal[phase.kind] += stolen() - counted
        before = before or watch.memory
    limit = watch.limit if alive else 0
    for process in clients + foes:
        process.join(60)
        if process.is_alive():
            process.terminate()

    rows = json.loads(pathlib.Path(measured).read_text())
    times = {kind: [] for kind in KINDS}
    p99 = {kind: [] for kind in KINDS}
    for phase in phases:
        part = [seconds * 1000 for moment, seconds, status in rows
                if status == 200 and phase.start <= moment < phase.end]
        times[phase.kind] += part
        p99[phase.kind].append(quantile(part, 0.99))
    for kind, words in KINDS.items():
        print(f"measurements {words}: {len(times[kind])}, p50 {quantile(times[kind], 0.5):.1f} ms, "
              f"p99 {quantile(times[kind], 0.99):.1f} ms, max {max(times[kind], default=0):.1f} ms "
              f"(the host took {steal[kind]:.0f} s of processor time)")

    def compared(kind, other):
        """The median of the ratios of both p99 by turn."""
        ratios = [one / two for one, two in zip(p99[kind], p99[other])]
        median = statistics.median(ratios)
        print(f"p99 {KINDS[kind]} / {KINDS[other]}: {median:.2f}, the median of "
              + " ".join(f"{one:.2f}" for one in ratios))
        return median

    ratio = compared("attack", "quiet")
    own = compared("attack", "decoy")
    compared("decoy", "quiet")
    statuses = collections.Counter(str(row[2]) for row in rows if row[2] != 200)
    print(f"measurements not answered 200: {dict(statuses) or 0}")
    print(f"ingest answers: {json.loads(pathlib.Path(taken).read_text())}")
    acknowledged = pathlib.Path(taken + ".ids").read_text().split()
    missing = set(acknowledged) - in_log(given.data)
    print(f"acknowledged lines: {len(acknowledged)}, in the log: {len(acknowledged) - len(missing)}")
    print(f"peak memory: {before:.0f} MiB quiet, {watch.memory:.0f} MiB in all")
    print(f"peak descriptors: {watch.files} of {limit}")
    print("hostile clients, each second; in brackets at the other node:")
    spans = {kind: sum(one.end - one.start for one in phases if one.kind == kind) for kind in nodes}
    for name in names:
        did = {kind: collections.Counter() for kind in nodes}
        for phase in phases:
            if phase.kind not in nodes:
                continue
            try:
                counts = json.loads(result(name, phase).read_text())
            except FileNotFoundError:
                counts = {"ended without a result": 1}
            for key, value in counts.items():
                did[phase.kind][key] += value if isinstance(value, int) else 1
        print(f"  {name}: " + ", ".join(
            f"{key} {did['attack'][key] / spans['attack']:.4g} "
            f"({did['decoy'][key] / spans['decoy']:.4g})"
            for key in sorted(did["attack"].keys() | did["decoy"].keys())))
    faults = [text for bad, text in [
        (not alive, "the node ended"), (not decoy.look(), "the other node ended"),
        (missing, f"{len(missing)} acknowledged lines are missing"),
        (watch.memory >= MEMORY, f"memory reached {watch.memory:.0f} MiB"),
        (alive and watch.files >= limit, "the descriptors reached the limit"),
        (not ratio < 2, f"p99 under attack is {ratio:.2f} times the quiet one, "
                        f"and {own:.2f} times the one beside an attack at the other node"),
    ] if bad]
    for fault in faults:
        print(f"FAULT: {fault}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
