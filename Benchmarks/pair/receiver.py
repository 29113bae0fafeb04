"""A strict receiver of digests, which records every request. It also serves the measured load."""
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Seconds between a request and its answer: a sender that ends in between cannot know the outcome.
ANSWER = 0.03


class Receipt:
    """One delivery of a digest."""

    def __init__(self, sender, life, body, digest):
        self.at = time.monotonic()
        # The notifier, and the number of its process.
        self.sender, self.life = sender, life
        self.hash = hashlib.sha256(body).hexdigest()
        self.rollout = digest["group"].get("rollout", "")
        self.kind, self.events = digest["kind"], digest["events"]
        # Sent while the bucket did not answer: the other notifier may send it, too.
        self.is_marked = "alone_since" in digest


class Receiver(ThreadingHTTPServer):
    """POST /NOTIFIER takes a digest; GET /load/ROLLOUT is the page that gateways measure."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, life_of, folder):
        super().__init__(("127.0.0.1", 0), Request)
        self.life_of = life_of
        self.lock = threading.Lock()
        # The receipts of each digest, in order of arrival.
        self.receipts = {}
        self.failing = set()
        self.refused = []
        self.latest = time.monotonic()
        self.file = open(folder + "/digests.jsonl", "w", encoding="utf-8")
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def take(self, sender, name, body):
        """Records a request; returns why it is refused, or nothing."""
        try:
            digest = json.loads(body)
            if digest["id"] != name:
                raise ValueError(f"Webhook-Id {name} is not the digest's id {digest['id']}")
            receipt = Receipt(sender, self.life_of(sender), body, digest)
        except (KeyError, TypeError, ValueError) as fault:
            with self.lock:
                self.refused.append(f"{sender}: {fault!r}")
            return str(fault)
        with self.lock:
            self.receipts.setdefault(name, []).append(receipt)
            self.latest = receipt.at
            self.file.write(json.dumps({
                "at": round(receipt.at, 3), "sender": sender, "life": receipt.life, "id": name,
                "sha256": receipt.hash, "body": body.decode()}) + "\n")
            self.file.flush()
        return None

    def handle_error(self, *_):
        pass


class Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        rollout = self.path.rsplit("/", 1)[-1]
        self.answer(200, json.dumps({"p95": 900 if rollout in self.server.failing else 100}).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.take(self.path.strip("/"), self.headers.get("Webhook-Id"), body)
        time.sleep(ANSWER)
        self.answer(400 if fault else 200, json.dumps({"fault": fault}).encode())
