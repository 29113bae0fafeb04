#!/usr/bin/env python3
"""Bellwether's notifier and Alertmanager, one after the other on this machine;
see Benchmarks/alertmanager.sh. Prints one line a question."""
import argparse
import glob
import http.client
import http.server
import json
import os
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DOUBLES = os.path.join(HERE, "../../Tests/TestSupport/Doubles")
OURS = """\
node: bench
data_dir: {folder}/data
listen: {{address: "127.0.0.1:{port}"}}
roles: [notifier]
telemetry: {{log_level: error}}
digest: {{first_after: {wait}, window: 1s, max_window: {most}, repeat: 7d, max_groups: 10000}}
receivers: [{receiver}]
"""
THEIRS = """\
global: {{resolve_timeout: 1h, smtp_smarthost: "127.0.0.1:{smtp}", smtp_from: b@example.com, smtp_require_tls: false}}
route: {{receiver: r, group_by: [namespace, rollout], group_wait: {wait}, group_interval: 5m, repeat_interval: 7d}}
receivers: [{{name: r, {receiver}}}]
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sink(http.server.ThreadingHTTPServer):
    """A Slack webhook that notes when what came; `script` answers first."""
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self):
        self.seen, self.script = [], []
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                sink.seen.append((time.monotonic(), body))
                status, headers = sink.script.pop(0) if sink.script else (200, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Peer:
    """One of the two, with a folder and a port of its own."""

    def __init__(self, name, options, wait, sink=None, smtp=0):
        self.name, self.options = name, options
        self.folder = tempfile.mkdtemp(prefix=f"bench-{name}-")
        self.port = free_port()
        url = f"http://127.0.0.1:{sink.server_address[1]}/" if sink else "http://127.0.0.1:9/"
        if name == "bellwether":
            receiver = (
                f'{{name: m, kind: smtp, url: "smtp://127.0.0.1:{smtp}", tls: none, from: b@example.com,'
                " to: [a@example.com, bad@example.com, c@example.com]}" if smtp
                else f'{{name: s, kind: slack, url: "{url}"}}')
            text = OURS.format(folder=self.folder, port=self.port, wait=wait, receiver=receiver,
                               most="1h" if wait.endswith("h") else "60s")
        else:
            receiver = (
                'email_configs: [{to: "a@example.com, bad@example.com, c@example.com"}]' if smtp
                else f'slack_configs: [{{api_url: "{url}", channel: "#x"}}]')
            text = THEIRS.format(wait=wait, receiver=receiver, smtp=smtp or 9)
        with open(self.folder + "/config.yaml", "w", encoding="utf-8") as file:
            file.write(text)
        self.start()

    def start(self):
        config = self.folder + "/config.yaml"
        if self.name == "bellwether":
            command = [self.options.bellwether, "serve", "--config", config]
        else:
            command = [self.options.alertmanager, "--config.file", config, "--storage.path",
                       self.folder + "/am", "--web.listen-address", f"127.0.0.1:{self.port}",
                       "--cluster.listen-address", "", "--log.level", "error"]
        with open(self.folder + "/log", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                self.post(None)
                return
            except OSError:
                time.sleep(0.05)
        sys.exit(f"{self.name} does not serve: {open(self.folder + '/log').read()[-2000:]}")

    def link(self):
        if self.name == "bellwether":
            return http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=30, context=ssl._create_unverified_context())
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    @property
    def path(self):
        return "/v1/events" if self.name == "bellwether" else "/api/v2/alerts"

    def token(self):
        with open(self.folder + "/data/tokens/ingest", encoding="utf-8") as file:
            return file.read().strip()

    def post(self, items):
        """Posts (rollout, id) pairs in one body; None only looks whether it serves."""
        link = self.link()
        if items is None:
            link.request("GET", "/readyz" if self.name == "bellwether" else "/-/ready")
            if link.getresponse().status != 200:
                raise OSError
            return
        if self.name == "bellwether":
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            body = "".join(json.dumps({
                "ts": now, "id": name, "event": "analysis.unhealthy", "level": "error",
                "node": "gw", "az": "a", "namespace": "prod", "rollout": rollout,
                "revision": "1", "status": "unhealthy"}) + "\n" for rollout, name in items)
            headers = {"Authorization": "Bearer " + self.token()}
        else:
            body = json.dumps([{"labels": {
                "alertname": "CanaryUnhealthy", "namespace": "prod", "rollout": rollout,
                "id": name}} for rollout, name in items])
            headers = {"Content-Type": "application/json"}
        link.request("POST", self.path, body.encode(), headers)
        status = link.getresponse().status
        if status != 200:
            raise OSError(status)

    def memory(self, field):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) // 1024 for line in file if line.startswith(field))

    def wrk(self, lines, connections, seconds):
        scheme = "https" if self.name == "bellwether" else "http"
        environment = dict(
            os.environ, LINES_PER_BODY=str(lines), PEER=self.name, STAMP=str(time.time_ns()),
            TOKEN=self.token() if self.name == "bellwether" else "")
        out = subprocess.run(
            ["wrk", f"-t{min(2, connections)}", f"-c{connections}", f"-d{seconds}s", "--latency",
             "-s", HERE + "/post.lua", f"{scheme}://127.0.0.1:{self.port}{self.path}"],
            env=environment, capture_output=True, text=True, check=False).stdout
        words = next(line for line in out.splitlines() if line.startswith("RESULT")).split()
        return float(words[1]), float(words[2]), int(words[3])

    def fill(self, count, groups):
        for start in range(0, count, 1000):
            self.post([(f"shop-{n % groups}", f"e{n}") for n in range(start, start + 1000)])

    def stop(self, kill=False):
        (self.process.kill if kill else self.process.terminate)()
        self.process.wait()

    def close(self):
        self.stop(kill=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def mail_server(script):
    folder = tempfile.mkdtemp(prefix="bench-smtp-")
    with open(folder + "/script.json", "w", encoding="utf-8") as file:
        json.dump(script, file)
    process = subprocess.Popen(
        [sys.executable, DOUBLES + "/smtp_double.py", "--folder", folder, "--security", "none",
         "--username", "", "--password", ""], stdout=subprocess.PIPE, text=True)
    return process, int(process.stdout.readline()), folder


def until(holds, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not holds():
        time.sleep(0.05)
    return holds()


def ingest(name, options):
    found = {}
    for lines, connections in [(1, 1), (1, 32), (100, 8), (1000, 4)]:
        peer = Peer(name, options, "1h")
        found[f"{lines}x{connections}"] = peer.wrk(lines, connections, options.seconds)
        peer.close()
    return found


def pending(name, options):
    peer = Peer(name, options, "1h")
    peer.fill(100_000, 1000)
    memory = peer.memory("VmRSS")
    peer.close()
    return memory


def latency(name, options):
    sink = Sink()
    peer = Peer(name, options, "0s", sink)
    took = []
    for n in range(12):
        before = len(sink.seen)
        start = time.monotonic()
        peer.post([(f"one-{n}", f"x{n}")])
        if until(lambda: len(sink.seen) > before, 20):
            took.append(sink.seen[before][0] - start)
        time.sleep(1.2)
    peer.close()
    return statistics.median(took) * 1000 if took else None


def killed(name, options):
    """Groups acknowledged while they wait, then SIGKILL: how many are never told."""
    sink = Sink()
    peer = Peer(name, options, "3s", sink)
    peer.post([(f"lost-{n}", f"k{n}") for n in range(10)])
    peer.stop(kill=True)
    peer.start()
    until(lambda: len(sink.seen) >= 10, 25)
    told = sum(any(f"lost-{n}".encode() in body for _, body in sink.seen) for n in range(10))
    peer.close()
    return 10 - told


def refused(name, options):
    """Seconds from a 429 with Retry-After: 2 to the next try."""
    sink = Sink()
    sink.script = [(429, {"Retry-After": "2"})]
    peer = Peer(name, options, "0s", sink)
    peer.post([("busy", "b")])
    again = until(lambda: len(sink.seen) >= 2, options.patience)
    peer.close()
    return sink.seen[1][0] - sink.seen[0][0] if again else None


def recipients(name, options):
    """Of two good recipients beside a refused one: who got it, in how many sessions."""
    server, port, folder = mail_server({"recipients": {"bad@example.com": ["550 5.1.1 unknown"]}})
    peer = Peer(name, options, "0s", smtp=port)
    peer.post([("mail", "m")])
    time.sleep(12)
    got = set()
    for path in glob.glob(folder + "/[0-9]*.json"):
        with open(path, encoding="utf-8") as file:
            got |= set(json.load(file)["recipients"])
    try:
        with open(folder + "/sessions.txt", encoding="utf-8") as file:
            sessions = len(set(file.read().split("\n")) - {""})
    except FileNotFoundError:
        sessions = 0
    peer.close()
    server.kill()
    return len(got), sessions


def storm(name, options):
    """100,000 events of one group: the mail's size in KB, the peak of memory in MiB."""
    server, port, folder = mail_server({})
    peer = Peer(name, options, "15s", smtp=port)
    peer.fill(100_000, 1)
    until(lambda: glob.glob(folder + "/[0-9]*.json"), 90)
    time.sleep(1)
    sizes = [os.path.getsize(path) // 1000 for path in glob.glob(folder + "/[0-9]*.json")]
    peak = peer.memory("VmHWM")
    peer.close()
    server.kill()
    return max(sizes, default=None), peak


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bellwether", required=True)
    parser.add_argument("--alertmanager", default="prometheus-alertmanager")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--patience", type=int, default=60)
    options = parser.parse_args()
    questions = [
        ("events/s, p50 ms, errors by lines x connections", ingest),
        ("RSS MiB at 100,000 pending", pending), ("event to receiver, ms p50", latency),
        ("groups lost on SIGKILL, of 10", killed),
        ("s from 429 Retry-After 2 to the next try", refused),
        ("good recipients reached of 2, sessions in 12 s", recipients),
        ("storm of 100,000: mail KB, peak RSS MiB", storm),
    ]
    for words, ask in questions:
        for name in ("bellwether", "alertmanager"):
            print(f"{words:48} {name:13} {ask(name, options)}", flush=True)


if __name__ == "__main__":
    main()
