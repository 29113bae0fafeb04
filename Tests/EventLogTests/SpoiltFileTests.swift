import Events
import Foundation
import JSON
import TestSupport
import Testing

@testable import EventLog

/// Files that were emptied, truncated or filled with zeros while the log was closed, as by a file
/// system that lost their blocks.
@Suite("Damaged segment files")
struct SpoiltFileTests {
    enum Harm: String, CaseIterable { case emptied, halved, zeroed, zeroedFromTheMiddle, removed }

    private static let sent = (1...300).map { senderLine($0, padding: 900) }

    private static func harmed(_ bytes: Data, _ harm: Harm) -> Data? {
        switch harm {
        case .emptied: Data()
        case .halved: bytes.prefix(bytes.count / 2)
        case .zeroed: Data(count: bytes.count)
        case .zeroedFromTheMiddle:
            bytes.prefix(bytes.count / 2) + Data(count: bytes.count - bytes.count / 2)
        case .removed: nil
        }
    }

    @Test(
        "for each damaged file: the lines of the others are there, in order, and service continues",
        arguments: Harm.allCases)
    func everyFile(harm: Harm) async throws {
        let log = try TestLog()
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        for start in stride(from: 0, to: 300, by: 30) {
            _ = try await eventLog.ingest(body(Array(Self.sent[start..<start + 30])))
        }
        await eventLog.settle()
        await eventLog.close()
        let names = try log.names()
        try #require(names.count(where: { $0.hasSuffix(".gz") }) > 2)
        for name in names {
            let copy = try TestLog()
            try FileManager.default.copyItem(
                atPath: log.directory + "/log", toPath: copy.directory + "/log")
            let url = URL(fileURLWithPath: copy.directory + "/log/" + name)
            if let bytes = Self.harmed(try Data(contentsOf: url), harm) {
                try bytes.write(to: url)
            } else {
                try FileManager.default.removeItem(at: url)
            }
            try await check(copy, name, harm)
        }
    }

    private func check(_ log: TestLog, _ name: String, _ harm: Harm) async throws {
        let what: Comment = "\(name) \(harm.rawValue)"
        _ = try await log.files.verify()
        let again = try await log.open { $0.segmentBytes = 64 * 1024 }
        var reader = again.reader(from: .start)
        let seen = try await reader.texts()
        let lost = Self.sent.count - seen.count
        let holdsLines = name.hasSuffix(".gz") || name.hasSuffix(".jsonl")
        // The body of thirty lines that exceeds the segment size closes the segment.
        #expect(lost <= (holdsLines ? 64 * 1024 / 900 + 30 : 0), what)
        var rest = Self.sent[...]
        for line in seen {
            guard let place = rest.firstIndex(of: line) else {
                Issue.record("read what was not sent, or twice: \(what)")
                return
            }
            rest = rest[(place + 1)...]
        }
        let new = try await again.ingest(body([senderLine(301)]))
        #expect(new.accepted == 1, what)
        await again.settle()
        await again.close()
        #expect(try await !log.files.repair().needsRepair, what)
        var repaired = log.files.reader()
        // The log also reports which acknowledged lines are missing.
        let (reported, kept) = try await repaired.all().reduce(into: ([Event](), [String]())) {
            let event = try Event(line: $1.bytes)
            if event.event == EventName.logDamaged {
                $0.0.append(event)
            } else {
                $0.1.append(String(decoding: $1.bytes, as: UTF8.self))
            }
        }
        #expect(kept == seen + [senderLine(301)], what)
        if name == "active.jsonl", lost > 0 {
            #expect(reported.compactMap { $0.extra("lines")?.integer } == [Int64(lost)], what)
        }
    }
}
