#!/usr/bin/env python3
"""Mixed load on one node over TLS, for a limited time: measurements (new attempts,
repeats, concerns, invalid ones), events (plain, gzip, repeated, broken), tails, pages,
metrics, slow and broken connections. Prints the number of answers of each status. Exits
with 1 after an answer 500, or if a kind of request got no good answer.

usage: mixed_load.py HOST:PORT TOKEN_FOLDER SECONDS
"""
import collections, gzip, http.client, json, os, random, socket, ssl, sys, threading, time

host, port = sys.argv[1].rsplit(":", 1)
port = int(port)
folder, seconds = sys.argv[2], float(sys.argv[3])
tokens = {n: open(os.path.join(folder, n)).read().split()[0] for n in ("analysis", "read", "ingest")}
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
end = time.monotonic() + seconds
counts = collections.Counter()
lock = threading.Lock()


def connect():
    return http.client.HTTPSConnection(host, port, timeout=30, context=context)


def ask(connection, kind, method, path, token, body=None, headers={}):
    """Sends one request; returns the connection, or a new one if the answer closed it."""
    try:
        connection.request(method, path, body, {"Authorization": "Bearer " + tokens.get(token, token), **headers})
        answer = connection.getresponse()
        answer.read()
        status = answer.status
        again = answer.will_close
    except (OSError, http.client.HTTPException) as error:
        status, again = type(error).__name__, True
    with lock:
        counts[(kind, status)] += 1
    if again:
        connection.close()
        return connect()
    return connection


def measurements(seed):
    chance = random.Random(seed)
    connection = connect()
    while time.monotonic() < end:
        kind = chance.random()
        body = {"rollout": f"r{chance.randrange(6)}", "namespace": "load", "revision": str(chance.randrange(3))}
        path = "/rollouts/analysis"
        token = "analysis"
        if kind < 0.1:
            path += "/latency"
        elif kind < 0.15:
            path += "/unknown"
        elif kind < 0.2:
            body = {"rollout": "A_b"}
        elif kind < 0.25:
            token = "bw_wrong"
        elif kind < 0.3:
            body["rollout"] = f"new-{chance.randrange(10**6)}"
        connection = ask(connection, "measurement", "POST", path, token, json.dumps(body),
                         {"Content-Type": "application/json"})


def events(seed):
    chance = random.Random(seed)
    connection = connect()
    seq = 0
    while time.monotonic() < end:
        lines = []
        for _ in range(chance.choice((1, 10, 200))):
            seq += 1
            lines.append(json.dumps({
                "ts": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "event": chance.choice(("analysis.healthy", "analysis.unhealthy", "analysis.degraded")),
                "status": "unhealthy", "node": f"sender-{seed}", "az": f"az-{seed % 3}", "epoch": "e", "seq": seq,
                "namespace": "load", "rollout": f"r{chance.randrange(4)}", "revision": "1", "attempt": seq % 10 + 1,
                "deltas": [{"metric": "canary.5xx_rate", "value": chance.random(), "state": "fail"}],
                "message": "x" * chance.randrange(400)}))
        if chance.random() < 0.2:
            seq -= len(lines)
        if chance.random() < 0.1:
            lines.append("broken")
        body = ("\n".join(lines) + "\n").encode()
        headers = {"Content-Type": "application/x-ndjson"}
        if chance.random() < 0.5:
            body = gzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
        connection = ask(connection, "events", "POST", "/v1/events", "ingest", body, headers)


def readers(seed):
    chance = random.Random(seed)
    connection = connect()
    paths = ["/metrics", "/readyz", "/livez", "/v1/events?limit=50", "/v1/events?where=status=unhealthy&limit=20",
             "/v1/events?where=node=sender-1%20seq>40&limit=5", "/"]
    while time.monotonic() < end:
        connection = ask(connection, "read", "GET", chance.choice(paths), "read")


def tails(seed):
    while time.monotonic() < end:
        connection = connect()
        try:
            connection.request("GET", "/v1/events?follow=true", headers={"Authorization": "Bearer " + tokens["read"]})
            answer = connection.getresponse()
            until = min(end, time.monotonic() + 3)
            while time.monotonic() < until and answer.readline():
                with lock:
                    counts[("tail", "line")] += 1
        except (OSError, http.client.HTTPException) as error:
            with lock:
                counts[("tail", type(error).__name__)] += 1
        connection.close()


def rude(seed):
    """Connections that stop halfway, send no request, or send slowly."""
    chance = random.Random(seed)
    while time.monotonic() < end:
        try:
            with socket.create_connection((host, port), timeout=5) as raw:
                if chance.random() < 0.3:
                    raw.sendall(b"GET / HTTP/1.1\r\n\r\n")
                    continue
                with context.wrap_socket(raw) as tls:
                    tls.sendall(b"POST /rollouts/analysis HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
                    for byte in b'"rollout"':
                        tls.sendall(bytes([byte]))
        except OSError:
            pass
        with lock:
            counts[("rude", "done")] += 1


threads = [threading.Thread(target=work, args=(seed,)) for seed, work in
           enumerate([measurements] * 4 + [events] * 3 + [readers] * 2 + [tails] * 2 + [rude])]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for (kind, status), count in sorted(counts.items(), key=str):
    print(f"{kind:12} {status!s:>24} {count}")
good = all(any(k == kind and s in (200, "line") for (k, s) in counts) for kind in ("measurement", "events", "read", "tail"))
sys.exit(0 if good and not any(status == 500 for (_, status) in counts) else 1)
