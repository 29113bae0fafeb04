import Events
import JSON

@testable import EventLog

/// Builds event lines from an input's bytes, which choose names, times, extreme numbers, texts and
/// further members. Returns only lines that ingest accepts.
struct LineGrammar {
    private(set) var input: InputBytes

    init(_ input: InputBytes) { self.input = input }

    var isAtEnd: Bool { input.rest.isEmpty }

    mutating func byte() -> UInt8 { input.byte() }

    mutating func choose(_ choices: [String]) -> String {
        choices[Int(input.byte()) % choices.count]
    }

    static let numbers = [
        "0", "1", "2", "3", "5", "20", "99", "-1", "0.5", "1e-320", "1000000000", "1000000001",
        "2147483648", "4294967295", "9007199254740993", "9223372036854775807",
        "-9223372036854775808", "18446744073709551616", "1e18", "1.7e308", "-1.7e308", "1e400",
    ]
    static let times = [
        "2026-11-23T06:00:00Z", "2026-11-23T06:00:01.5Z", "2026-11-23T05:00:00Z",
        "2026-11-23T06:10:00Z", "2027-11-23T06:00:00Z", "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z", "2026-11-23T06:00:00+14:00",
        "1969-12-31T23:59:59Z",
    ]
    static let names = [
        "analysis.healthy", "analysis.degraded", "analysis.unhealthy", "analysis.unknown",
        "log.shed", "log.gap", "rollout.aborted", "rollout.completed", "rollout.paused",
        "rollout.promoted", "request.refused", "alert.firing", "alert.resolved", "node.started",
        "digest.sent", "log.quarantined", "alerts.truncated", "rollback.rehearsed",
        "analysis_run.failed", "auth.refused",
    ]
    /// The last ones are hostile.
    static let texts = [
        "payments", "prod", "eu-1", "gw-a", "", "a/b", "*", "5xx_rate 0.2 > 0.1",
        "<script>alert(1)</script>", "<!channel> <@U1> *b* `c`",
        "\u{202E}abc\u{200B}\u{7}\r\nTo: x",
        "\"><img src=x onerror=y>", "{{name}} &amp; \u{1F600}\u{0301}",
        String(repeating: "x", count: 400),
        String(repeating: "\u{1F468}\u{200D}\u{1F469}", count: 40),
    ]
    private static let extras = [
        "failure_limit", "lines", "lost", "deferred", "run", "unmeasured", "series", "kinds", "key",
        "failures", "count", "verdict", "measured", "labels", "source", "cursor", "window",
        "reason",
        "duration_ms", "truncated", "interval_s",
    ]
    private static let metrics = [
        "canary.5xx_rate", "canary.p99_ms", "canary.rps", "dependency.db_ok", "x",
    ]

    /// One line, or nil if ingest refuses it. Input that begins with byte 255 is used as a line
    /// unchanged, up to a newline.
    mutating func line() -> [UInt8]? {
        let shape = input.byte()
        let line: [UInt8]
        if shape == 255 {
            var raw: [UInt8] = []
            while !input.rest.isEmpty {
                let byte = input.byte()
                if byte == UInt8(ascii: "\n") { break }
                raw.append(byte)
            }
            line = raw
        } else {
            line = made(shape)
        }
        return (try? ScannedLine(line)) == nil ? nil : line
    }

    private mutating func made(_ shape: UInt8) -> [UInt8] {
        var writer = JSONWriter()
        var members: [JSONValue.Member] = [
            .init("ts", .string(choose(Self.times))), .init("event", .string(choose(Self.names))),
        ]
        func text(_ key: String, _ value: String) { members.append(.init(key, .string(value))) }
        if shape & 1 == 0 { text("node", choose(Self.texts)) }
        if shape & 2 == 0 { text("rollout", choose(Self.texts)) }
        if shape & 4 == 0 { text("namespace", choose(Self.texts)) }
        if shape & 8 == 0 {
            text("level", choose(["info", "warn", "error", "debug", "fatal"]))
            text("message", choose(Self.texts))
        }
        if shape & 16 == 0 {
            text("status", choose(["healthy", "degraded", "unknown", "unhealthy", "odd"]))
            members.append(.init("attempt", .number(choose(Self.numbers))))
            text("az", choose(Self.texts))
        }
        if shape & 32 == 0 {
            text("revision", choose(Self.texts))
            text("concern", choose(Self.texts))
            text("policy", choose(Self.texts))
        }
        if shape & 64 == 0 { members.append(.init("deltas", deltas())) }
        if shape & 128 == 0 {
            text("epoch", choose(Self.texts))
            members.append(.init("seq", .number(choose(Self.numbers))))
            text("id", choose(Self.texts) + String(input.byte()))
        }
        for _ in 0..<Int(input.byte() % 6) {
            members.append(.init(choose(Self.extras), value(depth: 2)))
        }
        var seen: Set<String> = []
        members.removeAll { !seen.insert($0.key).inserted }
        writer.value(.object(members))
        return writer.bytes
    }

    private mutating func deltas() -> JSONValue {
        var deltas: [JSONValue] = []
        for _ in 0..<Int(input.byte() % 4) {
            var delta: [JSONValue.Member] = [.init("metric", .string(choose(Self.metrics)))]
            for key in ["value", "previous", "stable", "limit"] {
                let choice = input.byte()
                if choice & 1 == 0 {
                    delta.append(
                        .init(key, .number(Self.numbers[Int(choice >> 1) % Self.numbers.count])))
                }
            }
            delta.append(
                .init("unit", .string(choose(["ratio", "ms", "per_second", "flag", "count"]))))
            delta.append(.init("state", .string(choose(["pass", "warn", "fail", "missing"]))))
            deltas.append(.object(delta))
        }
        return .array(deltas)
    }

    /// Any JSON value.
    mutating func value(depth: Int) -> JSONValue {
        switch input.byte() % (depth > 0 ? 7 : 5) {
        case 0, 1: return .number(choose(Self.numbers))
        case 2: return .string(choose(Self.texts))
        case 3: return .bool(input.byte() & 1 == 0)
        case 4: return .null
        case 5:
            return .array((0..<Int(input.byte() % 4)).map { _ in value(depth: depth - 1) })
        default:
            var members: [JSONValue.Member] = []
            for _ in 0..<Int(input.byte() % 4) {
                members.append(.init(choose(Self.extras), value(depth: depth - 1)))
            }
            return .object(members)
        }
    }
}
