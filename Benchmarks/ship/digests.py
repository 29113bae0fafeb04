#!/usr/bin/env python3
"""Measures how long a failure takes from its POST to the digest at a receiver.

usage: digests.py URL TOKEN_FILE RECEIVER_PORT [COUNT=300]
Posts the first failure of one rollout after another, each when the digest of the one before has
arrived. The node's receiver is a webhook at http://127.0.0.1:RECEIVER_PORT/. Prints the p50 and p99
in milliseconds.
"""
import datetime
import http.client
import json
import queue
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

url, token, port = sys.argv[1:4]
count = int(sys.argv[4]) if len(sys.argv) > 4 else 300
arrived = queue.Queue()


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_POST(self):
        at = time.monotonic()
        digest = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        arrived.put((at, digest["group"].get("rollout")))


server = ThreadingHTTPServer(("127.0.0.1", int(port)), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(token, encoding="utf-8") as file:
    token = file.read().strip()
connection = http.client.HTTPSConnection(
    urlsplit(url).netloc, context=ssl._create_unverified_context(), timeout=30)
spans = []
for number in range(count):
    rollout = f"shop-{number}"
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    event = {
        "id": f"digest-{number}", "ts": now.replace("+00:00", "Z"), "level": "error",
        "event": "analysis.unhealthy", "node": "gw", "namespace": "bench", "rollout": rollout,
        "revision": "1", "concern": "all", "attempt": 1, "status": "unhealthy", "deltas": [],
        "message": "error rate over the limit"}
    begun = time.monotonic()
    connection.request("POST", "/v1/events", json.dumps(event) + "\n", {
        "Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson",
        # As a gateway, which does not wait for the bucket.
        "Bellwether-Wait-For": "disk"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        sys.exit(f"{answer.status} {body.decode()}")
    while True:
        try:
            at, told = arrived.get(timeout=30)
        except queue.Empty:
            sys.exit(f"no digest of {rollout} within 30 s")
        if told == rollout:
            break
    spans.append((at - begun) * 1e3)
spans.sort()
print(f"{spans[len(spans) // 2]:.0f} {spans[min(len(spans) - 1, len(spans) * 99 // 100)]:.0f}")
