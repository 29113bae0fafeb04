import Events
import Foundation
import JSON
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import EventLog

@Suite("A line that crashes the process is quarantined")
struct LineGuardTests {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("quarantine") }

    /// The lines of a log, each with its position.
    private let lines = (0..<700).map { number in
        EventLogLine(
            bytes: Array(#"{"ts":"2026-11-23T06:00:00Z","event":"e\#(number)"}"#.utf8),
            end: LogPosition(segment: 3, offset: UInt64(number + 1) * 60))
    }

    private var note: String { folder.path + "/quarantine/digest.note" }

    private func quarantine(_ telemetry: Telemetry = .silent) -> Quarantine {
        Quarantine(below: folder.path, node: "n", clock: .system, telemetry: telemetry)
    }

    /// Simulates one process that reads `lines` in order, unless it crashes at a line for which
    /// `ends` returns true. Returns the lines that were read completely; nil after a crash.
    private func life(
        _ lines: [EventLogLine]? = nil, endsAt ends: (Int) -> Bool = { _ in false }
    ) throws -> [Int]? {
        let guarded = quarantine().lineGuard(of: .digest)
        var left: Data?
        let read = guarded.reading { reading -> [Int] in
            var read: [Int] = []
            for (number, line) in (lines ?? self.lines).enumerated() {
                let isAdmitted = line.bytes.withUnsafeBytes {
                    reading.admits($0, endingAt: line.end)
                }
                guard isAdmitted else { continue }
                if ends(number) {
                    left = FileManager.default.contents(atPath: note)
                    break
                }
                read.append(number)
            }
            return read
        }
        guard let left else { return read }
        // Restore the note that a crashed process would have left.
        try left.write(to: URL(fileURLWithPath: note))
        return nil
    }

    /// The quarantined lines, by the position after each.
    private func kept() throws -> [String] {
        guard
            let data = FileManager.default.contents(
                atPath: folder.path + "/quarantine/lines.jsonl")
        else { return [] }
        return try data.split(separator: UInt8(ascii: "\n")).map { line in
            let tree = try JSONValue(
                parsing: Array(line), limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 4))
            return try #require(tree["position"]?.string)
        }
    }

    @Test("the second crash identifies the line, the fifth start skips it and reads all others")
    func poison() throws {
        for _ in 0..<4 { #expect(try life { $0 == 300 } == nil) }
        #expect(try life { $0 == 300 } == (0..<700).filter { $0 != 300 })
        #expect(try kept() == ["3:\(301 * 60)"])
        // All later starts do so too, without another crash.
        #expect(try life { $0 == 300 } == (0..<700).filter { $0 != 300 })
        #expect(try kept().count == 1)
    }

    @Test("neighbouring lines, the first and the last line of a log are found one after another")
    func several() throws {
        let poison: Set = [0, 20, 21, 280, 699]
        var deaths = 0
        while try life(endsAt: poison.contains) == nil {
            deaths += 1
            try #require(deaths < 40)
        }
        #expect(try life(endsAt: poison.contains) == (0..<700).filter { !poison.contains($0) })
        #expect(try kept().sorted() == poison.map { "3:\(($0 + 1) * 60)" }.sorted())
        // Lines that are suspected together share the first crash.
        #expect(deaths <= 4 * poison.count)
    }

    @Test("400 kills in a row at random lines quarantine no healthy line", arguments: 1...2)
    func unlucky(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        for _ in 0..<400 {
            let hit = Int.random(in: 0..<700, using: &random)
            #expect(try life { $0 == hit } == nil)
        }
        #expect(try life()?.count == 700)
        #expect(try kept().isEmpty)
    }

    @Test("with random kills between crashes only the poison line is quarantined")
    func mixed() throws {
        let poison: Set = [100, 101, 600]
        var random = SeededRandom(seed: 7)
        for _ in 0..<300 {
            let hit = Int.random(in: 0..<1400, using: &random)
            _ = try life { $0 == hit || poison.contains($0) }
        }
        #expect(try life(endsAt: poison.contains)?.count == 697)
        #expect(try kept().sorted() == poison.map { "3:\(($0 + 1) * 60)" }.sorted())
    }

    @Test("a process that ends between reads, or continues after a fault, leaves no suspicion")
    func closed() throws {
        struct Fault: Error {}
        let guarded = quarantine().lineGuard(of: .digest)
        #expect(throws: Fault.self) {
            try guarded.reading { reading in
                _ = lines[0].bytes.withUnsafeBytes { reading.admits($0, endingAt: lines[0].end) }
                throw Fault()
            }
        }
        #expect(!quarantine().lineGuard(of: .digest).isSuspicious)
    }

    @Test("readers outside the node's own skip the same lines, and no other at their place")
    func skips() throws {
        for _ in 0..<4 { #expect(try life { $0 == 300 } == nil) }
        #expect(try life()?.count == 699)
        let isSkipped = EventLogFiles(directory: folder.path).skips(of: .digest)
        #expect(lines.indices.filter { isSkipped(lines[$0]) } == [300])
        #expect(!isSkipped(EventLogLine(bytes: Array("{}".utf8), end: lines[300].end)))
        #expect(!EventLogFiles(directory: folder.path).skips(of: .page)(lines[300]))
    }

    @Test("a torn note is ignored")
    func torn() throws {
        for _ in 0..<3 { #expect(try life { $0 == 300 } == nil) }
        var bytes = try #require(FileManager.default.contents(atPath: note))
        #expect(bytes.count == ReadingNote.size)
        bytes[20] ^= 1
        try bytes.write(to: URL(fileURLWithPath: note))
        #expect(!quarantine().lineGuard(of: .digest).isSuspicious)
        try bytes.dropLast(7).write(to: URL(fileURLWithPath: note))
        #expect(!quarantine().lineGuard(of: .digest).isSuspicious)
    }

    @Test("a line at the same position of another log is read")
    func otherLog() throws {
        for _ in 0..<4 { #expect(try life { $0 == 300 } == nil) }
        #expect(try life()?.count == 699)
        var others = lines
        others[300] = EventLogLine(bytes: Array(#"{"other":1}"#.utf8), end: lines[300].end)
        #expect(try life(others)?.count == 700)
        // The suspicion does not pass to it either.
        for _ in 0..<3 { #expect(try life { $0 == 50 } == nil) }
        others[50] = EventLogLine(bytes: Array(#"{"other":2}"#.utf8), end: lines[50].end)
        #expect(try life(others)?.count == 700)
        #expect(try life(others) { $0 == 50 } == nil)
        #expect(try life(others)?.count == 700)
    }

    @Test("a line whose names also crash the process is quarantined without them")
    func names() throws {
        let quarantined = QuarantinedLine(
            reader: .digest, end: lines[3].end, checksum: 1, crashes: 5, names: nil)
        let event = lines[3].bytes.withUnsafeBytes {
            quarantined.event(node: "n", at: WallClock.system.now, line: $0, keptIn: nil)
        }
        #expect(event.rollout == nil)
        #expect(event.message?.contains("a line ended the process 5 times") == true)
        // Two starts crash while reading the names: the next one does not read them.
        var note = ReadingNote()
        note.open = ReadingNote.Stretch(
            kind: .line, from: lines[3].end, lines: 1,
            checksum: lines[3].bytes.withUnsafeBytes { Checksum.crc32($0) })
        for _ in 0..<5 {
            let open = note.open
            note.countDeath()
            note.open = open
        }
        note.open = nil
        try FileManager.default.createDirectory(
            atPath: folder.path + "/quarantine", withIntermediateDirectories: true)
        try Data(note.encoded).write(to: URL(fileURLWithPath: self.note))
        #expect(try life()?.count == 699)
        let skipped = try #require(
            FileManager.default.contents(atPath: folder.path + "/quarantine/skipped"))
        #expect(skipped.range(of: Data("a line ended the process 6 times".utf8)) != nil)
    }

    @Test("kills while the line is saved leave its report the names, however many")
    func namesAfterKills() throws {
        let line = EventLogLine(
            bytes: Array(#"{"event":"analysis.unhealthy","rollout":"payments"}"#.utf8),
            end: LogPosition(segment: 3, offset: 60))
        for _ in 0..<4 { #expect(try life([line]) { $0 == 0 } == nil) }
        let skipped = URL(fileURLWithPath: folder.path + "/quarantine/skipped")
        for _ in 0..<4 {
            // The clock is asked after the names were read, before anything is saved.
            let left = Mutex<Data?>(nil)
            let quarantine = Quarantine(
                below: folder.path, node: "n",
                clock: WallClock {
                    left.withLock { $0 = FileManager.default.contents(atPath: note) }
                    return WallClock.system.now
                }, telemetry: .silent)
            let isAdmitted = quarantine.lineGuard(of: .digest).reading { reading in
                line.bytes.withUnsafeBytes { reading.admits($0, endingAt: line.end) }
            }
            #expect(!isAdmitted)
            #expect(try Data(contentsOf: skipped).range(of: Data("of payments".utf8)) != nil)
            // As a process leaves the files that is killed there.
            try FileManager.default.removeItem(at: skipped)
            try #require(left.withLock { $0 }).write(to: URL(fileURLWithPath: note))
        }
    }

    @Test("the whole line is kept for people, readable by the owner only, within limits")
    func keeps() throws {
        let registry = PrometheusRegistry()
        let telemetry = Telemetry(logger: Telemetry.silent.logger, registry: registry)
        let quarantine = quarantine(telemetry)
        let long = Array(
            (#"{"ts":"2026-11-23T06:00:00Z","event":"e","message":""#
                + String(repeating: "é\\\"", count: 12_000) + #""}"#).utf8)
        for number in 0..<90 {
            long.withUnsafeBytes {
                quarantine.setAside(
                    QuarantinedLine(
                        reader: .page,
                        end: LogPosition(segment: 1, offset: UInt64(number + 1) * 50_000),
                        checksum: Checksum.crc32($0), crashes: 4, names: nil), $0)
            }
        }
        let path = folder.path + "/quarantine/lines.jsonl"
        let facts = try PosixFileSystem().facts(path)
        #expect(facts.bytes <= 4 << 20)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        let kept = try kept().count
        #expect(kept > 40)
        let total = registry.value(
            "bellwether_log_quarantined_total", labels: [("reader", "page")])
        #expect(total == 90)
        #expect(registry.value("bellwether_log_quarantined_unkept_total") == Double(90 - kept))
        let first = try #require(
            FileManager.default.contents(atPath: path)?.split(separator: UInt8(ascii: "\n")).first)
        let tree = try JSONValue(
            parsing: Array(first), limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 4))
        #expect(tree["line"]?.string.map { Array($0.utf8) } == long)
        #expect(self.quarantine().skipped(by: .page).count == 90)
    }
}
