#!/usr/bin/env python3
"""Sends 100,000 events in a minute through a notifier with its usual digest times (first
message after 10 s, then windows of 60 s), in one group and in 1,000; see Benchmarks/storm.sh.

Prints memory, posts and mails by window, their sizes, and whether the digests count every
event. Exits with 1 if a limit is exceeded."""
import argparse
import collections
import sys
import time

from peers import Peer
from sinks import MailSink, SlackSink, until

WINDOW = 60
MOST = 20  # digest.max_groups


def windows(moments, began):
    """The number of messages in each window of a group: 10 s, then 60 s each."""
    return dict(sorted(collections.Counter(
        0 if at - began < WINDOW else 1 + int((at - began - 10) // WINDOW)
        for at in moments).items()))


def storm(options, groups):
    slack, mail = SlackSink(), MailSink()
    slack.kept = 1 << 20
    peer = Peer("bellwether", options, "10s", slack, mail, digest=(
        f"first_after: 10s, window: {WINDOW}s, max_window: 5m, repeat: 2m, max_groups: {MOST}"))
    peak = peer.memory("VmRSS")
    began = peer.fill(options.events, groups, seconds=60)
    taken = time.monotonic() - began

    def counted():
        return sum(digest["events"] for digest in peer.digests())

    # An unchanged failure is repeated after `repeat`, two minutes after the first message.
    until(lambda: (time.sleep(2), counted() == options.events)[1], 240)
    peak = peer.memory("VmHWM")
    digests = peer.digests()
    told = sum(digest["events"] for digest in digests)
    rolled = [digest["rollup"] for digest in digests if "rollup" in digest]
    named = sum(len(rollup["members"]) for rollup in rolled)
    until(lambda: len(mail.seen) >= len(digests), 60)
    most_mail = max(seen[1] for seen in mail.seen)
    longest = max(seen[3] for seen in mail.seen)
    print(f"groups {groups}: {options.events} events accepted in {taken:.0f} s; peak RSS {peak} MiB")
    print(f"  digests {len(digests)}, events that they count {told}; roll-ups {len(rolled)} of "
          f"{sum(rollup['groups'] for rollup in rolled)} groups, {named} named")
    print(f"  posts {len(slack.seen)} {windows([seen[0] for seen in slack.seen], began)}, "
          f"largest {max(seen[2] for seen in slack.seen) / 1000:.1f} KB; "
          f"mails {len(mail.seen)} {windows([seen[0] for seen in mail.seen], began)}, "
          f"largest {most_mail / 1000:.1f} KB, longest line {longest} bytes", flush=True)
    peer.close()
    faults = []
    if told != options.events:
        faults.append(f"{options.events - told} events are in no digest")
    if peak >= 100:
        faults.append(f"{peak} MiB")
    if most_mail > 100_000 or longest > 998:
        faults.append("a mail is too large")
    return faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bellwether", required=True)
    parser.add_argument("--events", type=int, default=100_000)
    options = parser.parse_args()
    faults = storm(options, 1) + storm(options, 1000)
    for fault in faults:
        print("FAULT:", fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
