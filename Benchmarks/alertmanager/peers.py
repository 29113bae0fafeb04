"""Bellwether's notifier and Alertmanager as processes with their own folder and port,
behind one interface."""
import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time

from sinks import free_port

HERE = os.path.dirname(os.path.abspath(__file__))
MAIL = "a@example.com, bad@example.com, c@example.com"
GOOD_MAIL = "a@example.com"
OURS = """\
node: bench
data_dir: {folder}/data
listen: {{address: "127.0.0.1:{port}"}}
roles: [notifier]
telemetry: {{log_level: error}}
log: {{max_bytes: 64GiB, min_free: 0}}
digest: {{{digest}}}
receivers: [{receivers}]
"""
THEIRS = """\
global: {{resolve_timeout: 1h, smtp_smarthost: "127.0.0.1:{smtp}", smtp_from: b@example.com, smtp_require_tls: false}}
route: {{receiver: r, group_by: [namespace, rollout], group_wait: {wait}, group_interval: 5m, repeat_interval: 7d}}
receivers: [{{name: r{receivers}}}]
"""


class Peer:
    """One of the two processes.

    `wait` is how long a new group is held; `digest` replaces the digest settings of
    bellwether. Without receivers nothing is delivered."""

    def __init__(self, name, options, wait, slack=None, mail=None, digest=None, to=GOOD_MAIL):
        self.name, self.options, self.kept = name, options, None
        self.folder = tempfile.mkdtemp(prefix=f"bench-{name}-")
        self.port = free_port()
        hook = f"http://127.0.0.1:{slack.port if slack else 9}/"
        receivers = []
        if name == "bellwether":
            if slack or not mail:
                receivers.append(f'{{name: s, kind: slack, url: "{hook}"}}')
            if mail:
                receivers.append(
                    f'{{name: m, kind: smtp, url: "smtp://127.0.0.1:{mail.port}", tls: none,'
                    f" from: b@example.com, to: [{to}]}}")
            most = "1h" if wait.endswith("h") else "60s"
            text = OURS.format(
                folder=self.folder, port=self.port, receivers=", ".join(receivers),
                digest=digest or f"first_after: {wait}, window: 1s, max_window: {most}, "
                "repeat: 7d, max_groups: 10000, storm: {groups: 0}")
        else:
            if slack or not mail:
                receivers.append(f', slack_configs: [{{api_url: "{hook}", channel: "#x"}}]')
            if mail:
                receivers.append(f', email_configs: [{{to: "{to}"}}]')
            text = THEIRS.format(
                wait=wait, receivers="".join(receivers), smtp=mail.port if mail else 9)
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
        self.kept = None
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                link = self.link()
                link.request("GET", "/readyz" if self.name == "bellwether" else "/-/ready")
                if link.getresponse().status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        sys.exit(f"{self.name} does not serve: {open(self.folder + '/log').read()[-2000:]}")

    def link(self):
        if self.name == "bellwether":
            return http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=60, context=ssl._create_unverified_context())
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    @property
    def path(self):
        return "/v1/events" if self.name == "bellwether" else "/api/v2/alerts"

    def token(self, name="ingest"):
        with open(f"{self.folder}/data/tokens/{name}", encoding="utf-8") as file:
            return file.read().strip()

    def body(self, items):
        """A request body with a failure for each (rollout, id)."""
        if self.name != "bellwether":
            return json.dumps([{"labels": {
                "alertname": "CanaryUnhealthy", "namespace": "prod", "rollout": rollout,
                "id": name}} for rollout, name in items]).encode()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return "".join(json.dumps({
            "ts": stamp, "id": name, "event": "analysis.unhealthy", "level": "error",
            "node": "gw", "az": "a", "namespace": "prod", "rollout": rollout,
            "revision": "1", "status": "unhealthy"}) + "\n" for rollout, name in items).encode()

    def post(self, items):
        """Posts over a persistent connection, so that no handshake is measured."""
        body = self.body(items)
        headers = {"Content-Type": "application/json"}
        if self.name == "bellwether":
            headers = {"Authorization": "Bearer " + self.token()}
        self.kept = self.kept or self.link()
        try:
            self.kept.request("POST", self.path, body, headers)
            answer = self.kept.getresponse()
            answer.read()
        except http.client.RemoteDisconnected:
            self.kept = None
            return self.post(items)
        if answer.status != 200:
            raise OSError(answer.status)
        return None

    def fill(self, count, groups, seconds=0):
        """Sends `count` failures of `groups` groups, evenly over `seconds`; returns the
        start time."""
        began = time.monotonic()
        for start in range(0, count, 1000):
            time.sleep(max(0, began + seconds * start / count - time.monotonic()))
            self.post([(f"shop-{n % groups}", f"e{n}") for n in range(start, start + 1000)])
        return began

    def digests(self):
        """The digests of bellwether, as JSON."""
        link = self.link()
        link.request("GET", "/v1/digests?limit=1000", headers={
            "Authorization": "Bearer " + self.token("read")})
        return [entry["digest"] for entry in json.loads(link.getresponse().read())["digests"]]

    def memory(self, field):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) // 1024 for line in file if line.startswith(field))

    def wrk(self, lines, connections, seconds):
        """Measures with wrk: lines a second, p50 in ms, errors."""
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

    def stop(self, kill=False):
        (self.process.kill if kill else self.process.terminate)()
        self.process.wait()

    def close(self):
        self.stop(kill=True)
        shutil.rmtree(self.folder, ignore_errors=True)
