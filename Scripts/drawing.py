"""Draws messages with Chromium as their readers see them; used by make-images.py and
message-pictures.py. Needs chromedriver, and the fonts Lato and Noto Color Emoji."""

import base64
import html
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


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

    def emulate(self, width=None, dark=False):
        """Shows pages as a window of this width does (None: as made), in the light or dark scheme."""
        if width is None:
            self.devtools("Emulation.clearDeviceMetricsOverride", {})
        else:
            self.devtools("Emulation.setDeviceMetricsOverride", {
                "width": width, "height": 844, "deviceScaleFactor": 2, "mobile": True})
        self.devtools("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    def devtools(self, command, parameters):
        return self.send("POST", self.session + "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def picture(self, selector="body", margin=0):
        """The element as PNG."""
        box = self.run(
            f"const r = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
            "return [r.left + scrollX, r.top + scrollY, r.width, r.height]")
        x, y, width, height = box
        clip = {"x": max(0, x - margin), "y": max(0, y - margin), "width": width + 2 * margin,
                "height": height + 2 * margin, "scale": 1}
        shot = self.devtools(
            "Page.captureScreenshot", {"captureBeyondViewport": True, "format": "png", "clip": clip})
        return base64.b64decode(shot["data"])

    def quit(self):
        try:
            self.send("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait()
            shutil.rmtree(self.profile, ignore_errors=True)


STYLE = """
* { box-sizing: border-box } body { margin: 0; background: #fff }
.frame { font: 15px/1.46 Lato, 'Noto Color Emoji', sans-serif; color: #1d1c1d; background: #fff; padding: 14px 18px }
pre, code { font: 12px/1.5 'DejaVu Sans Mono', monospace }
"""


def slack_page(post, width=760):
    """Slack's blocks and attachments as HTML, in the way in which Slack's client shows them."""
    parts = blocks(post.get("blocks", []))
    for attachment in post.get("attachments", []):
        inner = blocks(attachment.get("blocks", []))
        buttons = "".join(f"<span class=button>{html.escape(a['text'])}</span>" for a in attachment.get("actions", []))
        parts.append(f"<div class=bar style='border-color:{attachment['color']}'>{''.join(inner)}{buttons}</div>")
    return page(parts, width)


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
            sys.exit(f"drawing.py cannot draw a block of type {block['type']}")
    return parts


def page(parts, width=760):
    return f"""<!DOCTYPE html><meta charset=utf-8><style>{STYLE}
    .frame {{ width: {width}px; display: flex; gap: 10px; border: 1px solid #ddd; border-radius: 8px }}
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


def teams_page(message, width=480):
    """The Adaptive Card of a Teams message as HTML, in the way in which Teams shows it."""
    card = message["attachments"][0]["content"]
    parts = []
    for element in card["body"]:
        if element["type"] != "RichTextBlock":
            sys.exit(f"drawing.py cannot draw an element of type {element['type']}")
        gap = {"None": 0, "Small": 4, "Medium": 16, "Large": 24}.get(element.get("spacing"), 8)
        line = "border-top: 1px solid #e0e0e0; padding-top: 8px;" if element.get("separator") else ""
        runs = "".join(run(piece) for piece in element["inlines"])
        parts.append(f"<div style='margin-top: {gap}px; {line}'>{runs}</div>")
    buttons = "".join(f"<span class=button>{html.escape(action['title'])}</span>" for action in card.get("actions", []))
    return f"""<!DOCTYPE html><meta charset=utf-8><style>{STYLE}
    .frame {{ width: {width}px; border: 1px solid #ddd; border-radius: 8px; font-size: 14px; overflow-wrap: anywhere }}
    .button {{ display: inline-block; border: 1px solid #bbb; border-radius: 4px; padding: 4px 12px; margin: 8px 6px 0 0;
               font-weight: 700; font-size: 13px }}
    </style><div class=frame>{''.join(parts)}<div>{buttons}</div></div>"""


def run(piece):
    style = "white-space: pre-wrap;"
    if piece.get("weight") == "Bolder":
        style += " font-weight: 700;"
    if piece.get("isSubtle"):
        style += " color: #616161;"
    if piece.get("fontType") == "Monospace":
        style += " font-family: 'DejaVu Sans Mono', monospace; font-size: 12px;"
    style += {"Small": " font-size: 12px;", "Medium": " font-size: 17px;", "Large": " font-size: 21px;"}.get(
        piece.get("size"), "")
    return f"<span style=\"{style}\">{html.escape(piece['text'])}</span>"
