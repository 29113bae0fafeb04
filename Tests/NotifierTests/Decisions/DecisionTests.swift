import Delivery
import Digests
import EventLog
import Events
import Rendering
import Server
import State
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Notifier

/// A log and a state file, with the parts that decide.
private struct Bench {
    let folder: TemporaryDirectory
    let clock = ManualClock()
    let eventLog: EventLog

    init() async throws {
        folder = try TemporaryDirectory()
        eventLog = try await EventLog.open(
            EventLogConfiguration(directory: folder.file("data"), node: "n"), clock: clock.wall)
    }

    /// The decisions of a state file, which is created if needed.
    func decisions(_ name: String = "state") async throws -> DecisionLog {
        let log = DecisionLog(
            eventLog: eventLog, store: try Store(path: folder.file("\(name).sqlite")),
            telemetry: .silent)
        await log.replay()
        return log
    }

    /// Every line of these names.
    func lines(_ names: String...) async throws -> [Event] {
        try await eventLog.last(10_000).lines.map { try Event(line: $0.bytes) }
            .filter { names.contains($0.event) }
    }

    func digest(_ id: String, html: String = "<p>h</p>") -> DigestTable.Row {
        DigestTable.Row(
            id: id, thread: "t", subject: "prod/shop is unhealthy", kind: "failing",
            group: #"{"namespace":"prod","rollout":"shop"}"#, composed: clock.wall.now,
            model: "{}", text: "text\n", html: html, slack: "{}", slackReply: "")
    }

    /// Logs and stores a digest, as the digest service does.
    func commit(_ row: DigestTable.Row, to names: [String], _ log: DecisionLog) async throws {
        let decision = decision(row, to: names)
        try await log.decide(decision.events()) { _ in
            try await log.store.write { db in try decision.apply(db) }
        }
    }

    func decision(_ row: DigestTable.Row, to names: [String]) -> DigestDecision {
        var decision = DigestDecision(
            position: LogPosition(segment: 1, offset: 1), at: clock.wall.now)
        decision.messages = [
            DigestDecision.Message(
                digest: row, addressees: names.map { Addressee(receiver: $0) }, replaced: [])
        ]
        return decision
    }
}

/// What a state file contains that the log can give back.
private struct Contents: Equatable {
    let digests: [DigestTable.Row]
    let deliveries: [String]
    let silences: [SilenceTable.Row]

    init(_ log: DecisionLog) async throws {
        (digests, deliveries, silences) = try await log.store.read { db in
            (
                try DigestTable.list(db),
                try Outbox.list(db).map { entry in
                    "\(entry.digest) \(entry.addressee) \(entry.state) \(entry.answer) \(String(describing: entry.settled))"
                },
                try SilenceTable.list(db, endingAfter: nil)
            )
        }
    }
}

@Suite("Decisions in the log")
struct DecisionTests {
    private struct Cut: Error {}

    @Test(
        "a digest that may not be sent is in the log alone, and is stored once the node leads again"
    )
    func notLeading() async throws {
        let bench = try await Bench()
        let mayDecide = Mutex(false)
        let log = DecisionLog(
            eventLog: bench.eventLog, store: try Store(path: bench.folder.file("state.sqlite")),
            bucket: DecisionLog.BucketWait(
                until: { _ in mayDecide.withLock { $0 } }, hurry: {},
                untilActing: { mayDecide.withLock { $0 } }),
            telemetry: .silent)
        await #expect(throws: NotLeading.self) {
            try await bench.commit(bench.digest("d1"), to: ["a"], log)
        }
        #expect(try await log.store.read { db in try DigestTable.list(db) }.isEmpty)
        #expect(await !log.resume())
        #expect(try await log.store.read { db in try DigestTable.list(db) }.isEmpty)
        mayDecide.withLock { $0 = true }
        #expect(await log.resume())
        let stored = try await log.store.read { db in
            (try DigestTable.list(db).map(\.id), try Outbox.list(db).map(\.digest))
        }
        #expect(stored.0 == ["d1"])
        #expect(stored.1 == ["d1"])
        // Nothing is left to be read again.
        let head = bench.eventLog.head
        #expect(log.applied(upTo: head) == head)
        #expect(try await bench.lines(EventName.digestComposed).count == 1)
    }

    @Test("what a person decides takes effect when the bucket has it; an outcome does at once")
    func personDecides() async throws {
        let bench = try await Bench()
        let mayDecide = Mutex(true)
        let waited = Mutex(0)
        let hurried = Mutex(0)
        let log = DecisionLog(
            eventLog: bench.eventLog, store: try Store(path: bench.folder.file("state.sqlite")),
            bucket: DecisionLog.BucketWait(
                until: { _ in
                    waited.withLock { $0 += 1 }
                    return mayDecide.withLock { $0 }
                }, hurry: { hurried.withLock { $0 += 1 } },
                untilActing: { mayDecide.withLock { $0 } }),
            telemetry: .silent)
        try await bench.commit(bench.digest("d1"), to: ["a"], log)
        #expect(waited.withLock { $0 } == 1)
        mayDecide.withLock { $0 = false }
        let now = bench.clock.wall.now
        let id = try #require(try await log.store.read { db in try Outbox.list(db).first?.id })
        let filter = try Filter(entry: "rollout=shop", .digests(groupBy: ["rollout"]))
        let problem = await #expect(throws: Problem.self) {
            try await log.addSilence(
                filter: filter, until: now + .seconds(60), who: "w", why: "y", at: now,
                by: "c")
        }
        #expect(problem?.reason == "not_leader")
        await #expect(throws: Problem.self) { try await log.drop(id, at: now) }
        #expect(
            try await log.store.read { db in try SilenceTable.list(db, endingAfter: nil) } == [])
        #expect(try await log.store.read { db in try Outbox.list(db).map(\.state) } == [.waiting])
        #expect(waited.withLock { $0 } == 3)
        // The receiver has the message already.
        let verdict = Outbox.Verdict(fate: .sent, words: "ok")
        let outcome = DeliveryOutcome(
            digest: "d1", addressee: Addressee(receiver: "a"), verdict: verdict)
        try await log.settle([outcome], at: now) {
            try await log.store.write { db in try Outbox.settle(db, id, verdict, at: now) }
        }
        #expect(try await log.store.read { db in try Outbox.list(db).map(\.state) } == [.sent])
        #expect(hurried.withLock { $0 } == 1)
        // Of no use to a receiver: it waits for the next object, which is one a second.
        let state = Event(
            ts: now, level: .debug, event: EventName.digestState, message: "states")
        try await log.decide([state]) { _ in }
        #expect(hurried.withLock { $0 } == 1)
        mayDecide.withLock { $0 = true }
        #expect(await log.resume())
        #expect(
            try await log.store.read { db in try SilenceTable.list(db, endingAfter: nil) }.count
                == 1)
    }

    @Test("a new state file gets back digests, outcomes and silences")
    func rebuilt() async throws {
        let bench = try await Bench()
        let log = try await bench.decisions()
        try await bench.commit(bench.digest("a.1"), to: ["slack", "mail", "hook", "page"], log)
        let ids = try await log.store.read { db in
            try Outbox.list(db).reduce(into: [String: Int64]()) {
                $0[$1.addressee.receiver] = $1.id
            }
        }
        let now = bench.clock.wall.now
        for (receiver, verdict) in [
            ("slack", Outbox.Verdict(fate: .sent, words: "ok", mark: "m1")),
            ("mail", Outbox.Verdict(fate: .dead, words: "550 no such user")),
        ] {
            let id = try #require(ids[receiver])
            let outcome = DeliveryOutcome(
                digest: "a.1", addressee: Addressee(receiver: receiver), verdict: verdict)
            try await log.settle([outcome], at: now) {
                try await log.store.write { db in try Outbox.settle(db, id, verdict, at: now) }
            }
        }
        #expect(try await log.drop(try #require(ids["hook"]), at: now))
        let filter = try Filter(entry: "rollout=shop", .digests(groupBy: ["rollout"]))
        let kept = try await log.addSilence(
            filter: filter, until: now + .seconds(600), who: "w", why: "y", at: now, by: "ann")
        let ended = try await log.addSilence(
            filter: filter, until: now + .seconds(600), who: "w", why: "y", at: now, by: "ann")
        #expect(try await log.expireSilence(id: ended, at: now, by: "ann"))

        let rebuilt = try await Contents(bench.decisions("other"))
        #expect(try await rebuilt == Contents(log))
        #expect(rebuilt.deliveries.count == 4)
        #expect(Set(rebuilt.silences.map(\.id)) == [kept, ended])
        // Another start applies nothing twice.
        #expect(try await Contents(bench.decisions("other")) == rebuilt)
        await bench.eventLog.close()
    }

    @Test("a decision that was logged and not stored is stored at the next start")
    func cut() async throws {
        let bench = try await Bench()
        let log = try await bench.decisions()
        let row = bench.digest("a.1")
        await #expect(throws: Cut.self) {
            try await log.decide(bench.decision(row, to: ["slack"]).events()) { _ in throw Cut() }
        }
        #expect(try await Contents(log).digests.isEmpty)
        let second = try await bench.decisions()
        #expect(try await Contents(second).digests == [row])

        let outcome = DeliveryOutcome(
            digest: "a.1", addressee: Addressee(receiver: "slack"),
            verdict: Outbox.Verdict(fate: .sent, words: "ok"))
        let now = bench.clock.wall.now
        await #expect(throws: Cut.self) {
            try await second.settle([outcome], at: now) { throw Cut() }
        }
        let third = try await bench.decisions()
        #expect(try await third.store.read { db in try Outbox.counts(db)[.sent] } == 1)
        await bench.eventLog.close()
    }

    @Test("a decision that is not applied yet is not passed by the cursor")
    func held() async throws {
        let bench = try await Bench()
        let log = try await bench.decisions()
        try await bench.commit(bench.digest("a.1"), to: [], log)
        let head = bench.eventLog.head
        #expect(log.applied(upTo: head) == head)
        _ = try? await log.decide(bench.decision(bench.digest("b.1"), to: []).events()) { _ in
            throw Cut()
        }
        #expect(log.applied(upTo: bench.eventLog.head) == head)
        await bench.eventLog.close()
    }

    @Test("texts longer than a line are given back byte for byte")
    func long() async throws {
        let bench = try await Bench()
        let html =
            String(repeating: "\"\\\u{1}\u{7F}", count: 20_000)
            + String(repeating: "ü🔴", count: 20_000)
        let log = try await bench.decisions()
        try await bench.commit(bench.digest("a.1", html: html), to: ["slack"], log)
        let parts = try await bench.lines(EventName.digestPart)
        #expect(parts.count > 5)
        let found = try await Contents(bench.decisions("other")).digests
        #expect(found.map(\.html) == [html])
        await bench.eventLog.close()
    }

    @Test("the lines are words for people")
    func words() async throws {
        let bench = try await Bench()
        let log = try await bench.decisions()
        try await bench.commit(bench.digest("a.1"), to: ["slack"], log)
        let line = try #require(try await bench.lines(EventName.digestComposed).first)
        #expect(line.message == "digest a.1 for slack: prod/shop is unhealthy")
        #expect(line.rollout == "shop")
        await bench.eventLog.close()
    }

    @Test("lines of these names that the node did not write decide nothing")
    func forged() async throws {
        let bench = try await Bench()
        let log = try await bench.decisions()
        try await bench.commit(bench.digest("a.1"), to: ["slack"], log)
        var line = DeliveryDecision(
            digest: "a.1", addressee: Addressee(receiver: "slack"), kind: .sent(mark: "")
        ).event(at: bench.clock.wall.now)
        line.node = "n"
        line.epoch = "e"
        line.seq = 1
        // As a version before the names were reserved stored it.
        _ = try await bench.eventLog.ingest(IngestBody(line.line))
        let again = try await bench.decisions("other")
        #expect(try await again.store.read { db in try Outbox.counts(db)[.waiting] } == 1)
        await bench.eventLog.close()
    }

    @Test("what a command changes in the state file is in the log later")
    func commands() async throws {
        let bench = try await Bench()
        let log = try await bench.decisions()
        try await bench.commit(bench.digest("a.1"), to: ["slack", "mail"], log)
        let now = bench.clock.wall.now
        let filter = try Filter(entry: "rollout=shop", .digests(groupBy: ["rollout"]))
        let command = try Store(path: log.store.path, .editor)
        try await command.write { db in
            _ = try CommandDecisions.addSilence(
                db, filter: filter, until: now + .seconds(60), who: "w", why: "y", at: now)
            let id = try #require(try Outbox.list(db).first?.id)
            #expect(try CommandDecisions.drop(db, id: id, at: now))
        }
        try await log.logUnlogged()
        try await log.logUnlogged()
        #expect(try await bench.lines(EventName.silenceAdded, EventName.deliveryDropped).count == 2)
        #expect(try await Contents(bench.decisions("other")) == Contents(log))
        await bench.eventLog.close()
    }
}
