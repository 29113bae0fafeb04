#!/usr/bin/env python3
"""Kills a notifier with SIGKILL at random points, again and again, while events
come in and digests go out to a strict Slack double and an SMTP server, both of
which record everything. Then counts:

  undigested   acknowledged events that no digest tells of
  sent again   receipts of a digest after its delivery was recorded as sent
  other bytes  repeats of a digest that differ from the first

All three must be 0. Needs the package aiosmtpd for the SMTP double.
"""
import argparse
import collections
import glob
import http.client
import json
import os
import random
import re
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time

DOUBLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Tests/TestSupport/Doubles")
CONFIG = """\
node: notifier
data_dir: {folder}/data
listen: {{address: "127.0.0.1:{port}"}}
roles: [notifier]
telemetry: {{log_level: error}}
digest: {{first_after: 50ms, window: 200ms, max_window: 1s, repeat: 7d, max_groups: 10000}}
receivers:
  - {{name: slack, kind: slack, url: "http://127.0.0.1:{slack}/services/T0/B0/sekretKey", retry_ceiling: 200ms}}
  - {{name: mail, kind: smtp, url: "smtp://127.0.0.1:{smtp}", tls: none, from: "b@example.com", to: [a@example.com, c@example.com], retry_ceiling: 200ms}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def double(script, folder, *arguments):
    os.makedirs(folder)
    process = subprocess.Popen(
        [sys.executable, os.path.join(DOUBLES, script), "--folder", folder, *arguments],
        stdout=subprocess.PIPE, text=True)
    return process, int(process.stdout.readline())


class Sender(threading.Thread):
    """Posts failing verdicts for as long as the node takes them."""

    def __init__(self, run):
        super().__init__(daemon=True)
        self.run_of, self.over = run, threading.Event()

    def run(self):
        run = self.run_of
        while not self.over.is_set():
            lines = run.lines()
            body = "".join(json.dumps(line) + "\n" for line in lines).encode()
            try:
                link = http.client.HTTPSConnection(
                    "127.0.0.1", run.port, timeout=5, context=run.tls)
                link.request("POST", "/v1/events", body, {
                    "Authorization": "Bearer " + run.token(),
                    "Content-Type": "application/x-ndjson"})
                if link.getresponse().status == 200:
                    run.acknowledge(lines)
                link.close()
            except (OSError, http.client.HTTPException):
                pass
            self.over.wait(0.02)


class Run:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.folder = tempfile.mkdtemp(prefix="bellwether-kill-")
        self.slack, slack = double("slack_double.py", self.folder + "/slack", "--key", "sekretKey")
        self.smtp, smtp = double(
            "smtp_double.py", self.folder + "/smtp", "--security", "none", "--username", "",
            "--password", "")
        self.port = free_port()
        self.config = self.folder + "/bellwether.yaml"
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(folder=self.folder, port=self.port, slack=slack, smtp=smtp))
        self.tls = ssl._create_unverified_context()
        self.count = 0
        self.acknowledged = {}
        self.recorded = {}
        self.lives = 0

    def token(self):
        with open(self.folder + "/data/tokens/ingest", encoding="utf-8") as file:
            return file.read().strip()

    def lines(self):
        """Two lines of one group: a new one now and then, else the present one."""
        self.count += 1
        rollout = f"shop-{self.count // 8}"
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return [{
            "ts": now, "id": f"e{self.count}-{zone}", "event": "analysis.unhealthy",
            "level": "error", "node": "gw-" + zone, "az": zone, "namespace": "prod",
            "rollout": rollout, "revision": "1", "status": "unhealthy", "attempt": self.count,
        } for zone in "ab"]

    def acknowledge(self, lines):
        for line in lines:
            self.acknowledged[line["id"]] = line["rollout"]

    def start(self):
        self.lives += 1
        return subprocess.Popen(
            [self.options.bellwether, "serve", "--config", self.config],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def query(self, sql):
        state = self.folder + "/data/state.sqlite"
        if not os.path.exists(state):
            return []
        link = sqlite3.connect(state, timeout=10)
        try:
            return link.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []
        finally:
            link.close()

    def receipts(self):
        """Receipts by receiver, digest and recipient, and their bytes by receiver and digest."""
        counts, bodies = collections.Counter(), collections.defaultdict(set)
        path = self.folder + "/slack/requests.jsonl"
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    request = json.loads(line)
                    if request["status"] != 200:
                        sys.exit(f"the strict double refused: {request['answer']} {request['why']}")
                    name = re.search(r"digest ([A-Za-z0-9.]+) ", request["body"]).group(1)
                    counts["slack", name, ""] += 1
                    bodies["slack", name].add(request["body"])
        for path in glob.glob(self.folder + "/smtp/*.json"):
            if path.endswith("script.json"):
                continue
            with open(path, encoding="utf-8") as file:
                mail = json.load(file)
            name = re.search(r"Message-ID:\s*<([^@]+)@", mail["data"]).group(1)
            for recipient in mail["recipients"]:
                counts["mail", name, recipient] += 1
            bodies["mail", name].add(mail["data"])
        return counts, bodies

    def snapshot(self):
        """Between two lives: what is recorded as sent must not be received again."""
        counts, _ = self.receipts()
        for key in self.query("SELECT receiver, digest, recipient FROM outbox WHERE state = 'sent'"):
            self.recorded.setdefault(tuple(key), counts[tuple(key)])

    def kill_many(self):
        every = max(1, self.options.kills // 100)
        for kill in range(self.options.kills):
            process = self.start()
            sender = Sender(self)
            sender.start()
            time.sleep(self.random.uniform(0.0, self.options.longest))
            process.kill()
            process.wait()
            sender.over.set()
            sender.join()
            if kill % every == 0:
                self.snapshot()
        self.snapshot()

    def finish(self):
        """One life to the end: all that was acknowledged is told, nothing waits."""
        process = self.start()
        deadline = time.monotonic() + 120 + self.options.kills
        told = {}
        while time.monotonic() < deadline:
            time.sleep(0.5)
            told = collections.Counter()
            for (model,) in self.query("SELECT model FROM digest"):
                digest = json.loads(model)
                told[digest["group"].get("rollout")] += digest["events"]
            waiting = self.query("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'")
            wanted = collections.Counter(self.acknowledged.values())
            if all(told[name] for name in wanted) and waiting == [(0,)]:
                break
        process.terminate()
        process.wait()
        self.slack.kill()
        self.smtp.kill()
        return told

    def report(self, told):
        groups = collections.Counter(self.acknowledged.values())
        undigested = sum(count for name, count in groups.items() if not told[name])
        counts, bodies = self.receipts()
        again = sum(counts[key] - seen for key, seen in self.recorded.items())
        other = sum(len(texts) > 1 for texts in bodies.values())
        states = dict(self.query("SELECT state, COUNT(*) FROM outbox GROUP BY state"))
        unsent = sum(
            1 for key in self.query(
                "SELECT receiver, digest, recipient FROM outbox WHERE state = 'sent'")
            if counts[tuple(key)] == 0)
        print(json.dumps({
            "kills": self.options.kills, "acknowledged_events": len(self.acknowledged),
            "groups": len(groups), "digests": self.query("SELECT COUNT(*) FROM digest")[0][0],
            "deliveries": states, "receipts": sum(counts.values()),
            "repeats": sum(count - 1 for count in counts.values()),
            "recorded_but_never_received": unsent,
            "undigested": undigested, "sent_again_after_recorded": again,
            "repeats_with_other_bytes": other, "waiting": states.get("waiting", 0),
        }, indent=1))
        return undigested or again or other or unsent or states.get("waiting", 0) or not groups


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bellwether", required=True, help="the executable")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--longest", type=float, default=1.0, help="seconds of a life at most")
    parser.add_argument("--seed", type=int, default=1)
    run = Run(parser.parse_args())
    run.kill_many()
    sys.exit(1 if run.report(run.finish()) else 0)


if __name__ == "__main__":
    main()
