import Events
import JSON
import TestSupport
import Testing

@testable import EventLog

/// Ingest must accept exactly the lines that readers can decode.
@Suite("Scanned lines")
struct ScannedLineTests {
    private func verdicts(_ line: [UInt8]) -> (scanned: EventFault?, decoded: EventFault?) {
        var scanned: EventFault?
        var decoded: EventFault?
        do throws(EventFault) { _ = try ScannedLine(line) } catch { scanned = error }
        do throws(EventFault) { _ = try Event(line: line, from: .sender) } catch {
            decoded = error
        }
        return (scanned, decoded)
    }

    private static let values = [
        "null", "true", #""""#, #""x""#, #""7""#, "0", "7", "-7", "1.5", "1e2", "1.0",
        "18446744073709551615", "18446744073709551616", "9223372036854775808", "1000000000",
        "1000000001", #""1000000001""#, "-9223372036854775808", "1e30", "[]", "{}", "[1]",
        #"[{"metric":"m","value":1}]"#, #"[{"metric":""}]"#, #"[{"value":1,"metric":"m"}]"#,
        #"[{"check":"c"},{"check":""}]"#, #"[{"check":1}]"#, #"[{"metric":"m"},{}]"#,
        #"[{ "metric":"m" }]"#, #"[{"\u006detric":"m"}]"#, #""warn""#, #""WARN""#, #""healthy""#,
        #""\u0068ealthy""#, #""2026-11-23T06:00:00.123Z""#, #""2026-02-30T06:00:00.123Z""#,
        #""2026-02-28t06:00:60+01:00""#, #""2026-13-01T06:00:00.123Z""#, #""2026-11-23""#,
        #""2026-11-23T06:00:00.123z""#, #""log.commit""#, #""1969-12-31T23:59:59Z""#,
        #""9999-12-31T23:59:59-01:00""#, #""analysis.unhealthy""#, #""log.shed""#,
    ]

    private static let fields = [
        "v", "id", "ts", "level", "event", "node", "az", "epoch", "seq", "namespace", "rollout",
        "revision", "concern", "attempt", "status", "deltas", "reasons", "message", "policy",
        "binary", "own", "run", "failure_limit", "count",
    ]

    @Test("every field with every kind of value: ingest and decoder agree")
    func everyField() {
        for field in Self.fields {
            for value in Self.values {
                var members = [
                    ("event", #""x""#), ("ts", #""2026-11-23T06:00:00Z""#),
                ].filter { $0.0 != field }
                members.append((field, value))
                let text = "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
                let (scanned, decoded) = verdicts(Array(text.utf8))
                if field == "event", value == #""log.commit""# {
                    #expect(scanned != nil)
                } else {
                    #expect(
                        (scanned == nil) == (decoded == nil),
                        "\(text): \(String(describing: scanned)), \(String(describing: decoded))")
                }
            }
        }
    }

    @Test("random lines, some broken: they agree, and on the time too")
    func randomLines() throws {
        var random = SeededRandom(seed: 31)
        var accepted = 0
        for _ in 0..<6000 {
            var members = Self.fields.shuffled(using: &random)
                .prefix(Int.random(in: 0...8, using: &random)).map { name in
                    "\"\(name)\":\(Self.values.randomElement(using: &random) ?? "0")"
                }
            if Bool.random(using: &random) {
                members += [#""event":"x""#, #""ts":"2026-11-23T06:00:00.5Z""#]
            }
            var line = Array(("{" + members.joined(separator: ",") + "}").utf8)
            if Int.random(in: 0..<4, using: &random) == 0 {
                line[Int.random(in: 0..<line.count, using: &random)] =
                    Array(#"{}[]",:x0"#.utf8).randomElement(using: &random) ?? 0
            }
            let (scanned, decoded) = verdicts(line)
            let text = String(decoding: line, as: UTF8.self)
            if text.contains("log.commit") { continue }
            #expect((scanned == nil) == (decoded == nil), "\(text)")
            if scanned == nil {
                accepted += 1
                #expect(try ScannedLine(line).ts == Event(line: line).ts)
            }
        }
        #expect(accepted > 150)
    }

    @Test("a duplicate key in one object is refused by ingest, at every depth")
    func repeatedKeys() {
        let start = #"{"event":"x","ts":"2026-11-23T06:00:00Z","#
        for members in [
            #""own":1,"own":2"#, #""own":1,"\u006fwn":2"#, #""event":"y""#,
            #""deltas":[{"metric":"m","value":1,"value":2}]"#,
            #""deltas":[{"metric":"m","metric":"n"}]"#,
            #""deltas":[{"metric":"m","value":1,"v\u0061lue":2}]"#,
            #""reasons":[{"check":"c","why":"","why":""}]"#,
            #""own":{"a":{"b":1,"b":2}}"#, #""own":[[{"":1,"":2}]]"#,
            #""own":{"a_long_name_of_ours":1,"b":2,"a_long_name_of_ours":3}"#,
        ] {
            let (scanned, decoded) = verdicts(Array((start + members + "}").utf8))
            for fault in [scanned, decoded] {
                guard case .json(let json) = fault else {
                    Issue.record("\(members): \(String(describing: fault))")
                    continue
                }
                #expect(json.reason == .duplicateKey, "\(members)")
            }
        }
        // Keys that only look alike, and many of them.
        let many = (0..<500).map { #""a_long_name_\#($0)_of_ours":{"\#($0)":1}"# }
        for members in [
            #""aaaaaaaa_1":1,"aaaaaaaa_2":1"#, #""a":{"k":1},"b":{"k":1}"#,
            #""own":[{"k":1},{"k":1}]"#, many.joined(separator: ","),
        ] {
            let (scanned, decoded) = verdicts(Array((start + members + "}").utf8))
            #expect(scanned == nil && decoded == nil, "\(members.prefix(80))")
        }
    }

    @Test("a status that is none is quoted", arguments: ["Healthy", "ok", "failed"])
    func status(word: String) {
        let line = #"{"event":"x","ts":"2026-11-23T06:00:00Z","status":"\#(word)"}"#
        let (scanned, _) = verdicts(Array(line.utf8))
        #expect(scanned?.description.hasSuffix("unhealthy, not \(word)") == true)
    }

    @Test("the fast time parser agrees with the full one")
    func times() throws {
        var random = SeededRandom(seed: 8)
        for _ in 0..<3000 {
            let moment = Timestamp(
                milliseconds: Int64.random(
                    in: 0...250_000_000_000_000, using: &random))
            let line = Array(#"{"event":"x","ts":"\#(moment.rfc3339)"}"#.utf8)
            #expect(try ScannedLine(line).ts == moment)
        }
    }

    @Test("a line's identity is node, epoch and seq, else its id; escapes do not matter")
    func keys() throws {
        func key(_ members: String) throws -> ScannedLine.Key {
            try ScannedLine(
                Array((#"{"event":"x","ts":"2026-11-23T06:00:00Z""# + members + "}").utf8)
            ).key
        }
        let full = #","node":"n","epoch":"e","seq":5"#
        #expect(try key(full) == key(#","id":"i","seq":5,"epoch":"\u0065","node":"\u006e""#))
        #expect(try key(full) != key(#","node":"e","epoch":"n","seq":5"#))
        #expect(try key(full) != key(#","node":"n","epoch":"e","seq":6"#))
        let id = #","id":"i","node":"n","seq":5"#
        #expect(try key(id) == key(id))
        for other in [
            id.replacing("\"n\"", with: "\"m\""), #","id":"i""#,
            id.replacing("\"i\"", with: "\"j\""),
            id + #","message":"m""#,
        ] {
            #expect(try key(id) != key(other))
        }
        // For a hook's event, the node and the id count.
        let hook = #","id":"hook-1","node":"n""#
        #expect(try key(hook) == key(#","node":"n","id":"hook-1","message":"m""#))
        #expect(try key(hook) == key(#","node":"n","id":"h\u006fok-1""#))
        #expect(try key(hook) != key(hook.replacing("\"n\"", with: "\"m\"")))
        #expect(try key(#","id":"","node":"n""#) == ScannedLine.Key.none)
    }

    // MARK: - Whole lines

    private static let whole =
        #"{"v":1,"id":"35bf992dc9e9c616612e7696a6cecc1b","ts":"2026-11-26T17:19:49.000Z","level":"error","#
        + #""event":"analysis.unhealthy","node":"gw-euw1-az2-0066","az":"euw1-az2","epoch":"00000066","seq":12,"#
        + #""namespace":"fraud","rollout":"fraud-stream-a","revision":"4","concern":"all","attempt":1,"#
        + #""status":"unhealthy","deltas":[{"metric":"canary.5xx_rate","value":0.00608,"previous":-2.5,"#
        + #""stable":null,"limit":0.01,"unit":"ratio","state":"fail"},{"metric":"canary.p99_ms","value":160}],"#
        + #""reasons":[{"check":"canary.5xx_rate","state":"fail","why":"abs_fail","advisory":false}],"#
        + #""message":"","policy":"sha256:a","binary":"sha256:b","series":"3ab5","run":2,"own":{"a":[1,{"b":"c"}]}}"#

    @Test("the kind of a line from senders comes from its name, then from its level")
    func kinds() throws {
        let kinds: [(String, LineKind)] = [
            ("analysis.unhealthy", .failure), ("analysis.healthy", .healthy),
            ("analysis.degraded", .degraded), ("analysis.unknown", .failure),
            ("analysis.recovered", .failure), ("rate.limited", .refusal),
            ("of.somebody.else", .failure),
        ]
        for (name, kind) in kinds {
            let line = Self.whole.replacing("analysis.unhealthy", with: name)
            #expect(try ScannedLine(Array(line.utf8)).kind == kind, "\(name)")
        }
    }

    @Test("with any members in any order, ingest and decoder agree")
    func anyMembers() throws {
        var random = SeededRandom(seed: 5)
        var taken = 0
        for _ in 0..<5000 {
            var members = Self.fields.shuffled(using: &random)
                .prefix(Int.random(in: 0...10, using: &random)).map { name in
                    "\"\(name)\":\(Self.values.randomElement(using: &random) ?? "0")"
                }
            members += [#""event":"analysis.healthy""#, #""ts":"2026-11-23T06:00:00.5Z""#]
            for _ in 0..<Int.random(in: 0..<3, using: &random) {
                members.append("\"o\(random.next() % 3)\":\(random.next() % 9)")
            }
            let text = "{" + members.joined(separator: ",") + "}"
            let (scanned, decoded) = verdicts(Array(text.utf8))
            #expect((scanned == nil) == (decoded == nil), "\(text)")
            if scanned == nil { taken += 1 }
        }
        #expect(taken > 100)
    }

    @Test("with any byte changed or the line cut anywhere, ingest and decoder agree")
    func spoilt() throws {
        let line = Array(Self.whole.utf8)
        for at in line.indices {
            for other in stride(from: UInt8.min, to: .max, by: 5) {
                var spoilt = line
                spoilt[at] = other
                let (scanned, decoded) = verdicts(spoilt)
                #expect(
                    (scanned == nil) == (decoded == nil), "byte \(at) is \(other)")
            }
            #expect(verdicts(Array(line[..<at])).scanned != nil)
        }
    }
}
