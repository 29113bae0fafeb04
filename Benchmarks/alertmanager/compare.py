#!/usr/bin/env python3
"""Runs Bellwether's notifier and Alertmanager one after the other; see
Benchmarks/alertmanager.sh. Prints a row for each question: both values and their ratio."""
import argparse
import statistics
import time

from peers import MAIL, Peer
from sinks import MailSink, SlackSink, until

SHAPES = [(1, 1), (1, 32), (100, 8), (1000, 4)]


def ingest(name, options):
    """Acknowledged lines a second: bellwether over TLS and durable, Alertmanager without
    TLS and in memory."""
    found = {}
    for lines, connections in SHAPES:
        peer = Peer(name, options, "1h")
        rate, p50, errors = peer.wrk(lines, connections, options.seconds)
        found[f"ingest {lines}x{connections}, lines/s"] = rate
        found[f"ingest {lines}x{connections}, p50 ms"] = p50
        if errors:
            found[f"ingest {lines}x{connections}, errors"] = errors
        peer.close()
    return found


def pending(name, options):
    peer = Peer(name, options, "1h")
    peer.fill(100_000, 1000)
    found = {"RSS at 100,000 pending, MiB": peer.memory("VmRSS")}
    peer.close()
    return found


def latency(name, options):
    """The time from the first byte of a request on an open connection to the receiver's."""
    sink = SlackSink()
    peer = Peer(name, options, "0s", sink)
    took = []
    for n in range(17):
        before = len(sink.seen)
        start = time.monotonic()
        peer.post([(f"one-{n}", f"x{n}")])
        if until(lambda: len(sink.seen) > before, 20):
            took.append(sink.seen[before][0] - start)
        time.sleep(1.2)
    peer.close()
    took = sorted(took[2:])
    return {
        "event to receiver, ms p50": statistics.median(took) * 1000 if took else None,
        "event to receiver, ms worst of 15": took[-1] * 1000 if took else None}


def killed(name, options):
    """SIGKILL while acknowledged groups wait: how many of them are never sent."""
    sink = SlackSink()
    peer = Peer(name, options, "3s", sink)
    peer.post([(f"lost-{n}.", f"k{n}") for n in range(10)])
    peer.stop(kill=True)
    peer.start()

    def told():
        return sum(any(f"lost-{n}.".encode() in seen[1] for seen in sink.seen) for n in range(10))

    until(lambda: told() == 10, 25)
    found = {"lost on SIGKILL, of 10 groups": 10 - told()}
    peer.close()
    return found


def refused(name, options):
    """The effect of a 429 with Retry-After: 2 on the next attempt."""
    sink = SlackSink()
    sink.script = [(429, {"Retry-After": "2"})]
    peer = Peer(name, options, "0s", sink)
    peer.post([("busy", "b")])
    again = until(lambda: len(sink.seen) >= 2, options.patience)
    peer.close()
    return {f"429 Retry-After 2: next try after, s (none in {options.patience})":
            sink.seen[1][0] - sink.seen[0][0] if again else None}


def recipients(name, options):
    """Two good recipients and a refused one."""
    mail = MailSink()
    peer = Peer(name, options, "0s", mail=mail, to=MAIL)
    peer.post([("mail", "m")])
    time.sleep(12)
    got = {recipient for seen in list(mail.seen) for recipient in seen[2]}
    peer.close()
    return {"one bad recipient: good ones reached, of 2": len(got),
            "one bad recipient: sessions in 12 s": mail.sessions}


def storm(groups):
    def ask(name, options):
        """100,000 events, as fast as they are accepted, all within the 20 s for which a
        new group is held; Alertmanager takes long to compose a mail."""
        sink, mail = SlackSink(), MailSink()
        peer = Peer(name, options, "20s", sink, mail, digest=(
            "first_after: 20s, window: 60s, max_window: 5m, repeat: 30m, max_groups: 20"))
        began = peer.fill(100_000, groups)
        filled = time.monotonic() - began
        until(lambda: sink.seen and mail.seen, 200)
        # Until no more messages arrive, or a minute.
        count, deadline = -1, time.monotonic() + 60
        while time.monotonic() < deadline and count != (count := len(sink.seen) + len(mail.seen)):
            time.sleep(3)
        word = f"storm of 100,000, {groups} group{'s' if groups > 1 else ''}: "
        found = {
            word + "s to accept it": filled,
            word + "s to the first post": sink.seen[0][0] - began if sink.seen else None,
            word + "s to the first mail": mail.seen[0][0] - began if mail.seen else None,
            word + "posts": len(sink.seen), word + "mails": len(mail.seen),
            word + "largest post, KB": max((seen[2] for seen in sink.seen), default=0) / 1000,
            word + "largest mail, KB": max((seen[1] for seen in mail.seen), default=0) / 1000,
            word + "peak RSS, MiB": peer.memory("VmHWM")}
        if name == "bellwether":
            found[word + "events that the digests count"] = sum(
                digest["events"] for digest in peer.digests())
        peer.close()
        return found
    return ask


def shown(value):
    if value is None:
        return "never"
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bellwether", required=True)
    parser.add_argument("--alertmanager", default="prometheus-alertmanager")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--patience", type=int, default=30)
    parser.add_argument("--only", default="", help="run the questions whose name contains this word")
    options = parser.parse_args()
    questions = {
        "ingest": ingest, "pending": pending, "latency": latency, "killed": killed,
        "refused": refused, "recipients": recipients, "storm-1": storm(1),
        "storm-1000": storm(1000)}
    print(f"{'':58} {'bellwether':>11} {'alertmanager':>13} {'ours/theirs':>12}")
    for word, ask in questions.items():
        if options.only not in word:
            continue
        ours, theirs = ask("bellwether", options), ask("alertmanager", options)
        for row in dict.fromkeys([*ours, *theirs]):
            a, b = ours.get(row), theirs.get(row)
            ratio = f"{a / b:.2f}" if a is not None and b else ""
            cells = [shown(ours[row]) if row in ours else "", shown(theirs[row]) if row in theirs else ""]
            print(f"{row:58} {cells[0]:>11} {cells[1]:>13} {ratio:>12}", flush=True)


if __name__ == "__main__":
    main()
