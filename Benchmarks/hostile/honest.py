"""Honest clients: the benchmark measures the answers that they get."""
import collections
import http.client
import json
import os
import ssl
import threading
import time

CONTEXT = ssl._create_unverified_context()


class Caller:
    """A persistent connection that is replaced after a failure."""

    def __init__(self, port, token):
        self.port, self.token, self.connection = port, token, None

    def post(self, path, body, kind):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, context=CONTEXT, timeout=20)
        try:
            self.connection.request("POST", path, body, {
                "Authorization": f"Bearer {self.token}", "Content-Type": kind})
            reply = self.connection.getresponse()
            text = reply.read()
            if reply.getheader("Connection") == "close":
                self.close()
            return reply.status, text
        except Exception as error:
            self.close()
            return type(error).__name__, b""

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def measure(port, token, rate, until, path, workers=8):
    """Measures `rate` times a second; writes a row per answer: start, seconds, status."""
    lock, rows = threading.Lock(), []
    began = time.monotonic()
    turn = iter(range(1 << 60))

    def work():
        caller = Caller(port, token)
        while True:
            with lock:
                number = next(turn)
            due = began + number / rate
            if due >= until:
                return
            time.sleep(max(0, due - time.monotonic()))
            body = json.dumps({
                "rollout": f"r{number % 50}", "namespace": "bench", "uid": f"u{number % 50}",
                "revision": str(number), "step": "0", "metric": "all"})
            status, _ = caller.post("/rollouts/analysis", body, "application/json")
            # Counts from the time at which it was due: the node also causes late starts.
            row = (due, time.monotonic() - due, status)
            with lock:
                rows.append(row)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open(path, "w") as file:
        json.dump(rows, file)


def line(identity):
    return json.dumps({
        "id": identity, "ts": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "level": "info",
        "event": "analysis.healthy", "node": "honest", "az": "a", "namespace": "bench",
        "rollout": "honest", "revision": "1", "message": "m" * 100})


def fill(port, token, count=20000, size=1000):
    """Stores events, so that an answer to a client that requests many is as long as it can be."""
    caller = Caller(port, token)
    for start in range(0, count, size):
        body = "".join(line(f"fill-{number}") + "\n" for number in range(start, start + size))
        status, text = caller.post("/v1/events", body, "application/x-ndjson")
        if status != 200:
            raise RuntimeError(f"{status} {text[:200]}")


def ingest(port, token, until, path, size=20, pause=0.1):
    """Sends events and writes the id of each acknowledged one to disk at once."""
    caller = Caller(port, token)
    statuses = collections.Counter()
    with open(path + ".ids", "w") as kept:
        number = 0
        while time.monotonic() < until:
            ids = [f"honest-{number + offset}" for offset in range(size)]
            number += size
            body = "".join(line(identity) + "\n" for identity in ids)
            while time.monotonic() < until + 30:
                status, text = caller.post("/v1/events", body, "application/x-ndjson")
                statuses[str(status)] += 1
                if status == 200:
                    break
                time.sleep(0.2)
            if status == 200:
                receipt = json.loads(text)
                if receipt["accepted"] + receipt["duplicates"] == size:
                    kept.write("".join(identity + "\n" for identity in ids))
                    kept.flush()
                    os.fsync(kept.fileno())
                else:
                    statuses["not all taken"] += 1
            time.sleep(pause)
    with open(path, "w") as file:
        json.dump(statuses, file)
