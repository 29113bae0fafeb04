import Delivery
import EventLog
import Events
import Rendering
import Server
import State
import Telemetry
import TestSupport
import Testing

@testable import App

@Suite("The node's own trouble")
struct TroubleTests {
    private static let day = Duration.seconds(86_400)
    private static let now = Timestamp(milliseconds: 1_795_600_920_000)

    @Test("a certificate and a token are reported 14, 3 and 1 days before their end, each once")
    func expiry() {
        var book = TroubleBook()
        var facts = TroubleBook.Facts()
        facts.certificate = Self.now + Self.day * 30
        facts.tokens = [.init(name: "ci", end: Self.now + Self.day * 20)]
        var said: [(day: Int, name: String)] = []
        for day in 0..<32 {
            for hour in 0..<24 {
                let now = Self.now + Self.day * day + .seconds(3600 * hour)
                for trouble in book.look(facts, at: .zero, now: now) {
                    said.append((day, trouble.name))
                }
            }
        }
        #expect(
            said.filter { $0.name == EventName.certificateExpiring }.map(\.day) == [16, 27, 29])
        #expect(said.filter { $0.name == EventName.tokenExpiring }.map(\.day) == [6, 17, 19])
        // A node that starts in between reports the nearest threshold only.
        var late = TroubleBook()
        #expect(late.look(facts, at: .zero, now: Self.now + Self.day * 29).count == 2)
    }

    @Test("tokens that expire together are one report, and each later one has its own")
    func tokens() {
        var book = TroubleBook()
        var facts = TroubleBook.Facts()
        facts.tokens = (1...5).map {
            .init(name: "gw-\($0)", end: Self.now + Self.day * 20 + .seconds($0))
        }
        facts.tokens.append(.init(name: "late", end: Self.now + Self.day * 22))
        var said: [(day: Int, words: String)] = []
        for day in 0..<30 {
            // A token that has expired is not valid any more.
            let now = Self.now + Self.day * day + .seconds(3600)
            var valid = facts
            valid.tokens.removeAll { $0.end <= now }
            said += book.look(valid, at: .zero, now: now).map { (day, $0.words) }
        }
        #expect(said.map(\.day) == [6, 8, 17, 19, 21])
        #expect(said[0].words.hasPrefix("Token gw-1 expires "))
        #expect(said[0].words.contains("and 4 more expire soon"))
        #expect(said[1].words.hasPrefix("Token late expires "))
        #expect(!said[1].words.contains("more"))
        // After a restart the earliest stands for all, so that the log has its report already.
        var restarted = TroubleBook()
        let now = Self.now + Self.day * 9
        let troubles = restarted.look(facts, at: .zero, now: now)
        #expect(troubles.count == 1)
        #expect(troubles.first?.identity == Self.identity(of: "gw-1", facts, notice: 1))
    }

    private static func identity(
        of name: String, _ facts: TroubleBook.Facts, notice: Int
    ) -> String? {
        facts.tokens.first { $0.name == name }.flatMap {
            Trouble.token(name: $0.name, expires: $0.end, others: 7, notice: notice).identity
        }
    }

    @Test("a short life has its thresholds in the last quarter: an issuer renews before")
    func shortLife() {
        var book = TroubleBook()
        var said: [(hour: Int, trouble: Trouble)] = []
        // Renewed when a third is left, for three days.
        for hour in 0..<72 {
            var facts = TroubleBook.Facts()
            let begin = Self.now + .seconds(hour / 16 * 16 * 3600)
            (facts.certificateBegin, facts.certificate) = (begin, begin + Self.day)
            let now = Self.now + .seconds(hour * 3600)
            said += book.look(facts, at: .zero, now: now).map { (hour, $0) }
        }
        #expect(said.isEmpty)
        var facts = TroubleBook.Facts()
        (facts.certificateBegin, facts.certificate) = (Self.now, Self.now + Self.day)
        facts.tokens = [.init(name: "ci", begin: Self.now, end: Self.now + Self.day * 28)]
        for minute in 0..<1440 {
            let now = Self.now + .seconds(minute * 60)
            said += book.look(facts, at: .zero, now: now).map { (minute / 60, $0) }
        }
        #expect(said.map(\.hour) == [18, 22, 23])
        #expect(
            TroubleBook.notices(from: Self.now, to: Self.now + Self.day * 90)[0] == Self.day * 14)
        #expect(
            TroubleBook.notices(from: Self.now, to: Self.now + Self.day * 28)[0] == Self.day * 7)
    }

    @Test("a report of an end is found in the log after a restart; the next one is not")
    func restarted() async throws {
        let folder = try TemporaryDirectory("troubles")
        func log() async throws -> EventLog {
            try await EventLog.open(
                EventLogConfiguration(
                    directory: folder.file("log"), node: "gw-a1", maxBytes: 64 << 20,
                    ballastBytes: 0))
        }
        func event(_ notice: Int, node: String = "gw-a1") -> Event {
            Event(
                .certificate(expires: Self.now + Self.day, notice: notice), node: node, az: "a",
                at: Self.now)
        }
        var eventLog = try await log()
        #expect(await TroubleWatch.holds(event(1), in: eventLog) == false)
        try await eventLog.append(event(1))
        await eventLog.close()
        eventLog = try await log()
        #expect(await TroubleWatch.holds(event(1), in: eventLog))
        #expect(await TroubleWatch.holds(event(2), in: eventLog) == false)
        #expect(await TroubleWatch.holds(event(1, node: "gw-b1"), in: eventLog) == false)
        let other = Event(.forwardBehind(fault: ""), node: "gw-a1", az: "a", at: Self.now)
        #expect(await TroubleWatch.holds(other, in: eventLog) == false)
        await eventLog.close()
    }

    @Test("of the dead letters to one bad address the first is an error, the others are no news")
    func deadLetters() async throws {
        let folder = try TemporaryDirectory("dead")
        let store = try Store(path: folder.file("state.sqlite"))
        var levels: [Event.Level] = []
        for number in 1...12 {
            let digest = RenderedDigest(
                id: "d\(number)", thread: "t\(number)", subject: "s", slack: "{}", text: "t",
                html: "h", model: "{}", kind: "failing", groupKey: "k", composedAt: Self.now)
            let letters = try await store.write { db in
                try Outbox.enqueue(
                    db, digest, to: [Addressee(receiver: "mail", recipient: "bad@x.example")],
                    at: Self.now)
                for entry in try Outbox.list(db, states: [.waiting]) {
                    try Outbox.settle(
                        db, entry.id, Outbox.Verdict(fate: .dead, words: "550 no such user"),
                        at: Self.now)
                }
                let letters = try Outbox.unreported(db)
                try Outbox.markReported(db, letters.map(\.id))
                return letters
            }
            levels += letters.map { Event(dead: $0, node: "n", az: "a").level }
        }
        #expect(levels == [Event.Level.error] + Array(repeating: Event.Level.info, count: 11))
        try store.close()
    }

    /// A receiver that never accepts anything.
    private struct Away: Receiver {
        let name = "oncall"
        let kind = "webhook"

        func send(_ digest: RenderedDigest, to recipients: [String]) async -> DeliveryAttempt {
            DeliveryAttempt(
                results: recipients.map {
                    .init(recipient: $0, outcome: .retry(after: nil), words: "503 try later")
                })
        }
    }

    @Test("/readyz shows a receiver that has accepted nothing for five minutes")
    func receivers() async throws {
        let folder = try TemporaryDirectory("receivers")
        let clock = ManualClock()
        let delivery = DeliveryService(
            store: try Store(path: folder.file("state.sqlite")), receivers: [Away()],
            clock: clock, wall: clock.wall, telemetry: .silent)
        let check = HealthCheck.receivers(of: delivery)
        #expect(await check.look().status == .pass)
        let running = Task { await delivery.run() }
        try await delivery.notify(kind: "x", subject: "x", words: "x", at: clock.wall.now)
        try await eventually("it is shown") {
            clock.advance(by: .seconds(1))
            return await check.look().status == .warn
        }
        let finding = await check.look()
        #expect(check.name == "receivers:failing")
        #expect(finding.value == 1)
        let words = try #require(finding.output)
        #expect(words.contains("oncall") && words.contains("503 try later"), "\(words)")
        running.cancel()
        await running.value
    }

    @Test("digests that stand still with something to read are reported after a minute, once")
    func behind() {
        var book = TroubleBook()
        var facts = TroubleBook.Facts()
        facts.lag = 500
        var said: [Int] = []
        for second in 0..<300 {
            // They go on after two minutes, and stand still again.
            if second == 120 { facts.position = LogPosition(segment: 1, offset: 9) }
            let news = book.look(facts, at: .seconds(second), now: Self.now)
            if !news.isEmpty { said.append(second) }
        }
        #expect(said == [60, 180])
        facts.lag = 0
        #expect(book.look(facts, at: .seconds(900), now: Self.now).isEmpty)
    }

    @Test("a bucket that refuses is reported after a minute, one that does not answer after five")
    func bucket() {
        for (refuses, second) in [(true, 60), (false, 300)] {
            var book = TroubleBook()
            var facts = TroubleBook.Facts()
            facts.bucketFault = "PUT s3://acme/x: HTTP status 403"
            facts.bucketRefuses = refuses
            var said: [Int] = []
            for now in 0..<900 {
                let news = book.look(facts, at: .seconds(now), now: Self.now)
                #expect(news.allSatisfy { $0.words.contains("HTTP status 403") })
                #expect(news.allSatisfy { $0.name == EventName.cursorBehind && !$0.isOfDigests })
                if !news.isEmpty { said.append(now) }
            }
            #expect(said == [second])
            facts.bucketFault = ""
            #expect(book.look(facts, at: .seconds(901), now: Self.now) == [])
        }
    }

    @Test("a log that accepts nothing, and a notifier that does not answer, are reported once")
    func refusals() {
        var book = TroubleBook()
        var facts = TroubleBook.Facts()
        facts.refuses = .minFree
        facts.forwardFailures = 1
        facts.forwardFault = "connection refused"
        var said: [Trouble] = []
        for second in 0..<900 { said += book.look(facts, at: .seconds(second), now: Self.now) }
        #expect(said == [.logRefuses(.minFree), .forwardBehind(fault: "connection refused")])
        #expect(said.map(\.isOfDigests) == [true, false])
        facts.refuses = nil
        _ = book.look(facts, at: .seconds(901), now: Self.now)
        facts.refuses = .minFree
        _ = book.look(facts, at: .seconds(902), now: Self.now)
        #expect(book.look(facts, at: .seconds(910), now: Self.now) == [.logRefuses(.minFree)])
    }
}
