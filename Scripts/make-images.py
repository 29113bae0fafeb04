#!/usr/bin/env python3
"""Makes the PNG pictures of the documentation from the running product.

    python3 Scripts/make-images.py [EXECUTABLE]
    python3 Scripts/make-images.py --check

Starts three gateways and a notifier, measures a failing canary through their
endpoints, and photographs with Chromium what the notifier sends (Slack message,
mail) and shows (status page, one attempt). The Slack picture is the message's
blocks, drawn as Slack's client draws them. Needs the packages aiosmtpd and
Pillow of PyPI, chromedriver, and the fonts Lato and Noto Color Emoji. Takes
about two minutes. The SVG pictures are made by diagrams.py.

--check needs nothing but Python: it fails if what the pictures show has changed
since they were made. That is the code of the pages that they show, without its
comments, and such a digest as tests expect it.
"""

import email
import email.policy
import hashlib
import http.server
import io
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from drawing import Browser, free_port, mail_page, slack_page

TOP = pathlib.Path(__file__).resolve().parent.parent
IMAGES = TOP / "docs" / "images"
# A line with the SHA-256 of each source of the pictures.
SHOWN = IMAGES / "shown.sha256"
PAGES = [
    "AttemptPage", "DeliverySections", "Format", "HTML", "MetricChart", "OverviewPage", "PageShell", "RolloutBoard",
    "RolloutGrid", "StatusStyle",
]
INTERVAL = 10
# 5xx rate and p99 in ms of the canary before each attempt, by zone.
HEALTHY = [(0.002, 180), (0.002, 182), (0.003, 186), (0.002, 181), (0.002, 185), (0.003, 183), (0.002, 184)]
SCENE = {
    "eu-west-1a": [(0.002, 180), (0.003, 190), (0.006, 240), (0.009, 290), (0.013, 350), (0.017, 400), (0.021, 440)],
    "eu-west-1b": [(0.002, 178), (0.002, 184), (0.005, 225), (0.007, 260), (0.012, 310), (0.015, 345), (0.017, 372)],
    "us-east-1a": HEALTHY,
}
EDGES = [0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 1.0]


def shown():
    """The hashes of what decides how the pictures look."""
    sources = [TOP / f"Sources/Console/{name}.swift" for name in PAGES]
    # A digest of several zones, as the pictures show one.
    sources += [TOP / f"Tests/RenderingTests/Golden/many-azs.{kind}" for kind in ("slack.json", "html")]
    sources += [pathlib.Path(__file__).resolve(), TOP / "Scripts/drawing.py"]
    lines = []
    for source in sorted(sources):
        text = source.read_text(encoding="utf-8")
        if source.suffix == ".swift":
            text = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("//"))
        lines.append(f"{hashlib.sha256(text.encode()).hexdigest()}  {source.relative_to(TOP)}\n")
    return "".join(lines)


def check():
    """Exits with 1 if a source of the pictures has changed."""
    made = set(SHOWN.read_text().splitlines()) if SHOWN.exists() else set()
    changed = sorted({line.split("  ")[1] for line in made ^ set(shown().splitlines())})
    if changed:
        sys.exit("docs/images: taken before a change of " + ", ".join(changed)
                 + ": run Scripts/make-images.py, and look at the pictures")


class Traffic:
    """Counters of a canary and a stable version that grow with the time that passes."""

    def __init__(self):
        self.lock = threading.Lock()
        self.at = time.monotonic()
        self.canary = (0.002, 180)
        self.counts = {role: [0.0, 0.0, [0.0] * (len(EDGES) + 1)] for role in ("canary", "stable")}

    def advance(self):
        now = time.monotonic()
        passed, self.at = now - self.at, now
        for role, rate, behaviour in (("canary", 150, self.canary), ("stable", 1350, (0.002, 180))):
            errors, p99 = behaviour
            counts = self.counts[role]
            counts[0] += passed * rate * (1 - errors)
            counts[1] += passed * rate * errors
            for i, edge in enumerate(EDGES + [float("inf")]):
                share = 1 if edge == float("inf") else 1 - 0.01 ** (edge * 1000 / p99)
                counts[2][i] += passed * rate * share

    def set(self, canary):
        with self.lock:
            self.advance()
            self.canary = canary

    def page(self):
        with self.lock:
            self.advance()
            lines = ["# TYPE http_requests_total counter"]
            for role, (ok, failed, _) in self.counts.items():
                lines.append(f'http_requests_total{{role="{role}",code="200"}} {int(ok)}')
                lines.append(f'http_requests_total{{role="{role}",code="503"}} {int(failed)}')
            lines.append("# TYPE http_request_duration_seconds histogram")
            for role, (_, _, buckets) in self.counts.items():
                for edge, count in zip([str(e) for e in EDGES] + ["+Inf"], buckets):
                    lines.append(f'http_request_duration_seconds_bucket{{role="{role}",le="{edge}"}} {int(count)}')
                lines.append(f'http_request_duration_seconds_count{{role="{role}"}} {int(buckets[-1])}')
            return "\n".join(lines) + "\n"


def serve(answer):
    """Serves `answer(method, path, body) -> (status, type, bytes)` on a port of its own."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, kind, data = answer(self.command, self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


class Mails:
    def __init__(self):
        self.all = []

    async def handle_DATA(self, _server, _session, envelope):
        self.all.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"


class Node:
    def __init__(self, executable, folder, name, text):
        self.folder, self.name, self.port = folder / name, name, free_port()
        self.folder.mkdir()
        self.data = self.folder / "data"
        (self.folder / "bellwether.yaml").write_text(
            f"node: {name}\ndata_dir: {self.data}\nlisten: {{address: '127.0.0.1:{self.port}'}}\n" + text)
        self.executable = executable
        self.log = open(self.folder / "stderr", "w")
        self.process = subprocess.Popen(
            [executable, "serve", "--config", "bellwether.yaml"], cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.url = f"https://127.0.0.1:{self.port}"

    def ready(self):
        for _ in range(300):
            try:
                self.call("/readyz")
                return
            except (OSError, urllib.error.URLError):
                time.sleep(0.1)
        sys.exit(f"{self.name} is not ready: {(self.folder / 'stderr').read_text()[-2000:]}")

    def token(self, scope):
        return (self.data / "tokens" / scope).read_text().strip()

    def call(self, path, body=None, scope=None, kind="application/json"):
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        request = urllib.request.Request(self.url + path, data=body, headers={"Content-Type": kind})
        if scope:
            request.add_header("Authorization", "Bearer " + self.token(scope))
        with urllib.request.urlopen(request, context=trust, timeout=15) as reply:
            return reply.read()

    def command(self, *words):
        return subprocess.run(
            [self.executable, *words], cwd=self.folder, check=True, capture_output=True, text=True,
            stdin=subprocess.DEVNULL).stdout


def save(name, png):
    from PIL import Image

    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    picture.save(IMAGES / name, optimize=True)
    print(f"{name}: {(IMAGES / name).stat().st_size // 1024} KB")


def main():
    if sys.argv[1:] == ["--check"]:
        check()
        return
    from aiosmtpd.controller import Controller

    executable = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / ".build/debug/bellwether").resolve())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bellwether-images-"))
    posts, mails = [], Mails()
    slack = serve(lambda _m, _p, body: (posts.append(json.loads(body)), (200, "text/plain", b"ok"))[1])
    smtp = Controller(mails, hostname="127.0.0.1", port=free_port())
    smtp.start()
    nodes = []
    try:
        play(executable, folder, nodes, posts, mails, slack, smtp.port)
        SHOWN.write_text(shown())
    finally:
        for node in nodes:
            node.process.send_signal(signal.SIGTERM)
        for node in nodes:
            node.process.wait()
        smtp.stop()
        shutil.rmtree(folder, ignore_errors=True)


def play(executable, folder, nodes, posts, mails, slack, smtp):
    notifier = Node(executable, folder, "notifier-1", f"""
az: eu-west-1a
roles: [notifier]
allow_inline_secrets: true
digest:
  first_after: {INTERVAL * 4 + 4}s
  runbook_url: "https://runbooks.example/{{rollout}}"
  status_url: "https://bellwether.example"
receivers:
  - {{name: kept, kind: file}}
  - {{name: oncall, kind: slack, url: "http://127.0.0.1:{slack}/services/T0/B0/none"}}
  - {{name: mail, kind: smtp, url: "smtp://127.0.0.1:{smtp}", tls: none, from: bellwether@shop.example, to: [oncall@shop.example]}}
route: {{receivers: [kept, oncall, mail]}}
""")
    nodes.append(notifier)
    notifier.ready()
    traffic = {}
    for name, zone in zip(("gw-a1", "gw-b1", "gw-c1"), SCENE):
        traffic[zone] = Traffic()
        page = serve(lambda _m, _p, _b, t=traffic[zone]: (200, "text/plain; version=0.0.4", t.page().encode()))
        secret = folder / "ingest"
        secret.write_text(notifier.token("ingest"))
        secret.chmod(0o600)
        nodes.append(Node(executable, folder, name, f"""
az: {zone}
roles: [gateway]
forward: {{to: "{notifier.url}", token_file: {secret}, ca_file: {notifier.data}/tls/certificate.pem}}
analysis:
  interval: {INTERVAL}s
  probes:
    - {{name: node, kind: disk, path: /, min_free_ratio: 0.001}}
    - {{name: canary, kind: prometheus, url: "http://127.0.0.1:{page}/metrics"}}
  checks:
    - {{id: canary.5xx_rate, warn: 0.005, fail: 0.01, critical: true, weight: 4}}
    - {{id: canary.p99_ms, warn: 300, fail: 500, weight: 4}}
    - {{id: gateway.disk_ok, weight: 2, nodata: warn}}
"""))
    gateways = dict(zip(SCENE, nodes[1:]))
    for gateway in gateways.values():
        gateway.ready()
    notifier.command("silence", "add", "rollout=batch-jobs", "--for", "2h", "--who", "ann", "--why", "moving the queue")
    # The rates of the first attempt need traffic before it.
    time.sleep(6)
    for attempt in range(7):
        started = time.monotonic()
        for zone, gateway in gateways.items():
            for rollout, revision, hash in (("payments-api", "67", "867588b79c"), ("cart-api", "41", "5b9f4d8c7d")):
                if rollout == "cart-api" and attempt > 1:
                    continue
                answer = json.loads(gateway.call("/rollouts/analysis", json.dumps({
                    "rollout": rollout, "namespace": "prod", "revision": revision, "canaryHash": hash,
                    "step": "2", "metric": "verdict", "count": "10", "failureLimit": "3"}).encode(), "analysis"))
                print(f"#{answer['attempt']['n']} {zone} {rollout}: {answer['summary' if 'summary' in answer else 'status']}")
            if attempt < 6:
                traffic[zone].set(SCENE[zone][attempt + 1])
        time.sleep(max(0, INTERVAL - (time.monotonic() - started)))
    for _ in range(600):
        if posts and mails.all:
            break
        time.sleep(0.1)
    else:
        sys.exit("no digest arrived")
    if os.environ.get("BELLWETHER_IMAGES_DUMP"):
        pathlib.Path(os.environ["BELLWETHER_IMAGES_DUMP"]).write_text(
            json.dumps({"slack": posts[0], "mail": mails.all[0].as_string()}, indent=1))
    take(notifier, gateways["eu-west-1a"], posts[0], mails.all[0], folder)


def take(notifier, gateway, post, mail, folder):
    browser = Browser(920, 700)
    try:
        slack = folder / "slack.html"
        slack.write_text(slack_page(post))
        browser.open(slack.as_uri())
        save("digest-slack.png", browser.picture(".frame"))
        page = folder / "mail.html"
        page.write_text(mail_page(mail))
        browser.open(page.as_uri())
        save("digest-mail.png", browser.picture(".frame"))

        token = notifier.token("read")
        browser.open(notifier.url + "/")
        browser.run(
            f"document.querySelector('#token').value = {json.dumps(token)};"
            "document.querySelector('.sign-in form, form.sign-in').requestSubmit()")
        wait(lambda: browser.run("return document.querySelectorAll('article.rollout').length") >= 2)
        # The sections behind the first rollout are left out: the picture shows the top of the page.
        browser.run(
            "const first = document.querySelector('article.rollout');"
            "document.body.style.height = first.getBoundingClientRect().bottom + scrollY + 16 + 'px';"
            "document.body.style.overflow = 'hidden'")
        save("status-page.png", browser.picture("body"))
        browser.open(browser.run(
            "return [...document.querySelector('article.rollout tbody tr').querySelectorAll('a')].pop().href"))
        save("attempt-page.png", browser.picture("body"))
    finally:
        browser.quit()


def wait(condition):
    for _ in range(100):
        if condition():
            return
        time.sleep(0.1)
    sys.exit("the page did not load")


if __name__ == "__main__":
    main()
