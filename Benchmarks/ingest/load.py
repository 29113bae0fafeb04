#!/usr/bin/env python3
"""Posts a file of event lines to POST /v1/events over TLS and prints rates and costs.

usage: load.py URL TOKEN_FILE LINES_FILE PER_BODY CONNECTIONS PID [--gzip] [--lines N]
       [--skip N] [--header 'NAME: VALUE']
Each line is sent once: body k goes to connection k mod CONNECTIONS. PID is the server's, for
its CPU seconds and its memory. CPU seconds are counted up to the last answer and until the
background work is done; the server's metrics report those of digests and sealing, and the
rest counts as ingest. Prints one line:
    RESULT lines/s up_to_last_answer until_idle ingest digests sealing p50_ms p99_ms rss_mib refused
The five numbers after lines/s are CPU seconds per million lines.
"""
import argparse, os, re, socket, ssl, statistics, sys, threading, time, zlib
from urllib.parse import urlsplit

a = argparse.ArgumentParser()
a.add_argument("url")
a.add_argument("token")
a.add_argument("file")
a.add_argument("per", type=int)
a.add_argument("connections", type=int)
a.add_argument("pid", type=int)
a.add_argument("--gzip", action="store_true")
a.add_argument("--lines", type=int, default=1 << 62)
a.add_argument("--skip", type=int, default=0)
a.add_argument("--header", action="append", default=[])
a = a.parse_args()

where = urlsplit(a.url)
target = where.path + (f"?{where.query}" if where.query else "")
token = open(a.token).read().split("\n")[0].strip()
ticks = os.sysconf("SC_CLK_TCK")


def cpu():
    words = open(f"/proc/{a.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / ticks


def rss():
    for line in open(f"/proc/{a.pid}/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def behind():
    """The CPU seconds of digests and of sealing; 0 of a peer, which does not report them."""
    wire = connect()
    wire.sendall(f"GET /metrics HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: close\r\n\r\n".encode())
    page = b""
    while got := wire.recv(1 << 20):
        page += got
    if b"bellwether_" not in page:
        return 0.0, 0.0
    told = dict(re.findall(rb'bellwether_background_cpu_seconds_total{work="(\w+)"} (\S+)', page))
    return float(told[b"digests"]), float(told[b"sealing"])


def bodies():
    """All bodies; they are created before the measurement starts."""
    out, lines, size, count = [], [], 0, 0
    with open(a.file, "rb", 1 << 20) as source:
        for n, line in enumerate(source):
            if n < a.skip:
                continue
            if count == a.lines:
                break
            count += 1
            lines.append(line)
            if len(lines) == a.per:
                out.append(b"".join(lines))
                lines = []
    if lines:
        out.append(b"".join(lines))
    if a.gzip:
        out = [zlib.compress(body, 6, 31) for body in out]
    return out, count


work, total = bodies()
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
head = (
    f"POST {target} HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {token}\r\n"
    "Content-Type: application/x-ndjson\r\n" + ("Content-Encoding: gzip\r\n" if a.gzip else "")
    + "".join(f"{header}\r\n" for header in a.header)
)
times, refused, lock = [], [0], threading.Lock()


def connect():
    plain = socket.create_connection((where.hostname, where.port))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(plain, server_hostname=where.hostname)


def send(k, wire):
    mine, bad = [], 0
    for body in work[k :: a.connections]:
        begun = time.monotonic()
        while True:
            top = head.encode() + b"Content-Length: %d\r\n\r\n" % len(body)
            # A small body is sent together with its header, as libcurl and others do.
            if len(body) <= 16384:
                wire.sendall(top + body)
            else:
                wire.sendall(top)
                wire.sendall(body)
            answer = b""
            while b"\r\n\r\n" not in answer:
                got = wire.recv(65536)
                if not got:
                    sys.exit(f"the connection ended: {answer!r}")
                answer += got
            top, rest = answer.split(b"\r\n\r\n", 1)
            length = next(
                int(line.split(b":")[1])
                for line in top.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            )
            while len(rest) < length:
                rest += wire.recv(65536)
            status = int(top.split()[1])
            if status == 200:
                break
            if status not in (429, 503):
                sys.exit(f"{status}: {rest[:300]!r}")
            bad += 1
            time.sleep(0.05)
        mine.append(time.monotonic() - begun)
    with lock:
        times.extend(mine)
        refused[0] += bad


wires = [connect() for _ in range(a.connections)]
threads = [threading.Thread(target=send, args=(k, wire)) for k, wire in enumerate(wires)]
behind_before = behind()
before, begun = cpu(), time.monotonic()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
took, used = time.monotonic() - begun, cpu() - before
at_answer, last, deadline = used, -1.0, time.monotonic() + 60
while used - last > 0.015 and time.monotonic() < deadline:
    last = used
    time.sleep(0.5)
    used = cpu() - before
digests, sealing = (now - then for now, then in zip(behind(), behind_before))
times.sort()
print(
    f"RESULT {total / took:.0f} {at_answer / total * 1e6:.2f} {used / total * 1e6:.2f} "
    f"{(used - digests - sealing) / total * 1e6:.2f} {digests / total * 1e6:.2f} "
    f"{sealing / total * 1e6:.2f} "
    f"{times[len(times) // 2] * 1e3:.2f} "
    f"{times[min(len(times) - 1, len(times) * 99 // 100)] * 1e3:.2f} {rss():.0f} {refused[0]}"
)
