#!/usr/bin/env python3
"""Measures N series of a running node, round after round; see series.sh."""
import argparse
import http.client
import json
import pathlib
import re
import ssl
import sys
import threading
import time

INTERVAL = 10


def memory(pid):
    """Resident megabytes: all, and those of the process itself (without pages of files)."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    value = {k: int(v) / 1024 for k, v in re.findall(r"(VmRSS|RssAnon):\s+(\d+) kB", text)}
    return value["VmRSS"], value["RssAnon"]


def quantile(values, q):
    return sorted(values)[min(int(len(values) * q), len(values) - 1)]


def caller(given, token, numbers, rows, faults, rate=0):
    """Measures each of the numbered series, at most `rate` a second if it is given."""
    began = time.monotonic()
    context = ssl._create_unverified_context()
    connection = http.client.HTTPSConnection(given.url, context=context, timeout=20)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for turn, number in enumerate(numbers):
        if rate:
            time.sleep(max(0, began + turn / rate - time.monotonic()))
        body = json.dumps({"rollout": f"r{number}", "namespace": "bench", "uid": f"u{number}",
                           "revision": "1", "step": "0", "metric": "all"})
        connection.request("POST", "/rollouts/analysis", body, headers)
        reply = connection.getresponse()
        text = reply.read()
        if reply.status != 200:
            faults.append((reply.status, text[:200]))
            continue
        row = dict(re.findall(r"([\w.-]+);dur=([0-9.]+)", reply.getheader("Server-Timing", "")))
        rows.append({name: float(value) for name, value in row.items()})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--rate", type=int, default=500)
    given = parser.parse_args()

    token = given.data / "tokens" / "analysis"
    for _ in range(300):
        try:
            connection = http.client.HTTPSConnection(
                given.url, context=ssl._create_unverified_context(), timeout=2)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200 and token.exists():
                break
        except OSError:
            pass
        time.sleep(0.1)
    else:
        sys.exit("the node never became ready")
    token = token.read_text().strip()
    # Waits until the first window has ended and everything is initialized.
    time.sleep(4)
    caller(given, token, range(-200, 0), [], [])
    before = memory(given.pid)
    print(f"{given.series} series, {given.rounds} rounds, {given.connections} connections")
    print(f"ready: {before[0]:.1f} MB resident, {before[1]:.1f} MB its own")

    hurried, paced, faults = [], [], []
    for round_ in range(given.rounds):
        is_last = round_ + 1 == given.rounds
        rows, rate = (paced, given.rate / given.connections) if is_last else (hurried, 0)
        started = time.monotonic()
        parts = [range(n, given.series, given.connections) for n in range(given.connections)]
        threads = [threading.Thread(target=caller, args=(given, token, part, rows, faults, rate))
                   for part in parts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - started
        now = memory(given.pid)
        print(f"round {round_ + 1}: {given.series / took:,.0f} attempts/s, {now[0]:.1f} MB resident, "
              f"{now[1]:.1f} MB its own", flush=True)
        if not is_last:
            # Waits so that each measurement is a new attempt and not a repeat.
            time.sleep(max(0, INTERVAL / 2 + 1 - took))

    if faults:
        sys.exit(f"{len(faults)} answers were not 200, the first: {faults[0]}")
    own = 0
    for word, rows in [("as fast as possible", hurried), (f"{given.rate}/s", paced)]:
        evaluated = [row for row in rows if "_own" in row]
        print(f"{word}: {len(evaluated)} attempts of {len(rows)} answers, ms:")
        print(f"{'':>8} {'p50':>8} {'p90':>8} {'p99':>8} {'p99.9':>8} {'max':>8}")
        for name in ["_own", "_log", "canary", "node"]:
            values = [row[name] for row in evaluated if name in row]
            if values:
                shown = [quantile(values, q) for q in (0.5, 0.9, 0.99, 0.999)] + [max(values)]
                print(f"{name:>8} " + " ".join(f"{value:>8.3f}" for value in shown))
                if name == "_own":
                    own = shown[2]
    grown = memory(given.pid)[0] - before[0]
    good = grown < 64 and own < 1 and len(evaluated) >= given.series
    print(f"grew by {grown:.1f} MB (below 64), own share p99 {own:.3f} ms (below 1): "
          f"{'yes' if good else 'NO'}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
