import Events
import JSON
import TestSupport
import Testing

@testable import EventLog

/// Inputs from people and log shippers other than one RFC 3339 object per line.
@Suite("Formats of bodies and lines")
struct FormTests {
    private static let one = #"{"ts":"2026-11-23T06:00:00Z","event":"a","message":"one"}"#
    private static let two = #"{"ts":"2026-11-23T06:00:00Z","event":"b","message":"two, {\"[\" }"}"#
    private static let mark = "\u{FEFF}"

    private func cut(_ text: String) -> (lines: [String], rejected: [IngestReceipt.Rejection]) {
        cut(Array(text.utf8))
    }

    private func cut(_ bytes: [UInt8]) -> (lines: [String], rejected: [IngestReceipt.Rejection]) {
        let body = IngestBody(bytes)
        #expect(body.rejectedTotal >= body.rejected.count)
        return (
            body.lines.map { String(decoding: body.bytes[$0.range], as: UTF8.self) }, body.rejected
        )
    }

    private static func pretty(_ line: String) -> String {
        line.replacing("\",\"", with: "\",\n  \"").replacing("{\"ts", with: "{\n  \"ts")
            .replacing("\"}", with: "\"\n}")
    }

    @Test(
        "two events in any format are two events, byte for byte if each is one line",
        arguments: [
            "\(one)\n\(two)", "\(one)\n\(two)\n", "\(one)\r\n\(two)\r\n", "\n\n\(one)\n \n\(two)",
            "[\(one),\(two)]", "[\n\(one),\n\(two)\n]\n", "[ \(one) , \(two) ]",
            "[\(one)]\n[\(two)]",
            "[\(one)][\(two)]", "\(one)\(two)", "\(one) \(two)", "\(one)\(two)\n", "\(one),\(two)",
            "\(one),\n\(two),\n", "\u{1E}\(one)\n\u{1E}\(two)\n",
            "\(mark)\(one)\n\(two)", "\(mark)\(one)\n\(mark)\(two)", "\(mark)[\(one),\(two)]",
            "\(mark)\(one)\(mark)\(two)", "\(mark)\n\(one)\n\(two)",
        ])
    func forms(text: String) {
        let (lines, rejected) = cut(text)
        #expect(rejected.isEmpty)
        let bare = lines.map { $0.hasSuffix("\r") ? String($0.dropLast()) : $0 }
        #expect(bare == [Self.one, Self.two])
    }

    @Test("pretty-printed events are accepted: alone, in sequence and in an array")
    func pretty() {
        let (one, two) = (Self.pretty(Self.one), Self.pretty(Self.one).replacing("one", with: "2"))
        for text in [
            "\(one)\n\(two)", "\(one)\(two)", "[\n\(one),\n\(two)\n]",
            one.replacing("\n", with: "\r\n") + two.replacing("\n", with: "\r\n"),
        ] {
            let (lines, rejected) = cut(text)
            #expect(rejected.isEmpty)
            #expect(lines == [Self.one, Self.one.replacing("one", with: "2")])
        }
        // White space within a string is kept.
        let spaced =
            #"{"ts":"2026-11-23T06:00:00Z",\#n"event":"a b","own":{ "c" : [ 1.0, "d\"  e" ] }}"#
        #expect(
            cut(spaced).lines == [
                #"{"ts":"2026-11-23T06:00:00Z","event":"a b","own":{"c":[1.0,"d\"  e"]}}"#
            ])
    }

    @Test(
        "a broken array is refused completely, even if some of its lines are events",
        arguments: [
            "[\(one),\n\(two)", "[\n\(one),\n\(two)\n", "[\n\(one)\n\(two)\n]",
            "\(mark)[\n\(one),\n\(two),\n]", "[\n\(one),\n{\"ts\n",
        ])
    func brokenArray(text: String) {
        let (lines, rejected) = cut(text)
        #expect(lines.isEmpty)
        #expect(rejected.map(\.line) == [1])
        guard case .body(.array) = rejected.first?.error else {
            Issue.record("\(rejected)")
            return
        }
    }

    @Test("one invalid value costs only itself, never the body")
    func oneBad() {
        for (text, line) in [
            ("[\(Self.one),7,\(Self.two)]", 2), ("\(Self.one)\n[]\n\(Self.two)", 2),
            ("\(Self.one){}\(Self.two)", 1), ("\(Self.one)\n{\"ts\":\"\n\(Self.two)", 2),
            ("\(Self.one)\nnonsense\n\(Self.two)", 2),
            ("[06:00] a line of a text log\n\(Self.one)\n\(Self.two)", 1),
            ("\(Self.one)\n{\"a\":1,\n\(Self.two)", 2),
            ("[\n\(Self.one),\n{\n\"ts\":7},\n\(Self.two)]", 2),
        ] {
            let (lines, rejected) = cut(text)
            #expect(lines == [Self.one, Self.two], "\(text)")
            #expect(rejected.map(\.line) == [line], "\(text)")
        }
    }

    @Test("a body that is not UTF-8 is refused, with what to send instead")
    func encodings() {
        let wide = Array(Self.one.utf16).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        for (bytes, fault) in [
            (wide, BodyFault.utf16), ([0xFF, 0xFE] + wide, .utf16),
            ([0xFE, 0xFF, 0, 0x7B], .utf16), ([0x92, 0xD7, 0x00], .messagePack),
            ([0xDD, 0, 0, 0, 1], .messagePack),
            ([0x1F, 0x8B, 8, 0, 0x0A, 1], .compressed(by: "gzip")),
            ([0x28, 0xB5, 0x2F, 0xFD, 4], .compressed(by: "zstd")),
            ([0x78, 0x9C, 1, 0x0A], .compressed(by: "deflate")),
        ] {
            let (lines, rejected) = cut(bytes)
            #expect(lines.isEmpty)
            #expect(rejected.map(\.error) == [.body(fault)])
        }
        #expect("\(BodyFault.compressed(by: "gzip"))".contains("send Content-Encoding: gzip"))
        #expect("\(BodyFault.compressed(by: "zstd"))".contains("by zstd, which is not taken"))
        for name in ["Vector", "Fluent Bit", "Filebeat", "Logstash", "rsyslog"] {
            #expect(BodyFault.remedy.contains(name))
        }
    }

    // MARK: - Times and levels

    @Test("in an array the events are counted, also on one line")
    func ordinals() {
        for text in ["[\(Self.one),{},5,\(Self.two)]", "[\(Self.one),\n{},\n5,\n\(Self.two)]"] {
            let (lines, rejected) = cut(text)
            #expect(lines == [Self.one, Self.two])
            #expect(rejected.map(\.line) == [2, 3], "\(text)")
        }
    }

    private func mapped(_ members: String) -> (line: String?, fault: EventFault?) {
        let (lines, rejected) = cut("{\(members)}")
        #expect(lines.count + rejected.count == 1)
        return (lines.first, rejected.first?.error)
    }

    @Test(
        "common formats of times are stored as RFC 3339",
        arguments: [
            (#""2026-11-23T06:00:00+0000""#, "2026-11-23T06:00:00+00:00"),
            (#""2026-11-23T07:00:00.5+01""#, "2026-11-23T07:00:00.5+01:00"),
            (#""2026-11-23T06:00:00,123Z""#, "2026-11-23T06:00:00.123Z"),
            (#""2026-11-23 06:00:00,123456+0100""#, "2026-11-23T06:00:00.123456+01:00"),
            (#""2026-11-23 06:00:00 -0530""#, "2026-11-23T06:00:00-05:30"),
            (#""2026-11-23 06:00:00 UTC""#, "2026-11-23T06:00:00Z"),
            (#""2026-11-23 06:00:00.1 GMT""#, "2026-11-23T06:00:00.1Z"),
            ("1795413600", "2026-11-23T06:00:00Z"), ("1795413600.25", "2026-11-23T06:00:00.25Z"),
            ("1795413600123", "2026-11-23T06:00:00.123Z"),
            ("1795413600123.5", "2026-11-23T06:00:00.1235Z"),
            ("1795413600123456", "2026-11-23T06:00:00.123456Z"),
            ("1795413600123456789", "2026-11-23T06:00:00.123456789Z"),
            ("1.7954136e9", "2026-11-23T06:00:00Z"), (#""1795413600""#, "2026-11-23T06:00:00Z"),
            (#""1795413600.123""#, "2026-11-23T06:00:00.123Z"),
        ])
    func times(sent: String, stored: String) throws {
        let (line, fault) = mapped(#""event":"x","ts":\#(sent),"own":1"#)
        #expect(fault == nil)
        #expect(line == #"{"event":"x","ts":"\#(stored)","own":1}"#)
        let event = try Event(line: Array((line ?? "").utf8))
        #expect(event.ts == Timestamp(rfc3339: stored))
    }

    @Test("a line without ts gets the time of the first known time member")
    func otherMembers() {
        for (member, sent, stored) in [
            ("@timestamp", #""2026-11-23T06:00:00.000Z""#, "2026-11-23T06:00:00.000Z"),
            ("timestamp", "1795413600123", "2026-11-23T06:00:00.123Z"),
            ("time", #""2026-11-23 06:00:00+00:00""#, "2026-11-23 06:00:00+00:00"),
            ("date", "1795413600.5", "2026-11-23T06:00:00.5Z"),
        ] {
            let own = #""\#(member)":\#(sent),"event":"x""#
            #expect(mapped(own).line == #"{"ts":"\#(stored)",\#(own)}"#)
            #expect(
                mapped(own + #","ts":null"#).line == #"{\#(own),"ts":"\#(stored)"}"#)
        }
        #expect(mapped(#""time":"noon","event":"x""#).fault == .missing(field: "ts"))
    }

    @Test(
        "an ambiguous time is refused and quoted",
        arguments: [
            #""2026-11-23T06:00:00""#, #""2026-11-23 06:00:00,123""#,
            #""2026-02-30T06:00:00+0000""#,
            #""2026-11-23T06:00:00 CET""#, #""Mon, 23 Nov 2026 06:00:00 GMT""#, #""yesterday""#,
            #""2026-11-23X06:00:00+0000""#, #""2026-11-23T06:00:00,+0000""#, "42", "-1795413600",
            "99999999", "1e30", "1.5e-3", #""""#,
        ])
    func unknownTimes(sent: String) {
        let (line, fault) = mapped(#""event":"x","ts":\#(sent)"#)
        #expect(line == nil)
        guard case .outside("ts", SenderForm.expectedTime, let value) = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
        #expect(value == sent.replacing("\"", with: ""))
    }

    @Test(
        "common levels are mapped, and stay readable as level_sent",
        arguments: [
            (#""WARNING""#, "warn"), (#""Warn""#, "warn"), (#""ERROR""#, "error"),
            (#""err""#, "error"),
            (#""CRITICAL""#, "error"), (#""fatal""#, "error"), (#""emerg""#, "error"),
            (#""Notice""#, "info"), (#""Information""#, "info"), (#""TRACE""#, "debug"),
            ("0", "error"), ("3", "error"), ("4", "warn"), ("5", "info"), ("6", "info"),
            ("7", "debug"), ("10", "debug"), ("20", "debug"), ("30", "info"), ("40", "warn"),
            ("50", "error"), ("60", "error"), (#""4""#, "warn"),
        ])
    func levels(sent: String, stored: String) {
        let start = #""event":"x","ts":"2026-11-23T06:00:00Z","level":"#
        #expect(mapped(start + sent).line == #"{\#(start)"\#(stored)","level_sent":\#(sent)}"#)
        let own = start + sent + #","level_sent":1"#
        #expect(mapped(own).line == #"{\#(start)"\#(stored)","level_sent":1}"#)
    }

    @Test("an unknown level is refused and quoted, for its line only")
    func unknownLevels() {
        for sent in [#""loud""#, "8", "35", "-1", "1.5", #""""#] {
            let bad = #"{"event":"x","ts":"2026-11-23T06:00:00Z","level":\#(sent)}"#
            let (lines, rejected) = cut("\(Self.one)\n\(bad)\n\(Self.two)\n")
            #expect(lines == [Self.one, Self.two])
            #expect(rejected.map(\.line) == [2])
            #expect(
                rejected.first?.error
                    == .outside(
                        field: "level", expected: SenderForm.expectedLevel,
                        value: sent.replacing("\"", with: "")))
        }
        // pino: both numeric time and numeric level.
        #expect(
            mapped(#""level":50,"time":1795413600123,"event":"x","msg":"m""#).line
                == #"{"ts":"2026-11-23T06:00:00.123Z","level":"error","level_sent":50,"time":1795413600123,"event":"x","msg":"m"}"#
        )
    }

    @Test("a mapped line is checked like any other")
    func sameDoor() {
        let (line, fault) = mapped(
            #""event":"log.commit","ts":1795413600"#)
        #expect(line == nil)
        #expect(fault?.description.contains("log.commit") == true)
        let node = IngestBody(
            Array(#"[{"event":"x","ts":1795413600,"node":"n"}]"#.utf8), refusing: Hash128("n"))
        #expect(!node.hasEvents)
        #expect(node.rejected.map(\.error) == [.ownNode])
        let long = String(repeating: "x", count: 65_460)
        guard
            case .json(let json) = mapped(
                #""event":"x","ts":1795413600,"level":"WARNING","message":"\#(long)""#
            ).fault
        else {
            Issue.record("taken")
            return
        }
        #expect(json.reason == .tooLong)
    }

    @Test("random bodies: a body is accepted equally in every format, and never partly")
    func random() {
        var random = SeededRandom(seed: 77)
        for _ in 0..<400 {
            let events = (0..<Int.random(in: 1...5, using: &random)).map { number in
                let own =
                    ["1.0", #""\\\"{""#, "[1,{}]", "null"].randomElement(using: &random) ?? "0"
                return #"{"ts":"2026-11-23T06:00:00Z","event":"e\#(number)","own":\#(own)}"#
            }
            for text in [
                events.joined(separator: "\n"), events.joined(),
                "[\(events.joined(separator: ","))]",
                "[\n\(events.joined(separator: "\n,\n"))]",
            ] {
                #expect(cut(text).lines == events)
                // A truncated array yields all of its events or none.
                guard text.hasPrefix("[") else { continue }
                let end = Int.random(in: 2..<text.utf8.count, using: &random)
                #expect(cut(Array(text.utf8.prefix(end))).lines.isEmpty)
            }
        }
    }
}
