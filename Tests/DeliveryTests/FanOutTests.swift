import Events
import GRDB
import Rendering
@testable import State
import Synchronization
import TestSupport
import Testing
import Transfer

@testable import Delivery

@Suite("Many digests to one receiver")
struct FanOutTests {
    let bench: DeliveryBench

    init() throws { bench = try DeliveryBench() }

    @Test("are sent at the same time, those of one thread one after another")
    func parallel() async throws {
        let open = Mutex<Set<String>>([])
        let most = Mutex((count: 0, isMixed: false))
        let gate = AsyncStream<Never>.makeStream()
        let receiver = ScriptedReceiver("hook", parallel: 8) { digest, _, _ in
            let count = open.withLock { open in
                if !open.insert(digest.thread).inserted { most.withLock { $0.isMixed = true } }
                return open.count
            }
            most.withLock { $0.count = max($0.count, count) }
            // Nobody is answered before eight are here.
            if count == 8 { gate.continuation.finish() }
            for await _ in gate.stream {}
            _ = open.withLock { $0.remove(digest.thread) }
            return .sent
        }
        let service = bench.service([receiver])
        let digests = (0..<60).map { Sample.digest("d\($0)", thread: "t\($0 % 10)") }
        try await bench.running(service) {
            try await bench.enqueue(digests, service)
            try await eventually("all are sent") { try await bench.count(.sent) == 60 }
        }
        #expect(most.withLock { $0.count } == 8)
        #expect(most.withLock { $0.isMixed } == false)
        for thread in 0..<10 {
            let sent = receiver.calls.map(\.digest).filter {
                (Int($0.dropFirst()) ?? 0) % 10 == thread
            }
            #expect(sent == sent.sorted { (Int($0.dropFirst()) ?? 0) < (Int($1.dropFirst()) ?? 0) })
        }
    }

    @Test("what ends while others are being recorded is recorded with one write, each once")
    func grouped() async throws {
        let groups = OutcomeGroups<Int, String>()
        let written = Mutex<[[Int]]>([])
        let gate = TestGate()
        let write: @Sendable ([Int]) async -> [String]? = { items in
            written.withLock { $0.append(items) }
            if items == [0] { await gate.pass() }
            return items.contains(9) ? nil : items.map { "\($0)" }
        }
        let outcomes = try await withThrowingTaskGroup(of: (Int, String?).self) { group in
            group.addTask { (0, await groups.record(0, with: write)) }
            await gate.arrivals()
            for item in 1...8 {
                group.addTask { (item, await groups.record(item, with: write)) }
            }
            try await eventually("eight wait") { groups.waiting == 8 }
            gate.open()
            return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
        }
        #expect(outcomes == Dictionary(uniqueKeysWithValues: (0...8).map { ($0, "\($0)") }))
        let sizes = written.withLock { $0.map(\.count) }
        #expect(sizes == [1, 8])
        // A group that cannot be recorded fails for its own items only.
        #expect(await groups.record(9, with: write) == nil)
        #expect(await groups.record(10, with: write) == "10")
        #expect(groups.waiting == 0)
    }

    @Test("while it fails, one is tried at a time; when one arrives, the others follow at once")
    func probe() async throws {
        let works = Atomic(false)
        let receiver = ScriptedReceiver("hook", parallel: 8) { _, _, _ in
            works.load(ordering: .relaxed) ? .sent : .retry(after: nil)
        }
        let service = bench.service([receiver])
        try await bench.running(service) {
            try await bench.enqueue(
                (0..<40).map { Sample.digest("d\($0)", thread: "t\($0)") }, service)
            try await eventually("the first ones failed") { receiver.calls.count >= 8 }
            let before = receiver.calls.count
            try await bench.passing(.seconds(1), until: "ten minutes passed") {
                bench.clock.wall.now >= ManualClock().wall.now + .seconds(600)
            }
            // A hammer would be 40 digests each 10 s.
            #expect(receiver.calls.count - before < 400)
            works.store(true, ordering: .relaxed)
            let back = bench.clock.wall.now
            try await bench.passing(until: "one is sent") { try await bench.count(.sent) > 0 }
            #expect(bench.clock.wall.now - back <= .seconds(12))
            try await bench.passing(until: "all are sent") { try await bench.count(.sent) == 40 }
        }
    }

    @Test("a receiver that is away gets at most 40 tries a minute, the next within ten seconds")
    func tries() throws {
        let policy = DeliveryPolicy()
        for _ in 0..<100 {
            let health = ReceiverHealth()
            var tries: [Duration] = []
            var now = Duration.zero
            while now < .seconds(600) {
                // As many at a time as a webhook gets.
                for _ in 0..<health.places(of: 32) {
                    tries.append(now)
                    health.failed(
                        began: now, at: now + .milliseconds(1), asked: nil, words: "503", policy)
                }
                let next = try #require(health.pause(at: now))
                #expect(next - now < .seconds(10))
                now = next
            }
            #expect(tries.count { $0 == .zero } == 32)
            for first in tries {
                let minute = tries.count { $0 >= first && $0 < first + .seconds(60) }
                #expect(minute <= 40)
            }
        }
    }

    @Test("the tries of a service whose receiver is away: 32, then one at a time")
    func away() async throws {
        let works = Atomic(false)
        let clock = bench.clock
        let moments = Mutex<[Timestamp]>([])
        let receiver = ScriptedReceiver("hook", parallel: 32) { _, _, _ in
            let isBack = works.load(ordering: .relaxed)
            if !isBack { moments.withLock { $0.append(clock.wall.now) } }
            return isBack ? .sent : .retry(after: nil)
        }
        let service = bench.service([receiver])
        try await bench.running(service) {
            try await bench.enqueue(
                (0..<100).map { Sample.digest("d\($0)", thread: "t\($0)") }, service)
            try await eventually("the first ones failed") { receiver.calls.count >= 32 }
            let begun = clock.wall.now
            try await bench.passing(.milliseconds(500), until: "two minutes passed") {
                clock.wall.now >= begun + .seconds(120)
            }
            let tries = moments.withLock { $0 }
            // The first wait may be none.
            #expect((32...33).contains(tries.count { $0 == begun }))
            #expect(tries.count > 36, "it is probed")
            for first in tries {
                #expect(tries.count { $0 >= first && $0 < first + .seconds(60) } <= 40)
            }
            #expect((service.states.first?.pause ?? .zero) < .seconds(10))
            works.store(true, ordering: .relaxed)
            try await bench.passing(until: "all are sent") { try await bench.count(.sent) == 100 }
        }
    }

    @Test(
        "a receiver that fails for five minutes is reported once, through another, and its return")
    func failing() async throws {
        let works = Atomic(false)
        let away = ScriptedReceiver("away") { _, _, _ in
            works.load(ordering: .relaxed) ? .sent : .retry(after: nil)
        }
        let here = ScriptedReceiver("here") { _, _, _ in .sent }
        let service = bench.service([away, here])
        try await bench.running(service) {
            try await bench.enqueue([Sample.digest("d")], service)
            try await bench.passing(.seconds(1), until: "it is reported") {
                !bench.changes.isEmpty
            }
            #expect(bench.changes.map(\.receiver) == ["away"])
            #expect(service.failingReceivers.count == 1)
            works.store(true, ordering: .relaxed)
            try await bench.passing(.seconds(1), until: "it is back") { bench.changes.count == 2 }
            #expect(bench.changes.last == .recovered("away"))
            #expect(service.failingReceivers.isEmpty)
            try await eventually("the other one got the notice") { here.calls.count == 3 }
        }
        #expect(here.calls[1].digest.hasPrefix("failing-away-"))
        #expect(here.calls[2].digest.hasPrefix("recovered-away-"))
    }

    @Test("a restart does not repeat that a receiver fails, and still reports its return")
    func restarted() async throws {
        let works = Atomic(false)
        let away = ScriptedReceiver("away") { _, _, _ in
            works.load(ordering: .relaxed) ? .sent : .retry(after: nil)
        }
        let here = ScriptedReceiver("here") { _, _, _ in .sent }
        let first = bench.service([away, here])
        try await bench.running(first) {
            try await bench.enqueue([Sample.digest("d")], first)
            try await bench.passing(.seconds(1), until: "it is reported") {
                !bench.changes.isEmpty
            }
            try await eventually("the other one got the notice") { here.calls.count == 2 }
        }
        let second = bench.service([away, here])
        try await bench.running(second) {
            let begun = bench.clock.wall.now
            try await bench.passing(.seconds(5), until: "as long has passed again") {
                bench.clock.wall.now >= begun + .seconds(900) && !second.failingReceivers.isEmpty
            }
            #expect(bench.changes.map(\.receiver) == ["away"])
            works.store(true, ordering: .relaxed)
            try await bench.passing(.seconds(1), until: "it is back") { bench.changes.count == 2 }
            try await eventually("the other one got the notice") { here.calls.count == 3 }
        }
        #expect(bench.changes.last == .recovered("away"))
        #expect(here.calls.last?.digest.hasPrefix("recovered-away-") == true)
    }

    @Test("after a restart, a receiver whose pause the others heard of is still tried with one")
    func restartedPause() {
        let health = ReceiverHealth()
        health.resume(after: NoticeDigest.pausedKind)
        #expect(health.isProbing)
        #expect(health.pause(at: .zero) == nil)
        #expect(health.delivered() == ReceiverHealth.Ended(pause: true))
        #expect(!health.isProbing)
        health.resume(after: NoticeDigest.recoveredKind)
        #expect(health.delivered() == ReceiverHealth.Ended())
    }

    @Test("a receiver that is back gets one more at a time for each that it accepts")
    func growing() {
        let policy = DeliveryPolicy()
        let health = ReceiverHealth()
        #expect(health.places(of: 8) == 8)
        for round in 0..<2 {
            let began = Duration.seconds(round * 100)
            health.failed(
                began: began, at: began + .seconds(1), asked: nil, words: "503", policy)
            #expect(health.places(of: 8) == 1)
            let places = (0..<9).map { _ in
                _ = health.delivered()
                return health.places(of: 8)
            }
            #expect(places == [2, 3, 4, 5, 6, 7, 8, 8, 8])
        }
    }

    @Test("one refused digest says nothing about the next: only a later try makes a receiver fail")
    func refusedOnce() {
        let policy = DeliveryPolicy()
        func refuse(_ health: ReceiverHealth, began: Int, at now: Int) {
            _ = health.refused(began: .seconds(began), at: .seconds(now), words: "400", policy)
        }
        let health = ReceiverHealth()
        refuse(health, began: 0, at: 1)
        // Sent at the same time as the first one.
        refuse(health, began: 0, at: 2)
        #expect(health.failing(at: .seconds(86_400), policy) == nil)
        #expect(health.takeFailing(at: .seconds(86_400), policy) == nil)
        refuse(health, began: 400, at: 401)
        #expect(health.failing(at: .seconds(402), policy)?.time == .seconds(401))
        // A delivery that will be tried again waits.
        let waits = ReceiverHealth()
        waits.failed(began: .zero, at: .seconds(1), asked: nil, words: "503", policy)
        #expect(waits.failing(at: .seconds(300), policy) == nil)
        #expect(waits.failing(at: .seconds(301), policy) != nil)
    }

    @Test("the others learn that a receiver whose pause they heard of accepts digests again")
    func resumed() async throws {
        let paused = ScriptedReceiver("slack") { _, _, turn in turn < 3 ? .refused : .sent }
        let here = ScriptedReceiver("here") { _, _, _ in .sent }
        let service = bench.service([paused, here])
        try await bench.running(service) {
            try await bench.enqueue((0..<3).map { Sample.digest("d\($0)") }, service)
            try await eventually("it is paused") { here.calls.count == 4 }
            #expect(here.calls[3].digest.hasPrefix("paused-slack-"))
            // Another process retries them.
            let other = try Store(path: bench.store.path)
            let now = bench.clock.wall.now
            _ = try await other.write { db in try Outbox.retryDead(db, at: now) }
            try await bench.passing(until: "the others got the notice") { here.calls.count == 5 }
        }
        #expect(here.calls[4].digest.hasPrefix("recovered-slack-"))
        #expect(bench.changes.isEmpty, "it was not failing for five minutes")
    }

    @Test("a bad address of a list is news once, until something is delivered to it")
    func badAddress() async throws {
        let mail = ScriptedReceiver("mail", recipients: ["good@x", "bad@x"]) {
            digest, recipient, _ in
            recipient == "bad@x" && digest.id != "works" ? .refused : .sent
        }
        let service = bench.service([mail])
        try await bench.running(service) {
            for id in ["a", "b", "c", "works", "d", "e"] {
                try await bench.enqueue([Sample.digest(id, thread: id)], service)
                try await eventually("\(id) is settled") {
                    try await bench.count(.waiting) == 0
                }
            }
            try await eventually("all letters are announced") { bench.deadLetters.count == 5 }
        }
        #expect(bench.deadLetters.map(\.digest) == ["a", "b", "c", "d", "e"])
        #expect(bench.deadLetters.map(\.isRepeated) == [false, true, true, false, true])
    }

    @Test("the next delivery, its recipients and what it replaces are found by indexes")
    func index() async throws {
        func plan(_ sql: String, _ arguments: StatementArguments) async throws -> [String] {
            try await bench.store.read { db in
                try String.fetchAll(
                    db.connection, sql: "EXPLAIN QUERY PLAN " + sql, arguments: arguments,
                    adapter: SuffixRowAdapter(fromIndex: 3))
            }
        }
        let heads = try await plan(Outbox.headsSQL, ["a"])
        #expect(heads.count == 1)
        #expect(heads.first?.contains("USING INDEX outbox_due (receiver=?)") == true)
        // By the digest, not among all that is due at the receiver or waits anywhere.
        let recipients = try await plan(Outbox.recipientsSQL, ["d", "a", 1])
        #expect(recipients.first?.contains("(digest=? AND receiver=?)") == true, "\(recipients)")
        let unreported = try await plan(Outbox.unreportedSQL, [])
        #expect(unreported.first?.contains("outbox_unreported") == true, "\(unreported)")
        let stale = try await plan(Outbox.staleSQL, ["t", 1])
        for part in ["digest_thread (thread=?)", "(digest=?)", "outbox_thread (receiver=?"] {
            #expect(stale.contains { $0.contains(part) }, "\(part): \(stale)")
        }
        #expect(!stale.contains { $0.contains("outbox_state") || $0.contains("SCAN outbox") })
    }

    @Test("each thread has one head, however its deliveries end or are revived")
    func heads() async throws {
        let now = bench.clock.wall.now
        func heads() async throws -> [String] {
            try await bench.store.read { db in
                try String.fetchAll(
                    db.connection, sql: "SELECT digest FROM outbox WHERE head = 1 ORDER BY digest")
            }
        }
        let hook = [Addressee(receiver: "hook")]
        try await bench.store.write { db in
            for (id, thread) in [("a1", "a"), ("a2", "a"), ("b1", "b"), ("a3", "a")] {
                try Outbox.enqueue(db, Sample.digest(id, thread: thread), to: hook, at: now)
            }
        }
        #expect(try await heads() == ["a1", "b1"])
        try await bench.store.write { db in
            let first = try #require(try Outbox.list(db).first { $0.digest == "a1" })
            try Outbox.settle(
                db, first.id, Outbox.Verdict(fate: .dead, words: "no"), at: now)
        }
        #expect(try await heads() == ["a2", "b1"])
        try await bench.store.write { db in
            try Outbox.enqueue(
                db, Sample.digest("a4", thread: "a"), to: hook, replacing: ["a2", "a3"], at: now)
        }
        #expect(try await heads() == ["a4", "b1"])
        try await bench.store.write { db in _ = try Outbox.retryDead(db, at: now) }
        #expect(try await heads() == ["a1", "b1"])
        let next = try await bench.store.read { db in
            try Outbox.next(db, receiver: "hook", at: now, limit: 9)
        }
        #expect(next.batches.map(\.digest.id) == ["a1", "b1"])
    }
}
