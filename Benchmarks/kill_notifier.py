#!/usr/bin/env python3
"""Kills a notifier repeatedly with SIGKILL while it receives events and sends digests to a
strict Slack double and an SMTP server, which record everything.

Each kill aims at one phase: start-up, ingest (a request is unanswered), the open window, its
closing, sending (the receiver has the digest and has not answered), recording (the answer is
on its way or has arrived, and is not durable yet). Afterwards the phase that was hit is
determined from the times of both doubles and from the state file, and printed as a
histogram; one kill may hit several phases. Then these are counted:

  undigested   lines of the log that no digest counts, exactly, group by group
  sent again   receipts of a digest after its delivery was recorded as sent
  other bytes  repeats of a digest that differ from the first

All three must be 0. With --poison N, N of the lines crash the reader of the digests (use
PoisonDriver as the executable): each of these must be set aside once and reported by one
notice, and no other line. With --forget N, the state file is deleted after every Nth kill, and
once more at the end, where the rebuilt one must have the same digests and deliveries. Needs the package aiosmtpd for the SMTP double.
"""
import argparse
import collections
import datetime
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time

DOUBLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Tests/TestSupport/Doubles")
FIRST_AFTER, WINDOW, ANSWER = 0.05, 0.2, 0.03
CONFIG = """\
node: notifier
data_dir: {folder}/data
listen: {{address: "127.0.0.1:{port}"}}
roles: [notifier]
telemetry: {{log_level: error}}
digest: {{first_after: 50ms, window: 200ms, max_window: 1s, repeat: 7d, max_groups: 10000, storm: {{groups: 0}}}}
receivers:
  - {{name: slack, kind: slack, url: "http://127.0.0.1:{slack}/services/T0/B0/sekretKey", retry_ceiling: 200ms}}
  - {{name: mail, kind: smtp, url: "smtp://127.0.0.1:{smtp}", tls: none, from: "b@example.com", to: [a@example.com, c@example.com], retry_ceiling: 200ms}}
"""
PHASES = ["start-up", "ingest", "window open", "closing", "sending", "recording", "none of these"]
# The phases that kills aim at, with their weights.
AIMS = [("start-up", 10), ("ingest", 20), ("window open", 10), ("closing", 25), ("sending", 35)]


def now():
    return time.monotonic()


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


class Group:
    """A rollout that fails for a few lives and then recovers."""

    def __init__(self, number):
        self.name = f"shop-{number}"
        self.lines = 0
        self.recovering = 0
        # Lines that crash the reader; each is reported by one notice.
        self.poison = 0
        self.made_at = None
        # When its first window is due, and that of its recovery, after the acknowledgement.
        self.first_due = None
        self.recovery_due = None

    def batch(self, ends):
        """Five failing verdicts; at the end of the group, two healthy ones of each zone."""
        self.recovering += 1 if ends or self.recovering else 0
        status = "healthy" if self.recovering else "unhealthy"
        self.made_at, stamp = now(), time.time()
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(stamp)) + f".{int(stamp * 1000) % 1000:03}Z"
        lines = []
        for n in range(4 if self.recovering else 5):
            self.lines += 1
            zone = "ab"[n % 2]
            lines.append({
                "ts": at, "id": f"{self.name}-{self.lines}", "event": "analysis." + status,
                "level": "error" if status == "unhealthy" else "info", "node": "gw-" + zone,
                "az": zone, "namespace": "prod", "rollout": self.name, "revision": "1",
                "status": status, "attempt": self.lines})
        return lines

    def poisoned(self, line):
        """A copy of the line, in the same group, that crashes the reader of the digests."""
        self.poison += 1
        return {**line, "id": f"{self.name}-poison-{self.poison}", "status": "unhealthy",
                "event": "analysis.unhealthy", "level": "error", "message": "poison-digest"}


class Sender(threading.Thread):
    """Posts verdicts while the node accepts them. Lines that were not acknowledged are sent
    again to the next process, with the same ids."""

    def __init__(self, run, pause):
        super().__init__(daemon=True)
        self.run_of, self.pause, self.over = run, pause, threading.Event()
        self.ready_at = None
        self.asked_at = self.answered_at = 0.0
        self.acknowledged = threading.Event()

    def run(self):
        run, link = self.run_of, None
        while not self.over.is_set():
            try:
                if link is None:
                    link = http.client.HTTPSConnection(
                        "127.0.0.1", run.port, timeout=20, context=run.tls)
                    link.connect()
                lines = run.unsent or run.next_batch()
                body = "".join(json.dumps(line) + "\n" for line in lines).encode()
                run.unsent = lines
                self.asked_at = now()
                link.request("POST", "/v1/events", body, {
                    "Authorization": "Bearer " + run.token(),
                    "Content-Type": "application/x-ndjson"})
                answer = link.getresponse()
                answer.read()
                self.answered_at = now()
                if answer.status == 200:
                    self.ready_at = self.ready_at or self.answered_at
                    run.took(lines, self.answered_at)
                    self.acknowledged.set()
                self.over.wait(self.pause)
            except (OSError, http.client.HTTPException):
                link = None
                self.over.wait(0.005)


class Run:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.folder = tempfile.mkdtemp(prefix="bellwether-kill-")
        slow = ("--slow", str(ANSWER))
        self.slack, slack = double(
            "slack_double.py", self.folder + "/slack", "--key", "sekretKey", *slow)
        self.smtp, smtp = double(
            "smtp_double.py", self.folder + "/smtp", "--security", "none", "--username", "",
            "--password", "", *slow)
        self.port = free_port()
        self.config = self.folder + "/bellwether.yaml"
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(folder=self.folder, port=self.port, slack=slack, smtp=smtp))
        self.tls = ssl._create_unverified_context()
        self.groups = [Group(1)]
        self.unsent = None
        self.ends_next = False
        self.acknowledged = set()
        # (receiver, digest, recipient) → [received, answered] of each receipt, in seconds.
        self.receipts = collections.defaultdict(list)
        self.bodies = collections.defaultdict(set)
        self.slack_read = self.mail_read = 0
        self.slack_names = []
        self.mail_names = []
        self.recorded = {}
        # The wall clock at 0 of the monotonic clock.
        self.epoch = time.time() - now()
        self.hits = collections.Counter()
        self.starts = []
        self.poison = 0
        self.killed = 0
        self.crashes = 0
        self.rebuilt = []

    # MARK: Sending events

    def next_batch(self):
        group = self.groups[-1]
        if group.recovering:
            group = Group(len(self.groups) + 1)
            self.groups.append(group)
        ends = self.ends_next and group.lines > 0
        if ends:
            self.ends_next = False
        lines = group.batch(ends)
        # Evenly over the kills: another such line while the previous one is still being located
        # would only add to the same restarts.
        if self.poison < self.options.poison * self.killed / max(1, self.options.kills):
            self.poison += 1
            place = self.random.randrange(len(lines) + 1)
            lines.insert(place, group.poisoned(lines[0]))
        return lines

    def took(self, lines, at):
        self.unsent = None
        self.acknowledged.update(line["id"] for line in lines)
        group = self.groups[-1]
        due = max(at, group.made_at + FIRST_AFTER)
        group.first_due = group.first_due or due
        if group.recovering:
            group.recovery_due = due

    def token(self):
        with open(self.folder + "/data/tokens/ingest", encoding="utf-8") as file:
            return file.read().strip()

    def start(self):
        return subprocess.Popen(
            [self.options.bellwether, "serve", "--config", self.config],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            # A backtrace takes seconds, and the crashes are intended.
            env={**os.environ, "SWIFT_BACKTRACE": "enable=no"})

    # MARK: Observing

    def query(self, *questions):
        """Queries a copy of the state file, so that the next process finds it unchanged."""
        state, copy = self.folder + "/data/state.sqlite", self.folder + "/copy"
        if not os.path.exists(state):
            return [[] for _ in questions]
        shutil.rmtree(copy, ignore_errors=True)
        os.makedirs(copy)
        for name in ("state.sqlite", "state.sqlite-wal"):
            if os.path.exists(self.folder + "/data/" + name):
                shutil.copyfile(self.folder + "/data/" + name, copy + "/" + name)
        link = sqlite3.connect(copy + "/state.sqlite", timeout=10)
        try:
            return [link.execute(sql).fetchall() for sql in questions]
        except sqlite3.OperationalError:
            return [[] for _ in questions]
        finally:
            link.close()

    def read_receipts(self):
        """Reads what the doubles have recorded since the last call."""
        path = self.folder + "/slack/requests.jsonl"
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                file.seek(self.slack_read)
                for line in file:
                    request = json.loads(line)
                    if request["status"] != 200:
                        sys.exit(f"the strict double refused: {request['answer']} {request['why']}")
                    name = re.search(r"digest ([a-z][0-9a-f]+\.\d+) ", request["body"]).group(1)
                    self.slack_names.append([request["received_ms"] / 1000, float("inf")])
                    self.receipts["slack", name, ""].append(self.slack_names[-1])
                    self.bodies["slack", name].add(request["body"])
                    self.slack_read += len(line.encode())
        while os.path.exists(path := f"{self.folder}/smtp/{self.mail_read:04}.json"):
            with open(path, encoding="utf-8") as file:
                mail = json.load(file)
            name = re.search(r"Message-ID:\s*<([^@]+)@", mail["data"]).group(1)
            self.mail_names.append([mail["received_ms"] / 1000, float("inf")])
            for recipient in mail["recipients"]:
                self.receipts["mail", name, recipient].append(self.mail_names[-1])
            self.bodies["mail", name].add(mail["data"])
            self.mail_read += 1
        for folder, spans in (("slack", self.slack_names), ("smtp", self.mail_names)):
            path = f"{self.folder}/{folder}/answers.txt"
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    for line in file:
                        index, at = line.split()
                        if int(index) < len(spans):
                            spans[int(index)][1] = int(at) / 1000

    # MARK: Killing

    @staticmethod
    def wait_for(holds, seconds):
        end = now() + seconds
        while now() < end and not holds():
            time.sleep(0.0005)

    def received(self):
        """Whether a double has received a request since the last read_receipts()."""
        path = self.folder + "/slack/requests.jsonl"
        slack = os.path.getsize(path) if os.path.exists(path) else 0
        mails = os.path.exists(f"{self.folder}/smtp/{self.mail_read:04}.json")
        return slack > self.slack_read or mails

    def one_life(self, aim):
        process, began = self.start(), now()
        sender = Sender(self, self.random.uniform(0.005, 0.03))
        sender.start()
        usual = statistics.median(self.starts[-20:]) if self.starts else 2.0
        if aim == "start-up":
            time.sleep(self.random.uniform(0.0, usual))
        else:
            # A line that crashes the reader may end the process before it is ready.
            self.wait_for(lambda: sender.ready_at or process.poll() is not None, 60)
            if sender.ready_at:
                self.starts.append(sender.ready_at - began)
            time.sleep(self.random.uniform(0.0, self.options.longest))
        if aim == "ingest":
            asked = sender.asked_at
            self.wait_for(lambda: sender.asked_at > asked, 2)
            time.sleep(self.random.uniform(0.0, 0.004))
        elif aim == "closing":
            # A recovery and the group after it open windows; aim at the end of one of these.
            self.ends_next = True
            known = self.groups[-1]
            self.wait_for(lambda: known.recovery_due, 2)
            due = known.recovery_due
            if self.random.random() < 0.6:
                self.wait_for(lambda: self.groups[-1] is not known and self.groups[-1].first_due, 2)
                due = self.groups[-1].first_due
            time.sleep(max(0, (due or 0) + self.random.uniform(-0.005, 0.02) - now()))
        elif aim == "sending":
            self.read_receipts()
            self.ends_next = True
            self.wait_for(self.received, 3)
            time.sleep(self.random.uniform(0.0, ANSWER + 0.015))
        process.kill()
        killed = now()
        if process.wait() != -signal.SIGKILL:
            self.crashes += 1
        sender.over.set()
        sender.join()
        return sender, killed

    def phases(self, sender, killed):
        """The phases that the kill hit, from the times of the doubles and the state file."""
        time.sleep(0.01)
        self.read_receipts()
        sent, digests = self.query(
            "SELECT receiver, digest, recipient FROM outbox WHERE state = 'sent'",
            "SELECT kind, model FROM digest")
        sent = {tuple(key) for key in sent}
        for key in sent:
            self.recorded.setdefault(key, len(self.receipts[key]))
        if sender.ready_at is None or sender.ready_at > killed:
            return ["start-up"]
        hit = set()
        if sender.asked_at > sender.answered_at:
            hit.add("ingest")
        for key, spans in self.receipts.items():
            received, answered = spans[-1]
            if key not in sent and killed - 2 < received <= killed:
                hit.add("sending" if answered > killed else "recording")
        told = collections.defaultdict(list)
        for kind, model in digests:
            digest = json.loads(model)
            said = datetime.datetime.fromisoformat(digest["composed"].replace("Z", "+00:00"))
            told[digest["group"].get("rollout")].append((kind, said.timestamp() - self.epoch))
        for group in self.groups[-3:]:
            said = told[group.name]
            if group.first_due is None or any(kind == "recovered" for kind, _ in said):
                continue
            if not said:
                hit.add("closing" if killed >= group.first_due else "window open")
            elif group.recovery_due:
                due = max(group.recovery_due, said[-1][1] + WINDOW)
                hit.add("closing" if killed >= due else "window open")
        return hit or ["none of these"]

    def kill_many(self):
        names, weights = zip(*AIMS)
        for kill in range(self.options.kills):
            self.killed = kill
            aim = self.random.choices(names, weights)[0]
            for phase in self.phases(*self.one_life(aim)):
                self.hits[phase] += 1
            if (kill + 1) % 100 == 0:
                print(f"{kill + 1} kills, {len(self.acknowledged)} events", file=sys.stderr, flush=True)

            if self.options.forget and (kill + 1) % self.options.forget == 0:
                self.forget()

    def forget(self):
        """Deletes the state file: the log has everything that was decided."""
        for name in ("state.sqlite", "state.sqlite-wal", "state.sqlite-shm"):
            if os.path.exists(path := self.folder + "/data/" + name):
                os.remove(path)

    def decided(self):
        return self.query(
            "SELECT id, thread, subject, kind, group_key, composed_ms, model, slack, text, html, "
            "slack_reply FROM digest ORDER BY id",
            "SELECT digest, receiver, recipient, state, settled_ms, answer, mark FROM outbox "
            "ORDER BY digest, receiver, recipient",
            "SELECT key, state FROM digest_group WHERE key <> 'shared' ORDER BY key")

    def is_live(self):
        try:
            link = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=5, context=self.tls)
            link.request("GET", "/livez")
            return link.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False

    def rebuild(self):
        """Deletes the state file of the stopped node; returns which tables a start rebuilds otherwise."""
        before = self.decided()
        self.forget()
        process = self.start()
        self.wait_for(self.is_live, 60)
        process.terminate()
        process.wait()
        names = ("digest", "outbox", "digest_group")
        return [
            (name, len(old), len(new), [row for row in old if row not in new][:2])
            for name, old, new in zip(names, before, self.decided()) if old != new]

    # MARK: Counting

    def told(self):
        told = collections.Counter()
        (models,) = self.query("SELECT model FROM digest")
        for (model,) in models:
            digest = json.loads(model)
            told[digest["group"].get("rollout")] += digest["events"]
        return told

    def supervised(self):
        """Starts the node, and restarts it whenever it ends, until `over`."""
        def run():
            while not self.over:
                process = self.start()
                while process.poll() is None and not self.over:
                    time.sleep(0.01)
                if process.poll() is None:
                    process.terminate()
                    process.wait()
                else:
                    self.crashes += 1
        self.over = False
        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def set_aside(self):
        """The ids of the lines that are kept in quarantine/; a kill may leave one there twice."""
        path = self.folder + "/data/quarantine/lines.jsonl"
        if not os.path.exists(path):
            return set()
        with open(path, encoding="utf-8") as file:
            return {json.loads(json.loads(line)["line"])["id"] for line in file}

    def finish(self):
        """Runs without kills until the last group recovers and everything is delivered."""
        process = self.supervised()
        sender = Sender(self, 0.05)
        sender.start()
        self.wait_for(lambda: sender.ready_at, 60)
        self.ends_next = True
        last = self.groups[-1]
        self.wait_for(lambda: last.recovery_due or self.groups[-1] is not last, 30)
        while self.groups[-1].recovering == 0 or self.unsent:
            self.ends_next = True
            time.sleep(0.001)
        sender.over.set()
        sender.join()
        deadline = now() + 120 + self.options.kills
        while now() < deadline:
            time.sleep(0.5)
            # In this order: a digest and its deliveries are stored together.
            told = self.told()
            ((waiting,),), = self.query("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'")
            if waiting == 0 and all(
                    told[group.name] >= group.lines + group.poison for group in self.groups):
                break
        self.over = True
        process.join()

    def report(self):
        self.read_receipts()
        told = self.told()
        lines = sum(group.lines for group in self.groups)
        wrong = {group.name: (told[group.name], group.lines + group.poison)
                 for group in self.groups if told[group.name] != group.lines + group.poison}
        aside = sorted(self.set_aside())
        poison = sorted(f"{group.name}-poison-{n + 1}" for group in self.groups
                        for n in range(group.poison))
        counts = {key: len(spans) for key, spans in self.receipts.items()}
        again = sum(counts.get(key, 0) - seen for key, seen in self.recorded.items())
        other = sum(len(texts) > 1 for texts in self.bodies.values())
        states, sent, digests = self.query(
            "SELECT state, COUNT(*) FROM outbox GROUP BY state",
            "SELECT receiver, digest, recipient FROM outbox WHERE state = 'sent'",
            "SELECT COUNT(*) FROM digest")
        states = dict(states)
        unsent = sum(counts.get(tuple(key), 0) == 0 for key in sent)
        for phase in PHASES:
            count = self.hits[phase]
            print(f"{phase:14} {count:6} {'#' * round(60 * count / max(self.hits.values()))}")
        print(json.dumps({
            "kills": self.options.kills,
            "start_up_ms_p50": round(statistics.median(self.starts or [0]) * 1000),
            "events": lines, "acknowledged": len(self.acknowledged), "groups": len(self.groups),
            "digests": digests[0][0], "deliveries": states, "receipts": sum(counts.values()),
            "repeats": sum(count - 1 for count in counts.values()),
            "undigested": sum(max(0, want - got) for got, want in wrong.values()),
            "digested_twice": sum(max(0, got - want) for got, want in wrong.values()),
            "sent_again_after_recorded": again, "repeats_with_other_bytes": other,
            "recorded_but_never_received": unsent, "waiting": states.get("waiting", 0),
            "dead": states.get("dead", 0), "crashes": self.crashes,
            "poison_lines": len(poison), "set_aside": len(aside),
            "sound_lines_set_aside": sum("poison" not in name for name in aside),
        }, indent=1))
        if wrong:
            print("digested and written:", dict(list(wrong.items())[:10]))
        if aside != poison:
            print("set aside:", aside, "poison:", poison)
        if self.rebuilt:
            print("rebuilt otherwise:", self.rebuilt)
        return self.rebuilt or aside != poison or wrong or again or other or unsent or states.get("waiting", 0) \
            or states.get("dead", 0) or not sent


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bellwether", required=True, help="the executable")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument(
        "--longest", type=float, default=0.4, help="maximum seconds before a kill aims")
    parser.add_argument("--poison", type=int, default=0, help="number of lines that crash the digests' reader")
    parser.add_argument("--forget", type=int, default=0, help="delete the state file after every Nth kill")
    parser.add_argument("--seed", type=int, default=1)
    run = Run(parser.parse_args())
    try:
        run.kill_many()
        run.finish()
        if run.options.forget:
            run.rebuilt = run.rebuild()
        failed = run.report()
    finally:
        run.slack.kill()
        run.smtp.kill()
    if failed:
        print("kept:", run.folder)
    else:
        shutil.rmtree(run.folder, ignore_errors=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
