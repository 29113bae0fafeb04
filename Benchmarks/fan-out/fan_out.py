#!/usr/bin/env python3
"""Measures how a notifier sends many digests; see Benchmarks/fan-out.sh."""
import argparse
import http.server
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../alertmanager"))
import peers  # noqa: E402
from sinks import until  # noqa: E402

WAITING = 100_000
# What Sources/State/Tables/Outbox+Queue.swift runs to find the next delivery.
NEXT = """SELECT id, digest, due_ms FROM outbox
          WHERE receiver = ? AND state = 'waiting' AND head = 1 ORDER BY due_ms, id"""
CONFIG = """\
node: bench
data_dir: {folder}/data
listen: {{address: "127.0.0.1:{port}"}}
roles: [notifier]
allow_inline_secrets: true
telemetry: {{log_level: error}}
log: {{max_bytes: 64GiB, min_free: 0}}
digest: {{first_after: {first}, window: 1s, max_window: 60s, repeat: 7d, max_groups: 10000, storm: {{groups: 0}}}}
receivers: [{{name: h, kind: webhook, url: "http://127.0.0.1:{hook}/"}}]
route: {{receiver: h}}
"""


class Hook(http.server.ThreadingHTTPServer):
    """A webhook that answers after `delay` seconds, with 503 while `is_away`. `began` and `ended`
    are the times of the requests that it accepted."""
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, delay=0.0):
        self.delay, self.is_away, self.began, self.ended, self.refused = delay, False, [], [], 0
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                began = time.monotonic()
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                time.sleep(hook.delay)
                if hook.is_away:
                    hook.refused += 1
                self.send_response(503 if hook.is_away else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                if not hook.is_away:
                    hook.began.append(began)
                    hook.ended.append(time.monotonic())

        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Notifier(peers.Peer):
    """A notifier whose only receiver is a webhook."""

    def __init__(self, options, hook, first="1s"):
        self.hook, self.first, self.sent = hook, first, 0
        peers.OURS = CONFIG.replace("{hook}", str(hook.port)).replace("{first}", first).replace(
            "{receivers}", "").replace("{digest}", "")
        super().__init__("bellwether", options, first)

    def fail(self, count):
        """Posts the first failure of `count` rollouts that never failed before."""
        names = range(self.sent, self.sent + count)
        self.sent += count
        self.post([(f"shop-{n}", f"e{n}") for n in names])

    def body(self, items):
        """As for other peers, but with the members of a dictionary in place of an id."""
        if not isinstance(items[0][1], dict):
            return super().body(items)
        lines = []
        for rollout, members in items:
            line = json.loads(super().body([(rollout, members["id"])]))
            line.update(members)
            lines.append(json.dumps({name: value for name, value in line.items() if value is not None}))
        return ("\n".join(lines) + "\n").encode()

    def seconds(self):
        """The processor time of the process."""
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def show(name, value, limit, unit):
    is_met = value <= limit
    print(f"{name:<58} {value:>10.3f} {unit:<3} limit {limit:g}{'' if is_met else '  MISSED'}",
          flush=True)
    return is_met


def burst(options):
    """200 digests to a receiver that answers in 50 ms."""
    hook = Hook(0.05)
    notifier = Notifier(options, hook)
    times = []
    for _ in range(3):
        before = len(hook.ended)
        notifier.fail(200)
        if not until(lambda: len(hook.ended) == before + 200, 60):
            sys.exit(f"{len(hook.ended) - before} of 200 digests arrived")
        times.append(hook.ended[-1] - hook.began[before])
    notifier.close()
    return show("200 digests, 50 ms each, first request to last answer", min(times), 0.5, "s")


def news(options):
    """From an event that may not wait to the request: a second zone, then the abort, of rollouts that
    were reported before."""
    hook = Hook()
    notifier = Notifier(options, hook, first="0s")
    count = options.news
    notifier.fail(count)
    if not until(lambda: len(hook.ended) == count, 60):
        sys.exit(f"{len(hook.ended)} of {count} digests arrived")
    met = True
    for word, members in (
            ("second zone", {"az": "b"}),
            ("abort", {"event": "rollout.aborted", "level": "info", "status": None, "az": None})):
        taken = []
        for number in range(count):
            before, moment = len(hook.began), time.monotonic()
            notifier.post([(f"shop-{number}", {"id": f"{word[0]}{number}", **members})])
            if not until(lambda: len(hook.began) > before, 30):
                sys.exit(f"no digest of the {word} of shop-{number}")
            taken.append((hook.began[before] - moment) * 1000)
        taken.sort()
        met &= show(f"event to request, {word}, p99 of {count}", taken[count * 99 // 100], 1000, "ms")
    notifier.close()
    return met


def back(options):
    """A receiver that is back after a minute, with 500 digests waiting."""
    hook = Hook()
    notifier = Notifier(options, hook)
    hook.is_away = True
    notifier.fail(500)
    until(lambda: hook.refused > 0, 30)
    time.sleep(options.away)
    tries, moment = hook.refused, time.monotonic()
    hook.is_away = False
    until(lambda: hook.ended, 120)
    first = hook.ended[0] - moment
    until(lambda: len(hook.ended) == 500, 120)
    rest = hook.ended[-1] - hook.ended[0]
    notifier.close()
    met = show(f"back after {options.away} s: the first message", first, 10, "s")
    met &= show("then the other 499", rest, 10, "s")
    return met & show("tries meanwhile, a minute", tries * 60 / options.away, 40, "")


def waiting(options):
    """The next delivery while 100,000 others wait, and without them."""
    hook = Hook()
    notifier = Notifier(options, hook, first="0s")

    def latency():
        taken = []
        # The connection may have been idle for too long.
        notifier.kept = None
        for _ in range(10):
            before, moment = len(hook.began), time.monotonic()
            notifier.fail(1)
            until(lambda: len(hook.began) > before, 30)
            taken.append(hook.began[-1] - moment)
        return statistics.median(taken) * 1000

    def query():
        taken = []
        with sqlite3.connect(f"{notifier.folder}/data/state.sqlite", timeout=60) as db:
            for _ in range(50):
                moment = time.perf_counter()
                db.execute(NEXT, ("h",)).fetchone()
                taken.append(time.perf_counter() - moment)
        return statistics.median(taken) * 1000

    without = (query(), latency())
    met = show("query of the next delivery, nothing waits", without[0], 1, "ms")
    met &= show("event to request, nothing waits", without[1], 1000, "ms")
    due = int(time.time() * 1000) + 3_600_000
    with sqlite3.connect(f"{notifier.folder}/data/state.sqlite", timeout=60) as db:
        db.executemany(
            """INSERT INTO digest (id, group_key, kind, subject, thread, composed_ms, model, slack,
               text, html, slack_reply) VALUES (?, '', 'notice', '', ?, ?, '{}', '{}', '', '', '')""",
            ((f"w{n}.1", f"w{n}", due) for n in range(WAITING)))
        db.executemany(
            """INSERT INTO outbox (digest, receiver, due_ms, created_ms, thread)
               VALUES (?, 'h', ?, ?, ?)""",
            ((f"w{n}.1", due, due - 3_600_000, f"w{n}") for n in range(WAITING)))
    beside = (query(), latency())
    notifier.close()
    met &= show(f"query of the next delivery, {WAITING} wait", beside[0], 1, "ms")
    return met & show(f"event to request, {WAITING} wait", beside[1], without[1] + 20, "ms")


def cpu(options):
    """The processor time of a digest, from the event to the recorded answer."""
    hook = Hook()
    notifier = Notifier(options, hook)

    def send(digests):
        before = len(hook.ended)
        for count in range(100, digests + 1, 100):
            notifier.fail(100)
            until(lambda: len(hook.ended) == before + count, 60)

    notifier.fail(50)
    until(lambda: len(hook.ended) == 50, 60)
    before, moment = notifier.seconds(), time.monotonic()
    send(options.digests)
    used, passed = notifier.seconds() - before, time.monotonic() - moment
    # What the process uses with nothing to do.
    moment, before = time.monotonic(), notifier.seconds()
    time.sleep(10)
    idle = (notifier.seconds() - before) / (time.monotonic() - moment)
    met = show(f"CPU of a digest, {options.digests} digests",
               (used - idle * passed) * 1000 / options.digests, 1, "ms")
    if shutil.which("perf"):
        # Afterwards: samples are taken in the process's own time.
        data = notifier.folder + "/perf.data"
        profile = subprocess.Popen(
            ["perf", "record", "-q", "-F", "999", "-g", "-o", data, "-p",
             str(notifier.process.pid)], stderr=subprocess.DEVNULL)
        time.sleep(1)
        send(options.digests)
        profile.send_signal(2)
        profile.wait()
        report = subprocess.run(
            ["perf", "report", "-i", data, "--stdio", "--no-children", "-g", "none", "--sort",
             "dso,symbol", "--percent-limit", "1"], capture_output=True, text=True, check=False)
        lines = [line.rstrip() for line in report.stdout.splitlines()
                 if line.strip() and not line.startswith("#")]
        print("\n".join(lines[:30]))
    notifier.close()
    return met


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bellwether", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--away", type=int, default=60, help="seconds that the receiver is away")
    parser.add_argument("--digests", type=int, default=1000)
    parser.add_argument("--news", type=int, default=100, help="rollouts whose changes are timed")
    options = parser.parse_args()
    chosen = [question for question in (burst, news, back, waiting, cpu)
              if options.only in question.__name__]
    met = [question(options) for question in chosen]
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
