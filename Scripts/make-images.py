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

import base64
import email
import email.policy
import hashlib
import html
import http.server
import io
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

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
    sources.append(pathlib.Path(__file__).resolve())
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


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


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


class Browser:
    """Chromium by the W3C WebDriver protocol."""

    def __init__(self, width, height):
        self.port = free_port()
        self.profile = tempfile.mkdtemp()
        self.driver = subprocess.Popen(
            ["chromedriver", f"--port={self.port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                break
            except OSError:
                time.sleep(0.1)
        arguments = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                     "--hide-scrollbars", "--force-color-profile=srgb", "--force-device-scale-factor=1.5",
                     f"--window-size={width},{height}", f"--user-data-dir={self.profile}"]
        made = self.send("POST", "/session", {"capabilities": {"alwaysMatch": {
            "acceptInsecureCerts": True, "goog:chromeOptions": {"args": arguments}}}})
        self.session = "/session/" + made["sessionId"]

    def send(self, method, path, value=None):
        data = json.dumps(value or {}).encode() if method == "POST" else None
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=data, method=method,
            headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.loads(reply.read())["value"]

    def open(self, url):
        self.send("POST", self.session + "/url", {"url": url})

    def run(self, script):
        return self.send("POST", self.session + "/execute/sync", {"script": script, "args": []})

    def shot(self, name, selector="body", margin=0):
        box = self.run(
            f"const r = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
            "return [r.left + scrollX, r.top + scrollY, r.width, r.height]")
        x, y, width, height = box
        clip = {"x": max(0, x - margin), "y": max(0, y - margin), "width": width + 2 * margin,
                "height": height + 2 * margin, "scale": 1}
        shot = self.send("POST", self.session + "/goog/cdp/execute", {
            "cmd": "Page.captureScreenshot",
            "params": {"captureBeyondViewport": True, "format": "png", "clip": clip}})
        save(name, base64.b64decode(shot["data"]))

    def quit(self):
        try:
            self.send("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait()
            shutil.rmtree(self.profile, ignore_errors=True)


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
        browser.shot("digest-slack.png", ".frame")
        page = folder / "mail.html"
        page.write_text(mail_page(mail))
        browser.open(page.as_uri())
        browser.shot("digest-mail.png", ".frame")

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
        browser.shot("status-page.png", "body")
        browser.open(browser.run(
            "return [...document.querySelector('article.rollout tbody tr').querySelectorAll('a')].pop().href"))
        browser.shot("attempt-page.png", "body")
    finally:
        browser.quit()


def wait(condition):
    for _ in range(100):
        if condition():
            return
        time.sleep(0.1)
    sys.exit("the page did not load")


STYLE = """
* { box-sizing: border-box } body { margin: 0; background: #fff }
.frame { font: 15px/1.46 Lato, 'Noto Color Emoji', sans-serif; color: #1d1c1d; background: #fff; padding: 14px 18px }
pre, code { font: 12px/1.5 'DejaVu Sans Mono', monospace }
"""


def slack_page(post):
    """Slack's blocks and attachments as HTML, in the way in which Slack's client shows them."""
    parts = blocks(post.get("blocks", []))
    for attachment in post.get("attachments", []):
        inner = blocks(attachment.get("blocks", []))
        buttons = "".join(f"<span class=button>{html.escape(a['text'])}</span>" for a in attachment.get("actions", []))
        parts.append(f"<div class=bar style='border-color:{attachment['color']}'>{''.join(inner)}{buttons}</div>")
    return page(parts)


def blocks(given):
    parts = []
    for block in given:
        if block["type"] == "header":
            parts.append(f"<h3>{html.escape(block['text']['text'])}</h3>")
        elif block["type"] == "section":
            texts = [block["text"]] if "text" in block else block["fields"]
            parts += [f"<div class=section>{mrkdwn(t['text'])}</div>" for t in texts]
        elif block["type"] == "context":
            parts.append(f"<div class=context>{' '.join(mrkdwn(e['text']) for e in block['elements'])}</div>")
        elif block["type"] == "divider":
            parts.append("<hr>")
        else:
            sys.exit(f"make-images.py cannot draw a block of type {block['type']}")
    return parts


def page(parts):
    return f"""<!DOCTYPE html><meta charset=utf-8><style>{STYLE}
    .frame {{ width: 760px; display: flex; gap: 10px; border: 1px solid #ddd; border-radius: 8px }}
    .icon {{ flex: none; width: 36px; height: 36px; border-radius: 6px; background: #1f4e79; color: #fff;
             font-weight: 900; font-size: 20px; display: grid; place-items: center }}
    .who b {{ font-weight: 900 }} .who i {{ font: 700 10px Lato; background: #e8e8e8; color: #616061;
              padding: 1px 3px; border-radius: 2px; margin: 0 6px; vertical-align: 1px }}
    .who span {{ color: #616061; font-size: 12px }}
    h3 {{ margin: 2px 0 6px; font-size: 18px; font-weight: 900 }}
    .section {{ margin: 0 0 8px }} .context {{ color: #616061; font-size: 12px }}
    pre {{ border: 1px solid #ddd; border-radius: 4px; background: #f8f8f8; padding: 8px; margin: 4px 0; white-space: pre-wrap }} .frame > div + div {{ min-width: 0 }}
    code {{ border: 1px solid #ddd; border-radius: 3px; background: #f8f8f8; color: #c01343; padding: 1px 3px }}
    a {{ color: #1264a3; text-decoration: none }}
    .bar {{ border-left: 4px solid; border-radius: 4px; padding: 2px 0 2px 12px; margin: 0 0 6px }}
    .button {{ display: inline-block; border: 1px solid #bbb; border-radius: 4px; padding: 3px 12px; margin: 2px 6px 2px 0;
               font-weight: 700; font-size: 13px }}
    </style><div class=frame><div class=icon>B</div><div><div class=who><b>Bellwether</b><i>APP</i><span>{time.strftime("%H:%M", time.gmtime())}</span></div>
    {''.join(parts)}</div></div>"""


def mrkdwn(text):
    """Slack's markup as HTML. The text's own <, > and & are already escaped in it."""
    pieces = re.split(r"(```.*?```)", text, flags=re.S)
    out = []
    for piece in pieces:
        if piece.startswith("```"):
            out.append(f"<pre>{piece[3:-3]}</pre>")
            continue
        # A time in the reader's zone; drawn as its fallback.
        piece = re.sub(r"<!date\^[^|<>]+\|([^<>]+)>", r"\1", piece)
        piece = re.sub(r"<([^|<>]+)\|([^<>]+)>", r"<a href='\1'>\2</a>", piece)
        piece = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", piece)
        piece = re.sub(r"(?<![\w*])\*([^*\n]+)\*", r"<b>\1</b>", piece)
        out.append(piece.strip("\n").replace("\n", "<br>").replace("  ", " &nbsp; "))
    return "".join(out)


def mail_page(mail):
    body = mail.get_body(("html",)).get_content()
    rows = "".join(
        f"<tr><th>{name}</th><td>{html.escape(mail[name])}</td></tr>" for name in ("From", "To", "Subject"))
    return f"""<!DOCTYPE html><meta charset=utf-8><style>{STYLE}
    .frame {{ width: 820px; padding: 0; border: 1px solid #ccc }}
    table.head {{ border-bottom: 1px solid #ccc; width: 100%; padding: 8px 14px; background: #f5f5f5; font-size: 13px }}
    .head th {{ text-align: left; width: 70px; color: #666; font-weight: 400 }}
    iframe {{ border: 0; width: 100% }}
    </style><div class=frame><table class=head>{rows}</table>
    <iframe srcdoc="{html.escape(body)}" onload="this.style.height = this.contentDocument.documentElement.scrollHeight + 'px'"></iframe></div>"""


if __name__ == "__main__":
    main()
