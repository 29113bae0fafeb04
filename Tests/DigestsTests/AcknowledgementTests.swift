import Digests
import Events
import JSON
import Testing

@Suite("An acknowledged incident")
struct AcknowledgementTests {
    private static func acknowledged(
        _ log: LogScript, _ incident: String, for length: Duration?, who: String = "ann"
    ) -> Event {
        var extra: [JSONValue.Member] = [
            .init("incident", .string(incident)), .init("who", .string(who)),
            .init("why", .string("looking")),
        ]
        if let length { extra.append(.init("until", .string((log.now + length).rfc3339))) }
        return Event(
            id: "a\(log.lines.count)", ts: log.now, event: EventName.incidentAcknowledged,
            extra: extra)
    }

    /// A group that fails every 30 s, with its first message; attempts from 1 on.
    private static func failing() throws -> (log: LogScript, thread: String) {
        var log = LogScript()
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.019))
        log.pass(10)
        let first = try #require(log.said().first)
        #expect(first.acknowledgement == nil)
        return (log, first.thread)
    }

    private static func measure(_ log: inout LogScript, attempts: ClosedRange<Int>) {
        for attempt in attempts {
            log.write(log.verdict(.unhealthy, attempt: attempt, rate: 0.019))
            log.pass(30)
        }
    }

    @Test("is reported at once with who looks after it, and not repeated until that ends")
    func reminders() throws {
        var (log, thread) = try Self.failing()
        log.write(Self.acknowledged(log, thread, for: .seconds(7200)))
        log.pass(1)
        let said = log.said()
        #expect(said.map(\.changes) == [[.acknowledged]])
        #expect(said.first?.acknowledgement?.who == "ann")
        #expect(said.first?.next == said.first.map { _ in LogScript.epoch + .seconds(10 + 7200) })
        // Two hours of the same failure.
        Self.measure(&log, attempts: 2...239)
        #expect(log.said().isEmpty)
        Self.measure(&log, attempts: 240...243)
        let after = log.said()
        #expect(after.map(\.changes) == [[.released]])
        #expect(after.first?.acknowledgement == nil)
        // Every line since the first message, those held back included.
        #expect(after.first.map { $0.events > 235 } == true)
        Self.measure(&log, attempts: 244...310)
        #expect(log.said().map(\.occasion) == [.repeated])
    }

    @Test("is reported at once when it gets worse, and is for everybody again")
    func worse() throws {
        var (log, thread) = try Self.failing()
        log.write(Self.acknowledged(log, thread, for: .seconds(86_400)))
        log.pass(60)
        _ = log.said()
        log.write(log.verdict(.unhealthy, az: "us-east-1b", attempt: 2, rate: 0.02))
        log.pass(1)
        let said = log.said()
        #expect(
            said.map(\.changes) == [
                [.place(az: "us-east-1b", node: "gw-us-east-1b", status: .unhealthy)]
            ])
        #expect(said.first?.acknowledgement == nil)
        for attempt in 3...70 {
            log.write(log.verdict(.unhealthy, attempt: attempt, rate: 0.019))
            log.write(log.verdict(.unhealthy, az: "us-east-1b", attempt: attempt, rate: 0.019))
            log.pass(30)
        }
        #expect(log.said().map(\.occasion) == [.repeated])
    }

    @Test("that nobody measures any more still ends as such")
    func unmeasured() throws {
        var (log, thread) = try Self.failing()
        log.write(Self.acknowledged(log, thread, for: .seconds(86_400)))
        log.pass(3)
        _ = log.said()
        log.pass(2 * 1800 + 10)
        #expect(log.said().map(\.kind) == [.ended])
    }

    @Test("ends by hand, and the next one is news again; another incident's does nothing")
    func ending() throws {
        var (log, thread) = try Self.failing()
        log.write(Self.acknowledged(log, "g000000000000", for: .seconds(600)))
        log.pass(60)
        #expect(log.said().isEmpty)
        log.write(Self.acknowledged(log, thread, for: .seconds(600)))
        log.pass(60)
        log.write(Self.acknowledged(log, thread, for: nil))
        log.pass(60)
        log.write(Self.acknowledged(log, thread, for: .seconds(600), who: "bob"))
        log.pass(60)
        #expect(log.said().map(\.changes) == [[.acknowledged], [.released], [.acknowledged]])
        #expect(log.machine.openIncidents.map(\.acknowledgement?.who) == ["bob"])
    }

    @Test("stays acknowledged after a restart, which composes the same messages")
    func restart() throws {
        var (log, thread) = try Self.failing()
        log.write(Self.acknowledged(log, thread, for: .seconds(7200)))
        log.pass(600)
        let checkpoint = log.machine.checkpoint()
        var again = DigestMachine(
            settings: log.machine.settings, position: checkpoint.position,
            states: log.stored(checkpoint))
        #expect(again.unreadable == 0)
        #expect(again.openIncidents == log.machine.openIncidents)
        #expect(again.nextDeadline == log.machine.nextDeadline)
        _ = log.said()
        let end = log.now + .seconds(7200)
        var (ours, theirs): ([Digest], [Digest]) = ([], [])
        while log.now < end {
            log.pass(1)
            theirs += again.due(now: log.now, caughtUp: true)
        }
        ours = log.said()
        #expect(ours == theirs)
        #expect(!ours.isEmpty)
    }

    @Test("a storm is acknowledged by its own id, and not repeated meanwhile")
    func storm() throws {
        var log = LogScript()
        for number in 0..<8 {
            log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02, rollout: "r\(number)"))
        }
        log.pass(12)
        let first = try #require(log.said().first)
        #expect(first.rollup?.storm != nil)
        log.write(Self.acknowledged(log, first.thread, for: .seconds(7200)))
        log.pass(2)
        let said = log.said()
        #expect(said.map(\.acknowledgement?.who) == ["ann"])
        for attempt in 2...200 {
            for number in 0..<8 {
                log.write(
                    log.verdict(.unhealthy, attempt: attempt, rate: 0.02, rollout: "r\(number)"))
            }
            log.pass(30)
        }
        #expect(log.said().isEmpty)
        for attempt in 201...250 {
            for number in 0..<8 {
                log.write(
                    log.verdict(.unhealthy, attempt: attempt, rate: 0.02, rollout: "r\(number)"))
            }
            log.pass(30)
        }
        let after = log.said()
        #expect(after.map { $0.acknowledgement == nil } == [true])
        #expect(after.first.map { $0.events >= 8 * 200 } == true)
    }

    @Test("a silence shows the open incidents that it would hold back, and no others")
    func preview() throws {
        var log = LogScript()
        log.write(log.verdict(.unhealthy, az: "a", attempt: 1, rate: 0.02, rollout: "one"))
        log.write(log.verdict(.unhealthy, az: "a", attempt: 1, rate: 0.02, rollout: "two"))
        log.write(log.verdict(.unhealthy, az: "b", attempt: 1, rate: 0.02, rollout: "two"))
        func held(_ text: String) throws -> [String] {
            let filter = try Filter(
                entry: text, FilterFields.digests(groupBy: log.machine.settings.groupBy))
            return log.machine.incidents(silencedBy: filter, at: log.now)
                .compactMap { $0.group["rollout"] }.sorted()
        }
        #expect(try held("namespace=prod") == ["one", "two"])
        #expect(try held("rollout=one") == ["one"])
        // A silence of one zone hides no failure of another.
        #expect(try held("az=a") == ["one"])
        #expect(try held("namespace=dev") == [])
    }
}
