import Events
import JSON
import Testing

@testable import Digests

/// Lines that an earlier version of the log accepted, and states that it stored: digests continue,
/// whatever the numbers.
@Suite("Digests with numbers out of range")
struct HostileNumberTests {
    private static let extremes: [Int64] = [
        .max, .max - 1, .min, .min + 1, -1, 0, 1, 1_000_000_000, 1_000_000_001,
    ]

    /// Reads lines as they are stored in the log, without the checks of ingest.
    private static func read(_ lines: [String], into machine: inout DigestMachine) throws {
        var end = machine.position
        if end.segment == 0 { end = LogPosition(segment: 1, offset: 0) }
        for text in lines {
            try Array(text.utf8).withUnsafeBytes { bytes in
                var line = EventView()
                let isEvent = line.read(bytes)
                try #require(isEvent, "\(text)")
                end.offset += UInt64(bytes.count)
                machine.observe(line, at: end, now: LogScript.epoch)
            }
        }
    }

    private static func verdict(_ members: String, status: String = "unhealthy") -> String {
        #"{"ts":"2026-11-25T10:02:00Z","event":"analysis.\#(status)","status":"\#(status)","#
            + #""namespace":"prod","rollout":"shop","node":"gw-a1","az":"a","level":"error","#
            + members + "}"
    }

    /// Lets all groups report, stores the state and reads it again.
    private static func speak(_ machine: inout DigestMachine) throws -> [Digest] {
        var now = LogScript.epoch
        var digests: [Digest] = []
        for _ in 0..<4 {
            now = now + .seconds(2000)
            digests += machine.due(now: now, caughtUp: true)
        }
        let checkpoint = machine.checkpoint()
        var states = [SharedState.key: checkpoint.shared]
        for group in checkpoint.groups { states[group.key.text] = group.json }
        let again = DigestMachine(position: checkpoint.position, states: states)
        #expect(again.unreadable == 0)
        return digests
    }

    @Test("a failure limit at the end of Int", arguments: extremes)
    func failureLimit(limit: Int64) throws {
        var machine = DigestMachine()
        try Self.read(
            [1, 2, 3].map {
                Self.verdict(
                    #""attempt":\#($0),"failure_limit":\#(limit),"run_count":\#(limit),"run":\#(limit)"#
                )
            }, into: &machine)
        let digest = try #require(try Self.speak(&machine).first)
        let isCount = Count(exactly: limit) != nil
        #expect((digest.attemptsPerRun != nil) == isCount)
        #expect((digest.failuresUntilAbort != nil) == isCount)
    }

    @Test("an attempt number at either end of Int", arguments: extremes)
    func attempts(number: Int64) throws {
        var machine = DigestMachine()
        try Self.read(
            [Self.verdict(#""attempt":\#(number)"#), Self.verdict(#""attempt":"\#(number)""#)],
            into: &machine)
        let digest = try #require(try Self.speak(&machine).first)
        #expect(digest.attempts.counts.unhealthy >= 1)
        #expect(digest.attempts.last == Count(exactly: number)?.value)
    }

    @Test("counts of lost lines that overflow together", arguments: ["log.shed", "log.gap"])
    func lostLines(event: String) throws {
        var machine = DigestMachine()
        let member = event == "log.shed" ? "count" : "lines"
        try Self.read(
            Self.extremes.map {
                #"{"ts":"2026-11-25T10:02:00Z","event":"\#(event)","level":"warn","node":"gw-a1","\#(member)":\#($0)}"#
            } + [Self.verdict(#""attempt":1"#)], into: &machine)
        let digests = try Self.speak(&machine)
        #expect(digests.contains { $0.shed > 0 })
    }

    @Test("values at the ends of Double, and beyond them")
    func values() throws {
        var machine = DigestMachine()
        let numbers = ["1.7e308", "-1.7e308", "1e999", "-1e999", "5e-324", "0", "-0.0"]
        var lines: [String] = []
        for (i, value) in numbers.enumerated() {
            for limit in numbers {
                lines.append(
                    Self.verdict(
                        #""attempt":\#(i + 1),"deltas":[{"metric":"m","value":\#(value),"previous":\#(limit),"stable":\#(limit),"limit":\#(limit),"unit":"ratio","state":"fail"}],"#
                            + #""reasons":[{"check":"m","state":"fail","value":\#(value),"limit":\#(limit),"why":"abs_fail"}]"#
                    ))
            }
        }
        try Self.read(lines, into: &machine)
        #expect(try !Self.speak(&machine).isEmpty)
    }

    @Test("a time at either end of a line's range")
    func times() throws {
        var machine = DigestMachine()
        try Self.read(
            ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "2026-11-25T10:02:00Z"].map {
                Self.verdict(#""attempt":1"#).replacing("2026-11-25T10:02:00Z", with: $0)
            }, into: &machine)
        #expect(try !Self.speak(&machine).isEmpty)
    }

    @Test("a stored state with every number at an end of Int64", arguments: extremes)
    func storedStates(number: Int64) throws {
        var machine = DigestMachine()
        try Self.read(
            (1...3).map { Self.verdict(#""attempt":\#($0),"failure_limit":3,"run_count":9"#) }
                + [Self.verdict(#""attempt":4"#, status: "healthy")], into: &machine)
        _ = machine.due(now: LogScript.epoch + .seconds(2000), caughtUp: true)
        let checkpoint = machine.checkpoint()
        var states: [String: String] = [:]
        for group in checkpoint.groups {
            states[group.key.text] = Self.with(number, in: group.json)
        }
        states[SharedState.key] = Self.with(number, in: checkpoint.shared)
        var again = DigestMachine(position: checkpoint.position, states: states)
        #expect(again.unreadable == 0)
        try Self.read(
            (5...8).map { Self.verdict(#""attempt":\#($0),"failure_limit":3"#) }
                + [#"{"ts":"2026-11-25T10:02:00Z","event":"log.shed","level":"warn","count":7}"#],
            into: &again)
        _ = try Self.speak(&again)
    }

    /// The state with all its integers replaced, except the version.
    private static func with(_ number: Int64, in json: String) -> String {
        func changed(_ value: JSONValue, _ key: String) -> JSONValue {
            switch value {
            case .number where key != "v" && value.integer != nil: .number("\(number)")
            case .array(let elements): .array(elements.map { changed($0, key) })
            case .object(let members):
                .object(members.map { .init($0.key, changed($0.value, $0.key)) })
            default: value
            }
        }
        let tree = (try? JSONValue(parsing: Array(json.utf8), limits: .digestState)) ?? .null
        var writer = JSONWriter()
        writer.value(changed(tree, ""))
        return writer.text
    }
}
