import Events
import Foundation
import TestSupport
import Testing

@testable import EventLog

/// Skipping data with the index must never change a result: each query runs on the log and on its
/// lines one by one.
@Suite("Skipping data with the index")
struct PlannerTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    /// Lines in the generator's format, with unusual ones that indexes can get wrong.
    static func line(_ i: Int) -> String {
        let az = "use1-az\(i % 3 + 1)"
        let odd: String =
            switch i % 97 {
            case 13: #","note":"back\\slash and \u0061z1""#
            case 29: #","deltas2":{"value":9}"#
            case 41: #","attempt2":"7","a.b":"dotted""#
            default: ""
            }
        let attempt = i % 89 == 5 ? "null" : i % 83 == 7 ? "\(i % 12).0" : "\(i % 12)"
        let status =
            i % 71 == 3 ? "" : #","status":"\#(i % 5 == 0 ? "unhealthy" : "healthy")""#
        let hours = String(format: "%02d:%02d", i / 3600 % 24, i / 60 % 60)
        let rate = Double(i % 500) / 10_000
        return
            #"{"v":1,"id":"id-\#(i)","ts":"2026-11-23T\#(hours):\#(String(format: "%02d", i % 60)).000Z","event":"analysis.\#(i % 2 == 0 ? "healthy" : "degraded")","az":"\#(az)","node":"gw-\#(i % 40)","epoch":"e1","seq":\#(i / 40 + 1),"rollout":"r-\#(i / 1000)","attempt":\#(attempt)\#(status),"deltas":[{"metric":"canary.5xx_rate","value":\#(rate),"state":"warn"},{"metric":"canary.p99_ms","value":\#(100 + i % 300)}],"message":"\#(String(repeating: "m", count: i % 50)) number \#(i)"\#(odd)}"#
    }

    static let count = 3600

    private static func fill(_ log: TestLog, segmentBytes: Int) async throws -> [String] {
        let lines = (0..<count).map(line)
        let eventLog = try await log.open { $0.segmentBytes = segmentBytes }
        for part in stride(from: 0, to: lines.count, by: 500) {
            let some = Array(lines[part..<min(part + 500, lines.count)])
            let receipt = try await eventLog.ingest(body(some))
            #expect(receipt.accepted == some.count)
        }
        await eventLog.settle()
        await eventLog.close()
        return lines
    }

    private static let filled = Task {
        let log = try TestLog()
        return (log: log, lines: try await fill(log, segmentBytes: 250_000))
    }

    /// Gives this test a copy of a log with all lines.
    private func filled() async throws -> [String] {
        let made = try await Self.filled.value
        try log.copy(made.log)
        return made.lines
    }

    static let filters = [
        "az=use1-az2", "az!=use1-az2", "az~az1", "status=unhealthy", "status!=unhealthy",
        "status=absent", "attempt=4", "attempt>10", "attempt<1", "attempt=null", "attempt2=7",
        "id=id-2711", "id=nothing", "id!=id-2711", "rollout=r-3", "rollout>r-4", "rollout~r-",
        "node=gw-7 az=use1-az2", "seq>80", "seq=85", "seq<2", "message~\"number 59\"",
        "message~mmm", "note~az1", #"note~"back\\slash""#, "deltas.value>399.5",
        "deltas.canary.5xx_rate.value>0.0495", "deltas.canary.5xx_rate.value=0.01",
        "deltas.canary.p99_ms.value<101", "deltas.absent.value>0", "deltas.0.value>0.04",
        "deltas.canary.5xx_rate.state=warn", "deltas.metric~p99", "deltas2.value=9",
        "a.b=dotted", "event=analysis.degraded attempt=3 az=use1-az1", "absent=x", "absent!=x",
        "v=1", "v=1.0", "v>0", "message~zzz",
        // Joints, negations and the other operators.
        "az=use1-az2 or az=use1-az3", "az in (use1-az2, nowhere)", "not az in (use1-az2)",
        "status=unhealthy or attempt>10", "not (status=unhealthy or attempt>10)",
        "not (status=unhealthy az=use1-az1)", "attempt>=10",
        "attempt<=1", "not attempt>2", "not attempt<=2", "seq>=85 or seq<=2",
        "id in (id-5, id-2711, nothing)", "not id in (id-5, id-2711)", "id=id-5 or id=id-6",
        "(id=id-5 or rollout=r-2) az=use1-az3", "az=use1-*", "az=*2", "node=gw-1* az=*1",
        "az=~'az[13]$'", "message=~'number 59\\d$'", "status>=unknown", "status<unhealthy",
        "deltas.value>4.9%", "deltas.value>=399ms", "deltas.canary.5xx_rate.value>=4.99%",
        "deltas.canary.p99_ms.value>0.395s", "not deltas.value>399.5",
        "deltas.absent.value>0 or az=use1-az1", "ts>=2026-11-23T00:30:00Z az=use1-az1",
        "not ts<2026-11-23T00:50:00Z", "absent=x or not absent=x",
    ]

    @Test("every filter finds the same lines with and without the index")
    func sameLines() async throws {
        let lines = try await filled().map { Array($0.utf8) }
        #expect(try log.archives().count > 1)
        for text in Self.filters {
            let filter = try Filter(text, .events.orAny)
            let expected = lines.filter { filter.matches($0) }
            var reader = log.files.reader(query: EventLogQuery(where: filter))
            #expect(try await reader.all().map(\.bytes) == expected, "\(text)")
            let last = try await log.files.last(7, query: EventLogQuery(where: filter))
            #expect(last.lines.map(\.bytes) == Array(expected.suffix(7)), "\(text)")
        }
    }

    @Test("counts from dictionaries equal the counts of the lines")
    func sameCounts() async throws {
        let lines = try await filled()
        let start = try #require(Timestamp(rfc3339: "2026-11-23T00:10:00Z"))
        for field in ["az", "status", "attempt"] {
            let values = try lines.map { (Array($0.utf8), try Self.value(of: field, in: $0)) }
            for text in [
                "", "az=use1-az2", "status!=unhealthy", "attempt>5", "not (az=use1-az2 or az=x)",
                "attempt in (1, 2) or attempt>10", "not attempt>5", "status>=unknown",
            ] {
                for since in [nil, start] {
                    let query = EventLogQuery(
                        since: since, until: since.map { $0 + .seconds(3000) },
                        where: try Filter(text, .events.orAny))
                    var expected: [String?: Int] = [:]
                    for (line, value) in values
                    where line.withUnsafeBytes({ query.matches($0) }) {
                        expected[value, default: 0] += 1
                    }
                    let rows = expected.map { EventLogCounts.Row(value: $0.key, count: $0.value) }
                        .sorted { ($1.count, $0.value ?? "") < ($0.count, $1.value ?? "") }
                    let counts = try await log.files.count(by: field, query: query)
                    #expect(counts.rows == rows, "\(field) where \(text)")
                    #expect(counts.total == rows.reduce(0) { $0 + $1.count })
                }
            }
        }
    }

    /// The text of a field by another parser; nil if it is absent or null.
    private static func value(of field: String, in line: String) throws -> String? {
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        switch object?[field] {
        case let text as String: return text
        case is NSNull, nil: return nil
        default:
            return line.firstRange(of: try Regex("\"\(field)\":([^,}]+)")).flatMap {
                line[$0].split(separator: ":").last.map(String.init)
            }
        }
    }

    @Test("data is not inflated if unnecessary: counts, times, ids, numbers out of range")
    func spared() async throws {
        _ = try await filled()
        let all = try await log.files.count(by: "az")
        #expect(all.members > 3 && all.inflated == 0)
        func inflated(_ text: String) async throws -> Int {
            try await log.files.count(
                by: "message", query: EventLogQuery(where: try Filter(text, .events.orAny))
            ).inflated
        }
        let some = try await inflated("id=id-700")
        let none = try await inflated("id=nowhere")
        #expect(some <= 2, "\(some) of \(all.members)")
        #expect(none <= 1, "\(none) of \(all.members)")
        #expect(try await inflated("rollout=r-2") < all.members)
        #expect(try await inflated("deltas.canary.p99_ms.value>5000") == 0)
        #expect(try await inflated("deltas.other.value>0") == 0)
        #expect(try await inflated("seq>1000000") == 0)
        #expect(try await inflated("status=elsewhere") == 0)
        #expect(try await inflated("status=elsewhere or seq>1000000") == 0)
        #expect(try await inflated("not (status!=elsewhere)") == 0)
        #expect(try await inflated("(id=id-700 or id=nowhere) az~az") <= 3)
        #expect(try await inflated("id in (id-700, nowhere)") <= 3)
    }

    @Test("a lost, damaged or foreign index changes no result, and is rebuilt")
    func lostIndex() async throws {
        let lines = try await filled()
        let indexes = try log.names().filter { $0.hasSuffix(".idx") }
        try #require(indexes.count >= 2)
        let first = URL(fileURLWithPath: log.directory + "/log/" + indexes[0])
        let second = URL(fileURLWithPath: log.directory + "/log/" + indexes[1])
        let good = try Data(contentsOf: first)
        let query = EventLogQuery(where: try Filter("id=id-99"))
        func check(_ what: Comment) async throws {
            var reader = log.files.reader(query: query)
            #expect(try await reader.texts() == [lines[99]], what)
            #expect(try await log.files.count(by: "az").total == lines.count, what)
        }
        try FileManager.default.removeItem(at: first)
        try await check("removed")
        // Its time is now the archive's; all else is identical.
        let sizes = try [good.count, Data(contentsOf: first).count]
        #expect(sizes[0] == sizes[1])
        #expect(try await log.files.verify().isSound)
        try Data(contentsOf: second).write(to: first)
        try await check("of another archive")
        for place in stride(from: 0, to: good.count, by: max(1, good.count / 40)) {
            var bytes = good
            bytes[place] ^= 0x04
            try bytes.write(to: first)
            try await check("byte \(place)")
        }
        for length in [0, 1, 15, 16, 40, 400, good.count - 1] {
            try good.prefix(length).write(to: first)
            try await check("cut to \(length)")
        }
    }

    @Test("verify reports an index that differs from its archive, and repairs it")
    func lyingIndex() async throws {
        _ = try await filled()
        let archive = try #require(try log.archives().first)
        let name = try #require(SegmentName(stem: archive.dropLast(9)))
        let folder = LogFolder(below: log.directory, files: PosixFileSystem())
        let (index, _, _) = try Archive(folder: folder, name: name).rebuiltIndex()
        var other = IndexBuilder(closedAt: index.closedAt)
        for member in index.members {
            let lines = body((0..<member.lines).map { Self.line($0 + 7) })
            lines.withUnsafeBytes {
                other.add(other.survey($0), packed: member.packed, plain: member.plain)
            }
        }
        let size = try PosixFileSystem().facts(folder.file(archive)).bytes
        try Data(other.encoded(archiveBytes: size, closedAt: index.closedAt))
            .write(to: URL(fileURLWithPath: folder.file(name.index)))
        let report = try await log.files.verify()
        #expect(report.damage.map(\.file) == [name.index])
        #expect(try await !log.files.repair().needsRepair)
        #expect(try await log.files.verify().isSound)
    }

    @Test("archives and indexes together are little larger than gzip -6 of the same lines")
    func size() async throws {
        let lines = try await Self.fill(log, segmentBytes: 600_000)
        let posix = PosixFileSystem()
        var ours = 0
        for name in try log.names() where name.hasSuffix(".gz") || name.hasSuffix(".idx") {
            ours += try posix.facts(log.directory + "/log/" + name).bytes
        }
        let sealed = try log.gunzipped()
        #expect(sealed.count <= body(lines).count)
        let gzip = try #require(Deflater(level: 6).deflate(sealed))
        // These lines shrink thirtyfold, real ones fivefold, so the 4 KiB minimum per segment
        // matters.
        let indexes = try log.archives().count * 4096
        #expect(Double(ours - indexes) < 1.12 * Double(gzip))
    }
}

extension Deflater {
    fileprivate func deflate(_ plain: [UInt8]) -> Int? {
        plain.withUnsafeBytes { deflate($0, level: 6)?.count }
    }
}
