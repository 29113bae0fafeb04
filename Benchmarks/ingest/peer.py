#!/usr/bin/env python3
"""Sends a file of lines over TCP to a log daemon on 127.0.0.1:18445, which acknowledges nothing,
and measures until all of them are in its file.

usage: peer.py LINES_FILE TARGET LINES PID NAME
PID is the daemon's, for its CPU seconds and its memory. Prints one row of ingest.sh's table.
"""
import os, socket, sys, time

source, target, lines, pid, name = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5]
body = b"".join(line for _, line in zip(range(lines), open(source, "rb")))


def cpu():
    words = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


before, begun = cpu(), time.monotonic()
wire = socket.create_connection(("127.0.0.1", 18445))
wire.sendall(body)
wire.close()
deadline = time.monotonic() + 300
while not os.path.exists(target) or os.path.getsize(target) < len(body) * 0.999:
    if time.monotonic() > deadline:
        sys.exit(f"{name}: {os.path.getsize(target)} of {len(body)} bytes after 300 s")
    time.sleep(0.01)
took = time.monotonic() - begun
rss = next(
    int(line.split()[1]) / 1024
    for line in open(f"/proc/{pid}/status")
    if line.startswith("VmHWM")
)
print(
    f"{name:<16}{lines / took:>8.0f} {'':>11} {(cpu() - before) / lines * 1e6:>9.2f} "
    f"{'':>44} {rss:>8.0f}   (no acknowledgement)"
)
