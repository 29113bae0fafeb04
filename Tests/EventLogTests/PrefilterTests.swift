import Events
import TestSupport
import Testing

@testable import EventLog

/// A search by bytes must find the same lines as parsing.
@Suite("Finding lines by bytes")
struct PrefilterTests {
    /// Deltas in every form that a path can address, and some lookalikes.
    static let deltas = [
        #"[{"metric":"canary.5xx_rate","value":0.02}]"#,
        #"[{"metric":"canary.5xx_rate","value":0.01,"state":"warn"},{"metric":"canary.p99_ms","value":300}]"#,
        #"[{"metric":"canary.p99_ms","value":300},{"metric":"canary.5xx_rate","value":0.5}]"#,
        #"[{"value":0.02,"metric":"canary.5xx_rate"}]"#,
        #"[{"metric":"canary.5xx_rate","stable":9,"value":0.02}]"#,
        #"[ { "metric" : "canary.5xx_rate" , "value" : 0.02 } ]"#,
        #"[{"metric":"canary.5xx_rate","value":2e-2}]"#,
        #"[{"metric":"canary.5xx_rate","value":0.020000000000000001}]"#,
        #"[{"metric":"canary.5xx_rate","value":null}]"#,
        #"[{"metric":"canary.5xx_rate","value":-0.02}]"#,
        #"[{"metric":"canary.5xx_rate"}]"#,
        #"[{"check":"canary.5xx_rate","value":0.02}]"#,
        #"[{"metric":"canary","5xx_rate":{"value":0.02}}]"#,
        #"[{"metric":"canary","5xx_rate.value":0.02}]"#,
        #"[{"metric":"\u0063anary.5xx_rate","value":0.02}]"#,
        #"[{"metric":"stable.5xx_rate","value":0.02}]"#,
        #"[{"metric":"canary.5xx_rate_total","value":0.02}]"#,
        #"[{"metric":"canary.5xx_rate","value":0.001},{"metric":"canary.5xx_rate","value":0.02}]"#,
        #"{"canary":{"5xx_rate":{"value":0.02}}}"#,
        #"{"canary.5xx_rate.value":0.02}"#,
        #"{"canary.5xx_rate":{"value":0.02}}"#,
        #"[[{"metric":"canary.5xx_rate","value":0.02}]]"#,
        #"null"#,
    ]

    private static let lines =
        deltas.enumerated().flatMap { i, deltas in
            [
                #"{"ts":"2026-11-23T06:00:00Z","event":"a.b","node":"n","epoch":"e","seq":\#(2 * i + 1),"deltas":\#(deltas)}"#,
                #"{"ts":"2026-11-23T06:00:00Z","event":"a.b","node":"n","epoch":"e","seq":\#(2 * i + 2),"message":"canary.5xx_rate","other":\#(deltas),"deltas":\#(deltas)}"#,
            ]
        } + [
            #"{"ts":"2026-11-23T06:00:00Z","event":"a.b","node":"n","epoch":"e","seq":1001,"other":[{"metric":"canary.5xx_rate","value":0.02}]}"#,
            #"{"ts":"2026-11-23T06:00:00Z","event":"a.b","node":"n","epoch":"e","seq":1002,"deltas.canary.5xx_rate.value":0.02}"#,
            #"{"ts":"2026-11-23T06:00:00Z","event":"a.b","node":"n","epoch":"e","seq":1003,"message":"no deltas"}"#,
        ]

    private static let filters = [
        "deltas.canary.5xx_rate.value>0.01", "deltas.canary.5xx_rate.value<0.02",
        "deltas.canary.5xx_rate.value=0.02", "deltas.canary.5xx_rate.value!=0.02",
        "deltas.canary.5xx_rate.value>0.01 node=n", "deltas.canary.p99_ms.value>200",
        "deltas.value>0.01", "deltas.0.value>0.01", "deltas.canary.value>0.01",
        "deltas.metric.value>0.01", "deltas.5xx_rate.value>0", "deltas.canary.5xx_rate.value~02",
        "seq>5", "seq=7.0", "seq<3", "message=canary.5xx_rate", "node!=n", "event~b",
        "deltas.canary.5xx_rate.state=warn",
        "deltas.canary.5xx_rate.value>=0.02", "deltas.canary.5xx_rate.value<=0.01",
        "deltas.canary.5xx_rate.value>1%", "deltas.value>1%", "deltas.value>=300ms",
        "deltas.canary.5xx_rate.value in (0.5, 0.02)", "not deltas.value>0.01",
        "deltas.canary.5xx_rate.value>0.01 or seq<3", "message=canary.* seq>9",
        "message=~5xx", "event=*.b", "deltas.metric=~^canary", "deltas.metric in (x, canary)",
    ]

    @Test("no filter loses or adds a line, in archives and in the open segment")
    func sameLines() async throws {
        let log = try TestLog()
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        // Lines that ingest refuses cannot be in the log.
        let lines = Self.lines.filter { (try? ScannedLine(Array($0.utf8))) != nil }
        #expect(lines.count > 20)
        for line in lines {
            #expect(try await eventLog.ingest(body([line])).accepted == 1, "\(line)")
        }
        try await compare(log, lines)
        log.clock.advance(by: .seconds(3600))
        await eventLog.maintain()
        await eventLog.settle()
        #expect(try log.archives().count == 1)
        try await compare(log, lines)
        await eventLog.close()
    }

    @Test("every matching line passes the prefilter, whatever its form")
    func candidates() throws {
        let all = Array(Self.lines.joined(separator: "\n").utf8)
        for text in Self.filters {
            let filter = try Filter(text, .events.orAny)
            var candidates: Set<String> = []
            all.withUnsafeBytes { bytes in
                LinePrefilter(filter).forEachCandidate(in: bytes) { range in
                    candidates.insert(String(decoding: bytes[range], as: UTF8.self))
                    return true
                }
            }
            #expect(candidates.isSubset(of: Self.lines), "\(text)")
            for line in Self.lines where filter.matches(Array(line.utf8)) {
                #expect(candidates.contains(line), "\(text): \(line)")
            }
        }
        // The prefilter also skips lines.
        var looked = 0
        let plain = Array(Self.deltas[1].utf8)
        try plain.withUnsafeBytes { bytes in
            LinePrefilter(try Filter("deltas.canary.5xx_rate.value>0.01"))
                .forEachCandidate(in: bytes) { _ in
                    looked += 1
                    return true
                }
        }
        #expect(looked == 0)
    }

    private func compare(_ log: TestLog, _ lines: [String]) async throws {
        for text in Self.filters {
            let filter = try Filter(text, .events.orAny)
            let expected = lines.filter { filter.matches(Array($0.utf8)) }
            var reader = log.files.reader(query: EventLogQuery(where: filter))
            #expect(try await reader.texts() == expected, "\(text)")
            let counts = try await log.files.count(
                by: "seq", query: EventLogQuery(where: filter))
            #expect(counts.total == expected.count, "\(text)")
            #expect(counts.rows.allSatisfy { $0.count == 1 }, "\(text)")
        }
    }

    @Test("a reader of a few lines continues from any position between commit lines")
    func places() async throws {
        let log = try TestLog()
        let eventLog = try await log.open()
        let lines = (1...300).map { senderLine($0, padding: $0 % 7 == 0 ? 3000 : 10) }
        // Groups of one line and of several.
        for part in stride(from: 0, to: lines.count, by: 5) {
            if part % 2 == 0 {
                for line in lines[part..<part + 5] { _ = try await eventLog.ingest(body([line])) }
            } else {
                _ = try await eventLog.ingest(body(Array(lines[part..<part + 5])))
            }
        }
        var reader = log.files.reader()
        var ends: [LogPosition] = []
        var seen: [String] = []
        while seen.count < lines.count {
            let batch = try await reader.next(maxLines: 1)
            seen += batch.lines.map { String(decoding: $0.bytes, as: UTF8.self) }
            ends += batch.lines.map(\.end)
            #expect(batch.end == ends.last)
        }
        #expect(seen == lines)
        for place in stride(from: 0, to: lines.count, by: 17) {
            var later = eventLog.reader(from: ends[place])
            #expect(try await later.texts() == Array(lines[(place + 1)...]))
            var some = log.files.reader(
                from: ends[place], query: EventLogQuery(where: try Filter("seq=290")))
            #expect(try await some.texts() == (place < 289 ? [lines[289]] : []))
        }
        await eventLog.close()
    }

    @Test("counts of an open segment with several chunks")
    func pieces() async throws {
        let log = try TestLog()
        let eventLog = try await log.open()
        let lines = (1...4000).map { i in
            senderLine(i, node: "gw-\(i % 7)", padding: i % 13 == 0 ? 20_000 : 300)
        }
        for part in stride(from: 0, to: lines.count, by: 100) {
            _ = try await eventLog.ingest(body(Array(lines[part..<part + 100])))
        }
        #expect(eventLog.head.segment == 1 && eventLog.head.offset > 6 << 20)
        let counts = try await eventLog.reaching(.all, from: .start).count(by: "node")
        #expect(counts.total == 4000)
        #expect(counts.rows.map(\.count) == [572, 572, 572, 571, 571, 571, 571])
        let some = try await log.files.count(
            by: "node", query: EventLogQuery(where: try Filter("seq>3990")))
        #expect(some.total == 10)
        await eventLog.close()
    }

    @Test("decimal numbers are read as Double reads them, other formats not at all")
    func decimals() {
        var random = SeededRandom(seed: 11)
        for _ in 0..<20_000 {
            let digits = Int.random(in: 1...15, using: &random)
            var text = (0..<digits).map { _ in
                String(Int.random(in: 0...9, using: &random))
            }.joined()
            let point = Int.random(in: 0...digits, using: &random)
            if point > 0, point < digits {
                text.insert(".", at: text.index(text.startIndex, offsetBy: point))
            }
            if Bool.random(using: &random) { text = "-" + text }
            let found = Array(text.utf8).withUnsafeBytes { DecimalNumber.read($0) }
            #expect(found == Double(text), "\(text)")
        }
        for text in ["", "-", ".5", "1.", "1e5", "1234567890123456", "0x10", "1.2.3", "1 "] {
            #expect(Array(text.utf8).withUnsafeBytes { DecimalNumber.read($0) } == nil, "\(text)")
        }
    }
}
