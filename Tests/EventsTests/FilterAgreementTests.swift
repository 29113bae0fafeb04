import JSON
import TestSupport
import Testing

@testable import Events

/// The bytes of a line and the decoded event must give the same answer.
@Suite("Filters on bytes and on decoded events")
struct FilterAgreementTests {
    /// A condition, and what it means for a decoded event.
    private typealias Meaning = (text: String, holds: @Sendable (Event) -> Bool)

    private static let atoms: [Meaning] = [
        ("status=unhealthy", { $0.status == .unhealthy }),
        ("status!=healthy", { $0.status != .healthy }),
        ("status>=unknown", { $0.status.map { $0 >= .unknown } ?? false }),
        ("status in (degraded, unknown)", { $0.status == .degraded || $0.status == .unknown }),
        ("level>info", { $0.level > .info }), ("level<=warn", { $0.level <= .warn }),
        ("attempt>3", { $0.attempt.map { $0 > 3 } ?? false }),
        ("attempt=4.0", { $0.attempt == 4 }),
        ("attempt<=2", { $0.attempt.map { $0 <= 2 } ?? false }),
        ("seq>=3", { $0.seq.map { $0 >= 3 } ?? false }),
        ("az=eu-1", { $0.az == "eu-1" }), ("az~u-", { $0.az?.contains("u-") ?? false }),
        ("az=eu*", { $0.az?.hasPrefix("eu") ?? false }),
        ("az=~'-[12]$'", { $0.az.map { $0.hasSuffix("-1") || $0.hasSuffix("-2") } ?? false }),
        ("message~\"\\\"q\\\"\"", { $0.message?.contains("\"q\"") ?? false }),
        ("message>m", { $0.message.map { $0 > "m" } ?? false }),
        ("message=~ü.", { $0.message?.contains(/ü./) ?? false }),
        (
            "ts>2026-11-23T06:00:02Z",
            { $0.ts > Timestamp(rfc3339: "2026-11-23T06:00:02Z") ?? $0.ts }
        ),
        ("event=analysis.*", { $0.event.hasPrefix("analysis.") }),
        (
            "deltas.metric=canary.5xx_rate",
            { $0.deltas.contains { $0.metric == "canary.5xx_rate" } }
        ),
        ("deltas.value>100", { $0.deltas.contains { ($0.value ?? 0) > 100 } }),
        (
            "deltas.value>1%",
            { $0.deltas.contains { $0.unit == .ratio && ($0.value ?? 0) > 0.01 } }
        ),
        (
            "deltas.value<=0.2s",
            {
                $0.deltas.contains {
                    $0.unit == .milliseconds && ($0.value ?? 1e9) <= 200
                        || $0.unit == .seconds && ($0.value ?? 1e9) <= 0.2
                }
            }
        ),
        (
            "deltas.canary.5xx_rate.value>=1%",
            { $0.deltas.contains { $0.metric == "canary.5xx_rate" && ($0.value ?? 0) >= 0.01 } }
        ),
        ("deltas.state=fail", { $0.deltas.contains { $0.state == .fail } }),
        ("reasons.why~abs", { $0.reasons.contains { $0.why.contains("abs") } }),
        (
            "reasons.limit>1ms",
            { $0.reasons.contains { $0.check == "p_ms" && ($0.limit ?? 0) > 1 } }
        ),
    ]

    private static func composed(_ depth: Int, _ random: inout SeededRandom) -> Meaning {
        guard depth > 0, Int.random(in: 0..<5, using: &random) > 0 else {
            return atoms[Int.random(in: 0..<atoms.count, using: &random)]
        }
        let first = composed(depth - 1, &random)
        let second = composed(depth - 1, &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            return ("(\(first.text)) (\(second.text))", { first.holds($0) && second.holds($0) })
        case 1:
            return ("(\(first.text) or \(second.text))", { first.holds($0) || second.holds($0) })
        case 2: return ("not (\(first.text))", { !first.holds($0) })
        default:
            return (
                "(\(first.text)) and not (\(second.text))",
                { first.holds($0) && !second.holds($0) }
            )
        }
    }

    private static func event(_ n: Int, _ random: inout SeededRandom) -> Event {
        func some<T>(_ values: [T]) -> T? {
            Bool.random(using: &random) ? values.randomElement(using: &random) : nil
        }
        let units: [(String, MetricUnit)] = [
            ("canary.5xx_rate", .ratio), ("p_ms", .milliseconds), ("lag", .seconds),
            ("heap", .bytes),
        ]
        let deltas = (0..<Int.random(in: 0...3, using: &random)).map { _ in
            let (metric, unit) = units[Int.random(in: 0..<units.count, using: &random)]
            return MetricDelta(
                metric: metric, value: some([0.001, 0.01, 0.02, 0.2, 150, 300]), unit: unit,
                state: some([.fail, .warn]) ?? .pass)
        }
        let reasons = (0..<Int.random(in: 0...2, using: &random)).map { _ in
            Reason(
                check: some(["p_ms"]) ?? "x", state: .warn, limit: some([0.5, 2]),
                why: some(["abs_warn", "stale"]) ?? "")
        }
        return Event(
            id: "e\(n)",
            ts: Timestamp(milliseconds: 1_795_413_600_000 + Int64(n % 5) * 1000),
            level: some(Event.Level.allCases) ?? .info,
            event: some(["analysis.healthy", "backup.done"]) ?? "analysis.unhealthy",
            node: "gw", az: some(["eu-1", "eu-2", "us-3"]), epoch: "e",
            seq: UInt64(n % 6 + 1), attempt: some([1, 2, 3, 4, 5]),
            status: some(VerdictStatus.allCases), deltas: deltas, reasons: reasons,
            message: some(["a", "say \"q\" now", "zür", "ü", "m"]))
    }

    @Test("random filters on random lines, also in other spellings of their JSON")
    func agreement() throws {
        var random = SeededRandom(seed: 19)
        let events = (0..<30).map { Self.event($0, &random) }
        let lines = try events.map { event -> [[UInt8]] in
            let line = Array(event.line)
            let text = String(decoding: line, as: UTF8.self)
            let escaped = text.replacing("eu-", with: #"\u0065u-"#)
                .replacing("\"status\":\"un", with: #""st\u0061tus" : "un"#)
            for other in [line, Array(escaped.utf8)] {
                let decoded = try Event(line: other)
                #expect(decoded == event)
            }
            return [line, Array(escaped.utf8)]
        }
        var matching = 0
        for i in 0..<200 {
            let meaning = i < Self.atoms.count ? Self.atoms[i] : Self.composed(3, &random)
            let filter = try Filter(meaning.text)
            let again = try Filter(filter.description)
            for (event, spellings) in zip(events, lines) {
                let expected = meaning.holds(event)
                if expected { matching += 1 }
                for line in spellings {
                    let found = filter.matches(line)
                    let stored = line.withUnsafeBytes { filter.matches(stored: $0) }
                    guard found == expected, stored == expected, again.matches(line) == expected
                    else {
                        Issue.record(
                            "\(meaning.text) on \(String(decoding: line, as: UTF8.self)): \(found), \(stored), expected \(expected)"
                        )
                        return
                    }
                }
            }
        }
        #expect(matching > 1000)
    }

    @Test("regular expressions find what Swift's find")
    func patterns() throws {
        var random = SeededRandom(seed: 23)
        let parts = [
            "a", "b", ".", "^", "$", "(a|b)", "[ab]", "[^a]", #"\d"#, #"\w"#, "ü", "(ab)",
            "(?:b|c*)", "[a-c1-3]", #"\."#, #"[\d.]"#,
        ]
        let repeats = ["", "", "", "*", "+", "?", "{2}", "{1,2}", "{0,}", "*?"]
        let texts = ["", "a", "ab", "ba", "aab.", "c1ü", "üü", "a1 b", "bbb", "x.1", "abab"]
        for _ in 0..<1500 {
            let source = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                let part = parts.randomElement(using: &random) ?? ""
                let isAnchor = ["^", "$"].contains(part)
                return part + (isAnchor ? "" : repeats.randomElement(using: &random) ?? "")
            }.joined(separator: Int.random(in: 0..<6, using: &random) == 0 ? "|" : "")
            let pattern = try FilterPattern(source)
            // Scalars and ASCII classes, as ours.
            let reference = try Regex(source).asciiOnlyDigits().asciiOnlyWordCharacters()
                .matchingSemantics(.unicodeScalar)
            for text in texts {
                let found = Array(text.utf8).withUnsafeBytes { pattern.isFound(in: $0) }
                let expected = try reference.firstMatch(in: text) != nil
                #expect(found == expected, "\(source) in \(text)")
            }
        }
        for (source, text, expected) in [
            (#"\bpay"#, "a pay", true), (#"\bpay"#, "repay", false), (#"y\b"#, "pay.x", true),
            (#"y\b"#, "payx", false), (#"\b1$"#, "x.1", true), (#"\B1"#, "x1", true),
            ("(?i)pAy[A-C]", "xPaYb", true), ("(?i)[^a]", "A", false),
        ] as [(String, String, Bool)] {
            let pattern = try FilterPattern(source)
            let found = Array(text.utf8).withUnsafeBytes { pattern.isFound(in: $0) }
            #expect(found == expected, "\(source) in \(text)")
        }
        for source in [
            "(", ")", "[", "a**", "*a", "a{2", "a{3,1}", #"\p{L}"#, #"\1"#, "(?<n>a)", "\\", "a++",
            "(((a{99}){99}){99})", "((((){99}){99}){99})", "[b-a]", "^*",
        ] {
            #expect(throws: FilterPatternParser.Fault.self, "\(source)") {
                try FilterPattern(source)
            }
        }
    }
}
