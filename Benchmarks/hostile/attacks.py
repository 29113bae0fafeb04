"""Hostile clients. Each function runs in its own process until the time `until`.

It returns counts by name. Connection errors are the expected answer to these clients and
are counted as `ended`.
"""
import collections
import gzip
import select
import socket
import time

from wire import H1, H2, connect, frame, headers, preface, request

PIECE = b"a" * 16384
QUIET = b"GET /livez HTTP/1.1\r\nHost: a\r\n"


class Turn:
    """Repeats a function that may fail, at a limited rate, and counts."""

    def __init__(self, until):
        self.until = until
        self.counts = collections.Counter()

    @property
    def goes_on(self):
        return time.monotonic() < self.until

    def repeat(self, body, pause=0.05):
        while self.goes_on:
            try:
                body()
            except OSError:
                self.counts["ended"] += 1
            time.sleep(pause)
        return dict(self.counts)


def pump(turn, tls, first, piece, pause=0.002, reads=False):
    """Sends `first`, then `piece` repeatedly until the connection ends."""
    with connect(turn_port(), tls) as client:
        turn.counts["connections"] += 1
        client.sendall(first)
        client.settimeout(5)
        while turn.goes_on:
            client.sendall(piece)
            turn.counts["bytes"] += len(piece)
            if reads and select.select([client], [], [], 0)[0] and not client.recv(65536):
                return
            time.sleep(pause)


PORT = 0
TOKENS = {}


def turn_port():
    return PORT


def upgrade(until):
    turn = Turn(until)
    first = QUIET + b"Connection: upgrade\r\nUpgrade: x\r\n\r\n"
    return turn.repeat(lambda: pump(turn, H1, first, PIECE))


def connect_method(until):
    turn = Turn(until)
    first = b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"
    return turn.repeat(lambda: pump(turn, H1, first, PIECE))


def pipeline(until):
    turn = Turn(until)
    flood = (QUIET + b"\r\n") * 4000
    return turn.repeat(lambda: pump(turn, H1, b"", flood, pause=0.5))


def hosts(until):
    turn = Turn(until)
    wrong = [b"GET /livez HTTP/1.1\r\n\r\n", QUIET + b"Host: b\r\n\r\n",
             b"GET https://b/livez HTTP/1.1\r\nHost: a\r\n\r\n",
             b"GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n"]

    def ask():
        for head in wrong:
            with connect(PORT) as client:
                client.sendall(head)
                status = client.recv(12)[9:12].decode() or "none"
                turn.counts["400" if status == "400" else "not 400: " + status] += 1
    return turn.repeat(ask, 0.2)


def flood(kind, payload, stream=0):
    def run(until):
        turn = Turn(until)
        piece = frame(kind, 0, stream, payload) * 400
        return turn.repeat(lambda: pump(turn, H2, preface(), piece, 0.01, reads=True))
    return run


def resets(until):
    turn = Turn(until)

    def run():
        with connect(PORT, H2) as client:
            turn.counts["connections"] += 1
            client.sendall(preface())
            stream = 1
            while turn.goes_on:
                piece = b""
                for _ in range(50):
                    piece += headers(stream, request("/metrics"))
                    piece += frame(3, 0, stream, (8).to_bytes(4, "big"))
                    stream += 2
                client.sendall(piece)
                turn.counts["resets"] += 50
                time.sleep(0.01)
    return turn.repeat(run)


def no_window(until):
    """A hundred answers for which the client opens no window."""
    turn = Turn(until)

    def run():
        with connect(PORT, H2) as client:
            turn.counts["connections"] += 1
            # SETTINGS_INITIAL_WINDOW_SIZE 0.
            client.sendall(preface(bytes([0, 4, 0, 0, 0, 0])))
            client.sendall(b"".join(
                headers(stream, request("/metrics")) for stream in range(1, 200, 2)))
            client.settimeout(5)
            while turn.goes_on and client.recv(65536):
                time.sleep(0.1)
    return turn.repeat(run, 1)


def hold(until, count, opening, drip, tls=H1):
    """Many connections that send `opening` and then `drip`, one second apart."""
    turn = Turn(until)
    clients = []
    while turn.goes_on:
        while len(clients) < count and turn.goes_on:
            try:
                client = connect(PORT, tls, timeout=5)
                client.sendall(opening)
                client.setblocking(False)
                clients.append(client)
                turn.counts["connections"] += 1
            except OSError:
                turn.counts["ended"] += 1
                time.sleep(0.1)
            time.sleep(0.005)
        kept = []
        for client in clients:
            try:
                if drip:
                    client.send(drip)
                elif not client.recv(1):
                    raise OSError
                kept.append(client)
            except (BlockingIOError, InterruptedError):
                kept.append(client)
            except OSError as error:
                # TLS reports that there is no data yet with its own exceptions.
                if "want" in type(error).__name__.lower():
                    kept.append(client)
                else:
                    turn.counts["ended"] += 1
                    client.close()
        clients = kept
        time.sleep(1)
    return dict(turn.counts)


def idle(until):
    return hold(until, 700, b"", b"", tls=None)


def slow_headers(until):
    return hold(until, 60, b"GET /livez HTTP/1.1\r\nHost: a\r\n", b"X: y\r\n")


def slow_bodies(until):
    return hold(until, 60, b"POST /v1/events HTTP/1.1\r\nHost: a\r\n"
                b"Content-Type: application/x-ndjson\r\nContent-Length: 60000\r\n\r\n", b" ")


def handshakes(until):
    turn = Turn(until)

    def run():
        raw = socket.create_connection(("127.0.0.1", PORT), timeout=5)
        with raw:
            raw.setblocking(False)
            client = H1.wrap_socket(raw, do_handshake_on_connect=False)
            try:
                client.do_handshake()
            except OSError:
                pass
            client.close()
        turn.counts["abandoned"] += 1
    return turn.repeat(run, 0.02)


def gzip_bombs(until):
    """A few kilobytes that decompress to millions of bad lines."""
    turn = Turn(until)
    body = gzip.compress(b"x\n" * (4 << 20 >> 1), 9)
    head = (f"POST /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKENS['ingest']}\r\n"
            "Content-Type: application/x-ndjson\r\nContent-Encoding: gzip\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode()

    def run():
        with connect(PORT) as client:
            client.settimeout(30)
            client.sendall(head + body)
            size = 0
            while True:
                piece = client.recv(65536)
                if not size:
                    turn.counts["answered " + (piece[9:12].decode() or "nothing")] += 1
                size += len(piece)
                if not piece or len(piece) < 1024:
                    break
            turn.counts["bytes"] += size
    return turn.repeat(run, 0.5)


def reads_nothing(path, count, age):
    """Many authenticated readers of `path` that never read, each for `age` seconds."""
    def run(until):
        turn = Turn(until)
        head = (f"GET {path} HTTP/1.1\r\nHost: a\r\n"
                f"Authorization: Bearer {TOKENS['read']}\r\n\r\n").encode()
        while turn.goes_on:
            clients = []
            for _ in range(count):
                try:
                    client = connect(PORT, timeout=5)
                    client.sendall(head)
                    clients.append(client)
                    turn.counts["connections"] += 1
                except OSError:
                    turn.counts["ended"] += 1
            end = min(until, time.monotonic() + age)
            while time.monotonic() < end:
                time.sleep(0.2)
            for client in clients:
                client.close()
        return dict(turn.counts)
    return run


ALL = {
    "upgrade": upgrade,
    "connect": connect_method,
    "pipeline": pipeline,
    "hosts": hosts,
    "window_update": flood(8, b"\0\0\0\1"),
    "ping": flood(6, b"\0" * 8),
    "settings": flood(4, b""),
    "priority": flood(2, b"\0\0\0\0\x10", stream=1),
    "unknown_frames": flood(0xFA, b""),
    "resets": resets,
    "no_window": no_window,
    "idle": idle,
    "slow_headers": slow_headers,
    "slow_bodies": slow_bodies,
    "handshakes": handshakes,
    "gzip_bombs": gzip_bombs,
    "readers": reads_nothing("/v1/events?limit=100000", 12, 20),
    "followers": reads_nothing("/v1/events?follow=true", 36, 30),
}
