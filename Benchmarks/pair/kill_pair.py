#!/usr/bin/env python3
"""Breaks a pair of notifiers on one bucket again and again, and counts what was lost or told twice.

Real parts: two notifiers and four gateways of the given executable, all supervised, and SeaweedFS.
A proxy stands before the store for each notifier. Gateways measure failing rollouts, hooks are
posted, and a strict receiver records each digest with the hash of its bytes, its sender and the time.

The faults follow from --seed; what a node does at that moment does not. Afterwards all faults end,
and these are counted:

  lost          acknowledged events (answers of gateways, and of notifiers to hooks, lines, CloudEvents
                and log records) that the log lacks; those it has twice
  undigested    failing lines that no digest counts, exactly, rollout by rollout; those that two count
  repeats       deliveries of a digest after the first one, by kind; repeats with other bytes
  takeover      seconds from the end of the leader to the other node's first 200 of
                /readyz?role=leader; only where the other one was a follower that worked
  both leading  samples in which both nodes answered 200

With --away tell, a node that lost the bucket may go on, and digests that are marked for that may be
told twice. With --strip, the store gets no condition (`If-None-Match`) for objects of the log: such a
run must show that two nodes wrote one log, and exits with 3 if it does; it ends as soon as it has.
"""
import argparse
import bisect
import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import nodes
from receiver import ANSWER, Receiver
from store import Link, Store

# The faults with their weights. "the leader": the node that answers /readyz?role=leader.
KINDS = {
    "kill the leader": 3, "kill and wipe the leader": 3, "kill the follower": 1,
    "kill and wipe the follower": 1, "kill both": 1, "kill and wipe both": 1,
    "freeze the leader": 3, "freeze the follower": 1, "cut the leader off": 3,
    "cut the follower off": 1, "cut both off": 2, "503 for the leader": 2, "503 for both": 2,
    "answers lost": 2, "writes arrive late": 2, "SIGTERM": 3, "hand over": 3,
    # The leader reaches neither the bucket nor the other notifier; gateways reach both.
    "split": 2, "kill a gateway": 1,
}
# Faults that end a leader at a known moment, while the other node works.
UNPLANNED = {"kill the leader", "kill and wipe the leader", "freeze the leader", "cut the leader off", "split"}
PLANNED = {"SIGTERM", "hand over"}
# Faults that show without the condition that two nodes wrote one log. Others, as a slow takeover, do not.
FENCE = {
    "lost", "twice in the log", "undigested", "digested twice", "repeats with other bytes",
    "repeats of another kind", "both leading", "follower's log differs"}
# Samples further apart prove nothing about the time between them.
SAMPLE_GAP = 0.3
REPEAT = 20
ORPHANED = "pair/log/orphaned/"
# The kinds of repeats that may occur. Nobody sees whether a process that was frozen after it had
# checked its lease sends when it goes on.
ENDED = "the sender before had ended or led no more"
FROZEN = "by a process that was frozen while it sent"
MARKED = "marked: the bucket was away"


def now():
    return time.monotonic()


def wait_for(holds, seconds, pause=0.02):
    end = now() + seconds
    while not (result := holds()):
        if now() > end:
            return result
        time.sleep(pause)
    return result


class Fault:
    def __init__(self, kind, source, lease):
        self.kind = kind
        # How long it lasts, in seconds.
        self.lasts = lease * source.uniform(1.2, 2.5)
        self.cut = source.choice(["refuse", "hang"])
        self.share = source.choice([0.5, 0.8, 1.0])
        # Whether it comes while a receiver has a digest that it has not answered, and how late.
        self.aims = source.random() < 0.5
        self.after = source.uniform(0, ANSWER + 0.015)
        self.gateway = source.randrange(4)
        # A killed node that is back before the lease is over leads again itself.
        self.rest = source.choice([nodes.RESTART, lease * 1.5])
        # The next fault may come before the nodes have recovered from this one.
        self.settles = source.random() < 0.85
        self.pause = source.uniform(0.2, 2.0)


class Bench:
    def __init__(self, options):
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="bellwether-pair-")
        source = random.Random(options.seed)
        kinds, weights = zip(*KINDS.items())
        # Each kind occurs as often as its weight says, in an order of the seed's.
        plan = []
        while len(plan) < options.faults:
            block = [kind for kind, weight in KINDS.items() for _ in range(weight)]
            source.shuffle(block)
            plan += block
        if options.only:
            plan = [source.choice(options.only.split(",")) for _ in plan]
        self.plan = [Fault(kind, source, options.lease) for kind in plan[:options.faults]]
        self.store = Store(self.folder + "/store")
        self.keys = nodes.Keys(self.folder + "/keys")
        self.notifiers = []
        self.receiver = Receiver(
            lambda name: self.node(name).life, self.folder)
        self.links = [Link(self.store, options.seed * 2 + n, options.strip) for n in (0, 1)]
        for name, link in zip("ab", self.links):
            self.notifiers.append(nodes.notifier(
                options.bellwether, name, f"{self.folder}/{name}", self.keys, link, self.receiver,
                options.lease, options.away, REPEAT))
        self.gateways = [
            nodes.gateway(options.bellwether, n, f"{self.folder}/gw-{n}", self.keys, self.receiver,
                          self.notifiers) for n in range(4)]
        self.watches = [nodes.Watch(node) for node in self.notifiers]
        self.log = open(self.folder + "/faults.log", "w", encoding="utf-8")
        self.done = collections.Counter()
        self.takeovers = {"unplanned": [], "planned": []}
        self.missing = []
        self.back = 0
        # When a leader ended, and who led next.
        self.led = []
        # When each fault began.
        self.moments = []
        self.stuck = []
        self.is_proven = False
        self.bad = []
        # Hand-overs that were refused because the other node was not ready yet.
        self.not_ready = 0

    def say(self, text):
        self.log.write(f"{now():.3f} {text}\n")
        self.log.flush()
        if self.options.verbose:
            print(f"{now():.3f} {text}", file=sys.stderr, flush=True)

    # MARK: The pair

    def node(self, name):
        return next(node for node in self.notifiers if node.name == name)

    def leader(self):
        """The index of the node that leads; None without one or with two."""
        leading = [n for n in (0, 1) if self.watches[n].leads]
        return leading[0] if len(leading) == 1 else None

    def follows(self, place):
        """Whether the node is ready and names the other one as the leader."""
        if self.notifiers[place].ask("GET", "/readyz", timeout=2)[0] != 200:
            return False
        status, body = self.notifiers[place].ask("GET", "/v1/ha", "admin", timeout=2)
        leader = f"https://127.0.0.1:{self.notifiers[1 - place].relay.server_address[1]}"
        return status == 200 and (
            (told := json.loads(body)).get("role"), told.get("leader")) == ("following", leader)

    def exits(self):
        return [one for node in self.notifiers for one in node.exits]

    def status(self, place):
        status, body = self.notifiers[place].ask("GET", "/v1/ha", "admin", timeout=2)
        return f"{status} {body.decode(errors='replace').strip()[:400]}"

    def settle(self, seconds):
        """Waits until one node leads and the other one works; returns the leader, or None."""
        seen = [None, now()]

        def settled():
            # The same processes for a while: one that comes back with lines that the bucket lacks
            # starts once more.
            leader = self.leader()
            pair = (leader, *(node.life for node in self.notifiers), len(self.exits()))
            if leader is None or not self.follows(1 - leader):
                pair = None
            if pair is None or pair != seen[0]:
                seen[:] = pair, now()
            return pair is not None and now() - seen[1] > 1.5 and [leader]
        found = wait_for(settled, seconds, 0.2)
        if found:
            return found[0]
        text = "; ".join(f"{self.notifiers[n].name}: {self.status(n)}" for n in (0, 1))
        self.say(f"STUCK: not one leader and one follower within {seconds} s: {text}")
        self.stuck.append(text)
        return None

    @property
    def is_lost(self):
        """Whether the pair did not recover several times, or the run has shown enough: it ends early."""
        return len(self.stuck) > 2 or self.is_proven

    def finds_no_fence(self):
        """Whether both nodes led, or one ended since an object that exists was replaced (exit 78)."""
        return bool(self.both_leading()) or any(
            status == 78 and not signalled for node in self.notifiers for _, _, status, signalled in node.exits)

    def wait(self, holds, seconds, pause):
        """Waits at the end of the run, not for long if the pair does not recover."""
        return wait_for(holds, 10 if self.is_lost else seconds, pause)

    # MARK: Faults

    def break_it(self, fault):
        leader = self.settle(self.options.patience) if fault.settles else self.leader()
        works = leader is not None and fault.settles
        if works:
            self.check_follower(1 - leader)
        if fault.aims:
            latest = self.receiver.latest
            wait_for(lambda: self.receiver.latest > latest, 3, 0.0005)
            time.sleep(fault.after)
        works = works and self.leader() == leader
        leader = leader or 0
        follower = 1 - leader
        self.say(f"{fault.kind}: leader {self.notifiers[leader].name}")
        self.moments.append((now(), fault.kind))
        ended = self.begin(fault, leader, follower)
        measured = works and fault.kind in UNPLANNED | PLANNED and ended
        if measured:
            kind = "planned" if fault.kind in PLANNED else "unplanned"
            bar = self.options.lease + 2
            # A killed node may lead again itself; the others may still answer for some time.
            places = (leader, follower) if fault.kind.startswith("kill") else (follower,)
            first = wait_for(lambda: min(
                ((at, n) for n in places if (at := self.watches[n].first_after(ended))), default=None),
                bar * 3)
            if first:
                self.takeovers[kind].append((first[0] - ended, fault.kind))
                self.led.append((ended, self.notifiers[first[1]].name))
                self.back += first[1] == leader
                self.say(f"{self.notifiers[first[1]].name} leads after {first[0] - ended:.2f} s")
            else:
                self.say(f"NO TAKEOVER: {self.status(leader)}; {self.status(follower)}")
                self.missing.append(fault.kind)
        lasting = not fault.kind.startswith("kill") and fault.kind not in PLANNED
        if lasting and (left := (ended or now()) + fault.lasts - now()) > 0:
            time.sleep(left)
        self.heal()
        self.done[fault.kind] += 1
        time.sleep(fault.pause)

    def check_follower(self, place):
        """A follower answers reads, refuses writes, and names the leader."""
        node, other = self.notifiers[place], self.notifiers[1 - place]
        life = node.life
        # The leader would refuse this body.
        status, body = node.ask("POST", "/v1/events", "ingest", "x", kind="application/x-ndjson")
        read, _ = node.ask("GET", "/v1/events?limit=1", "admin")
        if self.watches[place].leads or node.life != life or node.process.poll() is not None:
            return
        try:
            answer = json.loads(body)
        except ValueError:
            answer = {}
        leader = f"https://127.0.0.1:{other.relay.server_address[1]}"
        if (status, answer.get("reason"), answer.get("leader")) != (503, "not_leader", leader):
            self.note(f"a follower answered a write: {status} {answer or body[:200]}")
        if read != 200:
            self.note(f"a follower answered a read: {read}")

    def note(self, fault):
        self.say(fault)
        self.bad.append(fault)

    def begin(self, fault, leader, follower):
        """Returns the moment at which the leader ended, if it did."""
        kind, both = fault.kind, (leader, follower)
        target = follower if "follower" in kind else leader
        targets = both if "both" in kind or kind == "answers lost" else (target,)
        if kind == "kill a gateway":
            self.gateways[fault.gateway].send(signal.SIGKILL)
            return None
        if kind.startswith("kill"):
            return max(
                self.notifiers[n].send(signal.SIGKILL, "wipe" in kind, fault.rest) for n in targets)
        if kind.startswith("freeze"):
            return self.notifiers[target].send(signal.SIGSTOP)
        if kind == "SIGTERM":
            return self.notifiers[leader].send(signal.SIGTERM)
        if kind == "hand over":
            return self.hand_over(leader)
        for node in self.notifiers:
            node.relay.cut = kind == "split"
        for place in targets:
            link = self.links[place]
            if kind.startswith("cut") or kind == "split":
                link.cut = fault.cut
            elif kind.startswith("503"):
                link.busy = fault.share
            elif kind == "answers lost":
                link.lost = fault.share
            elif kind == "writes arrive late":
                link.late = fault.lasts
        return now()

    def hand_over(self, leader):
        """Asks as a person would: again while the other node is not ready. Returns when it was taken."""
        asked = status = body = None

        def answered():
            nonlocal asked, status, body
            asked = now()
            status, body = self.notifiers[leader].ask("POST", "/v1/ha/hand-over", "admin", "")
            waits = status == 409 and b"other_not_ready" in body
            self.not_ready += waits
            return not waits
        wait_for(answered, self.options.patience, 0.5)
        if status // 100 == 2:
            return asked
        self.note(f"hand-over was refused: {status} {body[:300]}")
        return None

    def heal(self):
        for place in (0, 1):
            self.links[place].heal()
            self.notifiers[place].relay.cut = False
            self.notifiers[place].send(signal.SIGCONT)

    # MARK: The run

    def run(self):
        self.settle(180)
        if not wait_for(lambda: all(
                g.ask("GET", "/livez")[0] == 200 for g in self.gateways), 180, 0.5):
            raise SystemExit("the gateways do not start")
        options = self.options
        callers = [nodes.Caller(g, self.receiver, random.Random(f"{options.seed}/{n}"), options.pace)
                   for n, g in enumerate(self.gateways)]
        hooks = nodes.Hooks(self.notifiers, 0.5)
        began, before = now(), self.requests()
        time.sleep(3)
        for number, fault in enumerate(self.plan, 1):
            self.break_it(fault)
            self.is_proven = options.strip and self.finds_no_fence()
            if self.is_lost:
                break
            if number % 20 == 0:
                events = sum(len(caller.acknowledged) for caller in callers)
                print(f"{number} faults, {events} events, {len(self.receiver.receipts)} digests",
                      file=sys.stderr, flush=True)
        self.broke = now() - began
        self.used = {key: count - before[key] for key, count in self.requests().items()}
        hooks.over.set()
        self.say("the faults are over")
        for caller in callers:
            caller.end()
        hooks.join()
        self.settle(10 if self.is_lost else self.options.patience)
        safe = self.wait(lambda: all(self.is_safe(g) for g in self.gateways), 180, 0.5)
        if not safe:
            self.bad.append("a gateway holds events that are not safe: " + "; ".join(
                f"{g.name} {self.lag(g)}" for g in self.gateways))
        # The leader looks every 10 s for what another one had not copied.
        self.orphaned = {"objects": len(self.store.names(ORPHANED))}
        left = self.wait(lambda: not self.store.names(ORPHANED), 70, 2)
        self.orphaned["left"] = 0 if left else len(self.store.names(ORPHANED))
        # Until nothing is left to tell: the last lines of a rollout are told after `repeat`.
        self.wait(lambda: now() - self.receiver.latest > REPEAT + 5, 240, 0.5)
        leader = self.settle(10 if self.is_lost else 60) or 0
        self.say(f"ending; leader {self.notifiers[leader].name}")
        self.waiting = self.outbox(self.notifiers[leader])
        self.end_status = [self.status(n) for n in (0, 1)]
        for node in self.gateways:
            node.stop()
        self.notifiers[1 - leader].stop(signal.SIGKILL)
        self.notifiers[leader].stop(signal.SIGKILL)
        return self.report(callers, hooks, leader)

    def requests(self):
        return sum((link.requests for link in self.links), collections.Counter())

    def lag(self, gateway):
        """The bytes that are not sent, and those that are not safe."""
        status, text = gateway.ask("GET", "/metrics")
        lag = {}
        for line in text.decode().splitlines():
            if line.startswith("bellwether_cursor_lag_bytes{"):
                name, value = line.rsplit(" ", 1)
                lag[name.split('"')[1]] = float(value)
        return [lag.get("forward"), lag.get("forward_safe")] if status == 200 else []

    def is_safe(self, gateway):
        return self.lag(gateway) == [0, 0]

    def command(self, *words):
        done = subprocess.run(
            [self.options.bellwether, *words], capture_output=True, text=True, check=False)
        return done.stdout, done.stderr, done.returncode

    def outbox(self, node):
        text, fault, _ = self.command(
            "outbox", "list", "--url", node.url, "--token-file", self.keys.folder + "/admin",
            "--ca-file", self.keys.folder + "/ca.pem", "--limit", "1000", "--json")
        try:
            return dict(collections.Counter(one["state"] for one in json.loads(text)))
        except (ValueError, KeyError, TypeError):
            return {"fault": fault[:300]}

    def lines(self, node):
        """The stored lines of a node's own log, in order."""
        text, fault, status = self.command(
            "logs", "query", "--config", node.config, "--local", "--json", "--limit", "10000000")
        if status:
            self.bad.append(f"logs query of {node.name}: {status} {fault[:300]}")
        return text.splitlines()

    # MARK: Counting

    def repeats(self):
        """The kind of each delivery after a digest's first one, and those with other bytes."""
        kinds, other = collections.Counter(), []
        self.repeats_after = collections.Counter()
        for name, receipts in self.receiver.receipts.items():
            # Both nodes may compose what one of them sends without the bucket.
            is_marked = any(receipt.is_marked for receipt in receipts)
            for place, receipt in enumerate(receipts[1:], 1):
                if receipt.hash != receipts[0].hash and not is_marked:
                    other.append(name)
                before = receipts[:place]
                self.repeats_after[max(
                    (one for one in self.moments if one[0] < receipt.at), default=(0, "no fault"))[1]] += 1
                key = (receipt.sender, receipt.life)
                last = (before[-1].sender, before[-1].life)
                if is_marked:
                    kinds[MARKED] += 1
                elif last == key:
                    kinds["by one life"] += 1
                elif self.ended(last, receipt.at):
                    kinds[ENDED] += 1
                elif self.node(receipt.sender).was_frozen(receipt.at, before=2):
                    kinds[FROZEN] += 1
                else:
                    kinds["while the life of the sender before went on"] += 1
        return dict(kinds), other

    def ended(self, life, moment):
        """Whether a process had ended, was stopped by SIGSTOP, or did not lead."""
        node = self.node(life[0])
        if node.was_frozen(moment) or any(
                at <= moment + 0.5 for at, number, _, _ in node.exits if number == life[1]):
            return True
        samples = self.watches[self.notifiers.index(node)].samples
        place = bisect.bisect_left(samples, moment, key=lambda sample: sample[0]) - 1
        return place >= 0 and samples[place][2] != 200

    def both_leading(self):
        """The moments at which both nodes led: one answered 200 between two 200 of the other."""
        found = []
        for mine, others in ((0, 1), (1, 0)):
            spans, before = [], None
            for sample in self.watches[mine].samples:
                if before and before[2] == sample[2] == 200 and sample[0] - before[1] < SAMPLE_GAP:
                    spans.append((before[1], sample[0]))
                before = sample
            place = 0
            for asked, answered, status in self.watches[others].samples:
                while place < len(spans) and spans[place][1] < answered:
                    place += 1
                # The answer was given within one span.
                if status == 200 and place < len(spans) and spans[place][0] <= asked:
                    found.append(round(asked, 3))
        return sorted(found)

    @staticmethod
    def expected(statuses):
        """How many of a rollout's lines digests count: those from a failure until it has recovered."""
        count, is_open, healthy = 0, False, 0
        for status in statuses:
            if status != "healthy":
                is_open, healthy = True, 0
            if is_open:
                count += 1
                healthy += status == "healthy"
                is_open = healthy < 2
        return count

    def report(self, callers, hooks, leader):
        own, others = (self.lines(self.notifiers[n]) for n in (leader, 1 - leader))
        events = [json.loads(line) for line in own]
        ids = collections.Counter(event.get("id") for event in events)
        alerts = collections.Counter(name for event in events if (name := nodes.posted(event)))
        acknowledged = {name for caller in callers for name in caller.acknowledged}
        lost = [name for name in acknowledged if not ids[name]] \
            + [name for name in hooks.acknowledged if not alerts[name]]
        twice = [name for name, count in [*ids.items(), *alerts.items()] if name and count > 1]
        statuses = collections.defaultdict(list)
        for event in events:
            if event["event"].startswith("analysis.") and "status" in event:
                statuses[event["rollout"]].append(event["status"])
        told, marked = collections.Counter(), set()
        for receipts in self.receiver.receipts.values():
            told[receipts[0].rollout] += receipts[0].events
            if any(receipt.is_marked for receipt in receipts):
                marked.add(receipts[0].rollout)
        under, over, excused = {}, {}, {}
        for rollout, own_statuses in statuses.items():
            want, got = self.expected(own_statuses), told[rollout]
            if got < want:
                under[rollout] = (want, got)
            elif got > want:
                (excused if rollout in marked else over)[rollout] = (want, got)
        repeats, other = self.repeats()
        both = self.both_leading()
        exits, unexpected = collections.Counter(), []
        for node in self.notifiers + self.gateways:
            for at, life, status, signalled in node.exits:
                word = f"{status} after signal {signalled}" if signalled else f"{status}"
                exits[word] += 1
                # 70: an empty folder whose bucket does not answer.
                if signalled or status == 3 or (status == 70 and not node.served(life)):
                    continue
                unexpected.append(f"{node.name} life {life} at {at:.3f}: {status}")
        figures, slow = {}, []
        for kind, bar in (("unplanned", self.options.lease + 2), ("planned", 1.0)):
            spans = sorted(self.takeovers[kind])
            if spans:
                figures[kind] = {
                    "count": len(spans), "p50": round(spans[len(spans) // 2][0], 2),
                    "p99": round(spans[min(len(spans) - 1, len(spans) * 99 // 100)][0], 2),
                    "bar": bar, "over_bar": sum(span > bar for span, _ in spans)}
                if figures[kind]["p99"] > bar:
                    slow.append(kind)
        arrived = sorted((r.at, r.sender) for rs in self.receiver.receipts.values() for r in rs)
        silent = sorted(
            next(at for at, sender in arrived if sender == name and at > ended) - ended
            for ended, name in self.led if any(s == name and at > ended for at, s in arrived))
        figures["first digest of the new leader"] = {
            "p50": round(silent[len(silent) // 2], 2), "most": round(silent[-1], 2)} if silent else {}
        shared = min(len(own), len(others))
        faults = {
            "lost": lost, "twice in the log": twice, "undigested": under, "digested twice": over,
            "repeats with other bytes": other,
            "repeats of another kind": {k: n for k, n in repeats.items() if k not in (ENDED, FROZEN, MARKED)},
            "refused by the strict receiver": self.receiver.refused, "unexpected exits": unexpected,
            "pair stuck": self.stuck, "no takeover": self.missing, "slow takeover": slow,
            "both leading": both if self.options.away == "hold" else [],
            "follower's log differs": [] if own[:shared] == others[:shared] else [
                f"line {n + 1}: {a[:200]} | {b[:200]}"
                for n, (a, b) in enumerate(zip(own, others)) if a != b][:3],
            "other": self.bad,
            "deliveries left": [] if set(self.waiting) <= {"sent", "replaced"} else [self.waiting],
            "orphaned lines left": [self.orphaned] if self.orphaned["left"] else [],
            "nothing happened": [] if acknowledged and told else [True],
        }
        faults = {name: list(what.items())[:20] if isinstance(what, dict) else what[:20]
                  for name, what in faults.items() if what}
        seconds = max(1, self.broke)
        print(json.dumps({
            "seed": self.options.seed, "away": self.options.away, "lease": self.options.lease,
            "condition": not self.options.strip, "faults": dict(self.done), "seconds": round(seconds),
            "acknowledged": {"gateways": len(acknowledged), "hooks": len(hooks.acknowledged)},
            "answers": dict(sum((c.statuses for c in callers), collections.Counter())),
            "hook_answers": {str(k): n for k, n in hooks.statuses.items()},
            "lines": len(own), "orphaned": self.orphaned, "follower_lines": len(others), "lost": len(lost), "twice": len(twice),
            "digests": len(self.receiver.receipts),
            "deliveries": sum(len(r) for r in self.receiver.receipts.values()),
            "failing_rollouts": len(statuses), "undigested": sum(a - b for a, b in under.values()),
            "digested_twice": sum(b - a for a, b in over.values()),
            "digested_twice_with_mark": sum(b - a for a, b in excused.values()),
            "repeats": repeats, "repeats_after": dict(self.repeats_after), "repeats_with_other_bytes": len(other), "outbox": self.waiting,
            "takeover_seconds": figures, "led_again_itself": self.back, "hand_overs_not_ready": self.not_ready, "both_leading_samples": len(both),
            "samples": sum(len(watch.samples) for watch in self.watches), "exits": dict(exits),
            "store_requests_per_hour": {
                f"{m} {s}": round(n * 3600 / seconds) for (m, s), n in sorted(self.used.items(), key=str)},
            "at_the_end": self.end_status,
        }, indent=1))
        for name, what in faults.items():
            print(f"FAULT {name}: {what}")
        return faults

    def end(self):
        for node in self.notifiers + self.gateways:
            node.over = True
            if node.process and node.process.poll() is None:
                node.process.kill()
        self.store.process.kill()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bellwether", required=True, help="the executable")
    parser.add_argument("--faults", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lease", type=float, default=4, help="seconds")
    parser.add_argument("--away", choices=["hold", "tell"], default="hold")
    parser.add_argument("--strip", action="store_true", help="remove If-None-Match")
    parser.add_argument("--pace", type=float, default=0.25, help="seconds between a gateway's measurements")
    parser.add_argument("--patience", type=float, default=90, help="seconds for the pair to recover")
    parser.add_argument("--only", help="these kinds of faults, separated by commas")
    parser.add_argument("--keep", action="store_true", help="keep the folder")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    bench = Bench(options)
    failed = True
    try:
        failed = bench.run()
        if options.strip:
            # A pair that got stuck ended the run before its deliveries: that proves nothing.
            fenceless = bench.finds_no_fence() or (
                len(bench.stuck) <= 2 and not FENCE.isdisjoint(failed))
    finally:
        bench.end()
        if failed or options.keep:
            print("kept:", bench.folder)
        else:
            shutil.rmtree(bench.folder, ignore_errors=True)
    if options.strip:
        sys.exit(3 if fenceless else 1)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
