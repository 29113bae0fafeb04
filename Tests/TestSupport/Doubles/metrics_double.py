#!/usr/bin/env python3
"""A service's /metrics page whose counters and histograms increase with time.

Prints its port. Each side (role="canary", role="stable") serves 500 requests a
second. GET /set?canary_failing=0.05&stable_slow=0.2 sets, from now on, the
proportion that fails (code 503) and the proportion that takes 0.5 to 1 s; the
others take up to 100 ms. GET /rollouts shows the sides as rollout="shop" and
rollout="cart". restart=1 resets all counters, as a new process would.
"""
import http.server
import socketserver
import threading
import time
import urllib.parse

RATE = 500
EDGES = ["0.05", "0.1", "0.25", "0.5", "1", "+Inf"]


class Side:
    def __init__(self):
        self.failing = self.slow = 0.0
        self.seconds = self.failed = self.slowed = 0.0

    def run(self, seconds):
        self.seconds += seconds
        self.failed += seconds * RATE * self.failing
        self.slowed += seconds * RATE * self.slow

    def lines(self, role):
        total, failed, slow = int(self.seconds * RATE), int(self.failed), int(self.slowed)
        fast = total - slow
        counts = [fast * 9 // 10, fast, fast, fast, total, total]
        yield f'http_requests_total{{role="{role}",code="200"}} {total - failed}'
        yield f'http_requests_total{{role="{role}",code="503"}} {failed}'
        for edge, count in zip(EDGES, counts):
            yield (f'http_request_duration_seconds_bucket{{role="{role}",le="{edge}"}} {count}')
        yield f'http_request_duration_seconds_count{{role="{role}"}} {total}'
        yield f'http_request_duration_seconds_sum{{role="{role}"}} {fast * 0.06 + slow * 0.8}'


class State:
    lock = threading.Lock()
    sides = {"canary": Side(), "stable": Side()}
    last = time.monotonic()
    started = time.time()

    @classmethod
    def advance(cls):
        now = time.monotonic()
        for side in cls.sides.values():
            side.run(now - cls.last)
        cls.last = now

    @classmethod
    def page(cls):
        with cls.lock:
            cls.advance()
            lines = [f"process_start_time_seconds {cls.started:.3f}",
                     "# TYPE http_requests_total counter"]
            for role, side in cls.sides.items():
                lines += [line for line in side.lines(role) if line.startswith("http_requests")]
            lines.append("# TYPE http_request_duration_seconds histogram")
            for role, side in cls.sides.items():
                lines += [line for line in side.lines(role) if "duration" in line]
            return "\n".join(lines) + "\n"

    @classmethod
    def set(cls, changes):
        with cls.lock:
            cls.advance()
            for name, value in changes:
                if name == "restart":
                    cls.started = max(time.time(), cls.started + 3)
                    for side in cls.sides.values():
                        side.seconds = side.failed = side.slowed = 0.0
                    continue
                role, share = name.split("_")
                setattr(cls.sides[role], share, float(value))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        address = urllib.parse.urlsplit(self.path)
        if address.path.startswith("/nothing/"):
            self.send_error(404)
            return
        if address.path == "/set":
            State.set(urllib.parse.parse_qsl(address.query))
            text = "set\n"
        else:
            text = State.page()
            if address.path == "/rollouts":
                # The same counters as those of two rollouts.
                text = text.replace('role="canary"', 'rollout="shop"')
                text = text.replace('role="stable"', 'rollout="cart"')
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
