"""Real nodes as supervised processes, and the callers of the gateways."""
import collections
import http.client
import json
import os
import select
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import threading
import time

from store import ACCESS, BUCKET, SECRET, free_port

NOTIFIER = """\
node: notifier
data_dir: {folder}/data
listen:
  address: "127.0.0.1:{port}"
  tls: {{certificate: {keys}/node.pem, key: {keys}/node.key}}
roles: [notifier]
auth:
  token_files:
    - {{path: {keys}/ingest, name: gateways, scopes: [ingest]}}
    - {{path: {keys}/admin, name: admin, scopes: [read, admin]}}
telemetry: {{log_level: info}}
bucket:
  url: s3://{bucket}/pair
  endpoint: "http://127.0.0.1:{link}"
  ship: 200ms
  credentials: {{access_key_file: {keys}/access, secret_key_file: {keys}/secret}}
ha: {{lease: {lease:g}s, advertise: "https://127.0.0.1:{relay}", bucket_away: {away}, ca_file: {keys}/ca.pem}}
log: {{segment_bytes: 2MiB}}
digest: {{first_after: 100ms, window: 500ms, max_window: 2s, repeat: {repeat}s, max_groups: 10000, silent_after: 0s, storm: {{groups: 0}}}}
receivers:
  - {{name: strict, kind: webhook, url: "http://127.0.0.1:{receiver}/{name}", retry_ceiling: 500ms}}
route: {{receiver: strict}}
"""
GATEWAY = """\
node: {name}
az: {zone}
data_dir: {folder}/data
listen:
  address: "127.0.0.1:{port}"
  tls: {{certificate: {keys}/node.pem, key: {keys}/node.key}}
  limits: {{measurements_per_second: 1000, measurements_burst: 1000}}
roles: [gateway]
auth: {{token_files: [{{path: {keys}/argo, name: argo, scopes: [analysis]}}]}}
telemetry: {{log_level: info}}
analysis:
  interval: 2s
  budget: 1500ms
  probes: [{{name: load, kind: http, url: "http://127.0.0.1:{receiver}/load/$rollout", fields: {{load.p95: /p95}}}}]
  checks: [{{id: load.p95, warn: 300, fail: 500, critical: true}}]
  concerns: {{}}
forward:
  to: [{to}]
  token_file: {keys}/ingest
  ca_file: {keys}/ca.pem
  timeout: 3s
  retry_ceiling: 1s
"""
# Seconds between the end of a process and the start of the next one.
RESTART = 0.3
FAULTS = (OSError, http.client.HTTPException)


class Keys:
    """Tokens, and one certificate for all nodes with its authority."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder)
        for name in ("ingest", "admin", "argo"):
            self.write(name, "bench-" + os.urandom(24).hex())
        self.write("access", ACCESS)
        self.write("secret", SECRET)
        new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-nodes", "-days", "30"]
        for command in (
                [*new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=bench"],
                [*new, "-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "node.key", "-out", "node.pem",
                 "-subj", "/CN=node", "-addext", "subjectAltName=IP:127.0.0.1",
                 "-addext", "basicConstraints=critical,CA:FALSE"]):
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
        self.context = ssl.create_default_context(cafile=folder + "/ca.pem")

    def write(self, name, text):
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text + "\n")

    def header(self, name):
        with open(f"{self.folder}/{name}", encoding="utf-8") as file:
            return {"Authorization": "Bearer " + file.read().strip()}


class Node:
    """A process that is started again whenever it ends, until `stop`."""

    def __init__(self, executable, name, folder, keys, config, **values):
        self.executable, self.name, self.keys = executable, name, keys
        self.folder, self.port = folder, values.get("port") or free_port()
        self.config = folder + "/bellwether.yaml"
        self.values = {**values, "name": name, "folder": folder, "port": self.port, "keys": keys.folder}
        os.makedirs(folder)
        self.configure(config)
        self.life = 0
        self.process = None
        self.over = False
        self.wipes, self.rest = False, RESTART
        # (time, life, exit status, whether the harness ended it)
        self.exits = []
        self.signalled = None
        # [from, to] of each time for which it was stopped.
        self.freezes = []
        self.lock = threading.Lock()
        self.output = open(folder + "/output.log", "a", encoding="utf-8")
        self.thread = threading.Thread(target=self.supervise, daemon=True)
        self.thread.start()

    def configure(self, config):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(config.format(**self.values))

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def supervise(self):
        while not self.over:
            with self.lock:
                if self.wipes:
                    shutil.rmtree(self.folder + "/data", ignore_errors=True)
                self.wipes, self.rest = False, RESTART
                self.life += 1
                self.signalled = None
                self.output.write(f"--- life {self.life} at {time.monotonic():.3f}\n")
                self.output.flush()
                self.process = subprocess.Popen(
                    [self.executable, "serve", "--config", self.config],
                    # A backtrace takes longer than the lease; SWIFT_BACKTRACE asks for one.
                    env={"SWIFT_BACKTRACE": "enable=no", **os.environ},
                    stdout=self.output, stderr=self.output)
            status = self.process.wait()
            with self.lock:
                self.exits.append((time.monotonic(), self.life, status, self.signalled))
                self.output.write(f"--- exit {status} at {time.monotonic():.3f}\n")
            time.sleep(self.rest)

    def send(self, number, wipes=False, rest=RESTART):
        """Signals the process. The next one starts `rest` seconds after its end, with `wipes` with an
        empty folder. Returns when the signal was sent."""
        with self.lock:
            self.rest = max(self.rest, rest)
            if number in (signal.SIGKILL, signal.SIGTERM):
                self.signalled = number
            self.wipes = self.wipes or wipes
            self.process.send_signal(number)
            moment = time.monotonic()
            if number == signal.SIGSTOP:
                self.freezes.append([moment, float("inf")])
            elif number == signal.SIGCONT and self.freezes:
                self.freezes[-1][1] = min(self.freezes[-1][1], moment)
            return moment

    def served(self, life):
        """Whether this process got as far as to serve."""
        with open(self.folder + "/output.log", encoding="utf-8", errors="replace") as file:
            _, _, text = file.read().partition(f"--- life {life} at ")
        return "bellwether serves on" in text.partition("--- exit ")[0]

    def was_frozen(self, moment, before=0.0):
        """Whether the process was stopped at this moment, or until `before` seconds ahead of it."""
        return any(start <= moment <= end + before for start, end in self.freezes)

    def stop(self, number=signal.SIGTERM):
        """Ends the process for good."""
        self.over = True
        if self.process.poll() is None:
            self.send(number)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
        self.thread.join()

    def ask(self, method, path, token=None, body=None, timeout=5, kind="application/json"):
        """Returns status and body; status 0 without an answer."""
        try:
            link = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=timeout, context=self.keys.context)
            headers = self.keys.header(token) if token else {}
            if body is not None:
                headers["Content-Type"] = kind
            link.request(method, path, body, headers)
            reply = link.getresponse()
            content = reply.read()
            link.close()
            return reply.status, content
        except FAULTS:
            return 0, b""


class Relay(socketserver.ThreadingTCPServer):
    """The way to a notifier's advertised address, which only the other notifier uses."""

    daemon_threads = True

    def __init__(self, port):
        super().__init__(("127.0.0.1", 0), Relayed)
        self.port, self.cut = port, False
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass


class Relayed(socketserver.BaseRequestHandler):
    def handle(self):
        if self.server.cut:
            return
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=5) as node:
            ends = {self.request: node, node: self.request}
            while not self.server.cut:
                readable, _, _ = select.select(list(ends), [], [], 0.1)
                for end in readable:
                    data = end.recv(65536)
                    if not data:
                        return
                    ends[end].sendall(data)


class Watch(threading.Thread):
    """Requests /readyz?role=leader of a notifier again and again."""

    def __init__(self, node, pause=0.025):
        super().__init__(daemon=True)
        self.node, self.pause = node, pause
        # (asked, answered, status) of each request; status 0 without an answer.
        self.samples = []
        self.start()

    def run(self):
        link = None
        while True:
            asked, status = time.monotonic(), 0
            try:
                if link is None:
                    link = http.client.HTTPSConnection(
                        "127.0.0.1", self.node.port, timeout=0.5, context=self.node.keys.context)
                link.request("GET", "/readyz?role=leader")
                reply = link.getresponse()
                reply.read()
                status = reply.status
            except FAULTS:
                if link:
                    link.close()
                link = None
            self.samples.append((asked, time.monotonic(), status))
            time.sleep(self.pause)

    @property
    def leads(self):
        return bool(self.samples) and self.samples[-1][2] == 200

    def first_after(self, moment):
        """When the first 200 arrived that was asked after `moment`; None if none has."""
        first = None
        for asked, answered, status in reversed(self.samples):
            if asked < moment:
                break
            if status == 200:
                first = answered
        return first


class Caller(threading.Thread):
    """Measures rollouts on a gateway as Argo does. Each fails for some attempts, recovers by two
    healthy ones, and is followed by the next. An answer 200 acknowledges the event that it names."""

    class Run:
        def __init__(self, name, failures):
            self.name, self.failures, self.recoveries, self.measured = name, failures, 2, 0.0

    def __init__(self, gateway, receiver, random, pause, width=4):
        super().__init__(daemon=True)
        self.gateway, self.receiver, self.random, self.pause = gateway, receiver, random, pause
        self.over = threading.Event()
        # Event id → rollout.
        self.acknowledged = {}
        self.statuses = collections.Counter()
        self.count = 0
        self.open = collections.deque(self.another() for _ in range(width))
        self.link = None
        self.start()

    def another(self):
        self.count += 1
        name = f"{self.gateway.name}-{self.count}"
        self.receiver.failing.add(name)
        return self.Run(name, self.random.randint(2, 6))

    def run(self):
        while self.open:
            run = self.open.popleft()
            if self.over.is_set():
                if not run.measured:
                    continue
                run.failures = 0
            # A repeat within half of the interval would be answered with the same event.
            time.sleep(max(self.pause, run.measured + 1.1 - time.monotonic()))
            if run.failures == 0:
                self.receiver.failing.discard(run.name)
            status = self.measure(run)
            if status == "unhealthy" and run.failures:
                run.failures -= 1
            elif status == "healthy" and not run.failures:
                run.recoveries -= 1
            self.open.append(run if run.recoveries else self.another())

    def measure(self, run):
        """Returns the verdict's status; None without one."""
        header = {**self.gateway.keys.header("argo"), "Content-Type": "application/json"}
        body = json.dumps({"rollout": run.name, "namespace": "prod", "revision": "1"})
        try:
            if self.link is None:
                self.link = http.client.HTTPSConnection(
                    "127.0.0.1", self.gateway.port, timeout=15, context=self.gateway.keys.context)
            self.link.request("POST", "/rollouts/analysis", body, header)
            reply = self.link.getresponse()
            answer = json.loads(reply.read())
        except FAULTS:
            self.statuses["no answer"] += 1
            self.link = None
            return None
        run.measured = time.monotonic()
        self.statuses[f"{reply.status} {answer.get('status')}"] += 1
        if reply.status != 200:
            self.link = None
            return None
        self.acknowledged[answer["event"]] = run.name
        return answer["status"]

    def end(self):
        """Lets the rollouts that have begun recover."""
        self.over.set()
        self.join(120)


def alert(name):
    return "/v1/hooks/alertmanager", "application/json", {"version": "4", "status": "firing", "alerts": [{
        "status": "firing", "fingerprint": name, "annotations": {},
        "labels": {"alertname": name, "namespace": "hooks", "rollout": name},
        "startsAt": "2026-01-01T00:00:00Z"}]}


def line(name):
    return "/v1/events", "application/x-ndjson", {
        "ts": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "level": "info",
        "event": "bench.direct", "id": name, "alert": name}


def cloud_event(name):
    return "/v1/events", "application/cloudevents+json", {
        "specversion": "1.0", "id": name, "source": "bench", "type": "bench.direct",
        "data": {"level": "info", "alert": name}}


def log_record(name):
    record = {"eventName": "bench.direct", "attributes": [
        {"key": "alert", "value": {"stringValue": name}}]}
    return "/v1/logs", "application/json", {
        "resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}


def posted(event):
    """The name that a stored event has from one of these; None for other events."""
    if event["event"] not in ("alert.firing", "bench.direct"):
        return None
    places = event, event.get("data", {}), event.get("attributes", {})
    return next((place["alert"] for place in places if "alert" in place), None)


class Hooks(threading.Thread):
    """Posts to the notifiers as those do who keep no copy: alerts, lines, CloudEvents and log records
    in turn. Each is posted again until an answer 200, which acknowledges it."""

    FORMS = (alert, line, cloud_event, log_record)

    def __init__(self, notifiers, pause):
        super().__init__(daemon=True)
        self.notifiers, self.pause = notifiers, pause
        self.over = threading.Event()
        self.acknowledged = set()
        self.statuses = collections.Counter()
        self.start()

    def run(self):
        number, place = 0, 0
        while not self.over.is_set():
            number += 1
            name = f"alert-{number}"
            path, kind, body = self.FORMS[number % len(self.FORMS)](name)
            # The same bytes each time: then it is stored once.
            body = json.dumps(body)
            while not self.over.is_set():
                status, _ = self.notifiers[place].ask(
                    "POST", path, "ingest", body, timeout=10, kind=kind)
                self.statuses[status] += 1
                if status == 200:
                    self.acknowledged.add(name)
                    break
                place = 1 - place
                time.sleep(0.2)
            self.over.wait(self.pause)


def notifier(executable, name, folder, keys, link, receiver, lease, away, repeat):
    port = free_port()
    relay = Relay(port)
    node = Node(
        executable, name, folder, keys, NOTIFIER, port=port, relay=relay.server_address[1],
        link=link.server_port, bucket=BUCKET, receiver=receiver.server_port, lease=lease, away=away,
        repeat=repeat)
    node.relay = relay
    return node


def gateway(executable, number, folder, keys, receiver, notifiers):
    return Node(
        executable, f"gw-{number}", folder, keys, GATEWAY, zone="abcd"[number % 4],
        receiver=receiver.server_port, to=", ".join(f'"{one.url}"' for one in notifiers))
