import Events
import Foundation
import JSON
import Telemetry
import TestSupport
import Testing

@testable import EventLog

@Suite("A quarantined line is reported")
struct QuarantineReportTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    /// Reads the log as the digests do, in a process that ends at the line containing `word`.
    /// Returns true if it did not end.
    private func survives(_ eventLog: EventLog, _ word: String) async throws -> Bool {
        let note = log.directory + "/quarantine/digest.note"
        let lines = eventLog.lineGuard(of: .digest)
        var reader = eventLog.reader(from: .start)
        let left = try await reader.pass { pass throws(EventLogError) in
            var left: Data?
            _ = try pass.forEach(guardedBy: lines) { line, _ in
                guard left == nil, line.first(Array(word.utf8), from: 0) != nil else { return }
                left = FileManager.default.contents(atPath: note)
            }
            return left
        }
        if let left { try left.write(to: URL(fileURLWithPath: note)) }
        return left == nil
    }

    private func reports(_ eventLog: EventLog) async throws -> [Event] {
        var reader = eventLog.reader(from: .start)
        return try await reader.all().compactMap { try? Event(line: $0.bytes) }
            .filter { $0.event == EventName.logQuarantined }
    }

    @Test("once, by an event with reader, position, rollout and file, across restarts")
    func once() async throws {
        var eventLog = try await log.open()
        for n in 1...3 {
            var event = log.event("analysis.unhealthy", message: n == 2 ? "deadly" : "sound")
            event.namespace = "prod"
            event.revision = "17"
            try await eventLog.append(event)
        }
        var deaths = 0
        while try await !survives(eventLog, "deadly") {
            deaths += 1
            try #require(deaths < 10)
            await eventLog.close()
            eventLog = try await log.open()
        }
        #expect(deaths == 4)
        let writer = eventLog
        try await eventually("it is reported") { try await reports(writer).count == 1 }
        let report = try #require(try await reports(eventLog).first)
        #expect(report.level == .error)
        #expect(report.node == "gw-a1")
        #expect(report.namespace == "prod")
        #expect(report.rollout == "payments-api")
        #expect(report.revision == "17")
        #expect(report.status == nil)
        #expect(report.extra("reader")?.string == "digest")
        #expect(report.extra("crashes")?.integer == 4)
        #expect(report.extra("line_event")?.string == "analysis.unhealthy")
        #expect(report.extra("kept_in")?.string == "quarantine/lines.jsonl")
        #expect(report.extra("line")?.string?.contains("analysis.unhealthy") == true)
        // Neither this process nor the next, whose counter continues, reports it again.
        await eventLog.maintain()
        await eventLog.close()
        let registry = PrometheusRegistry()
        eventLog = try await log.open(
            telemetry: Telemetry(logger: Telemetry.silent.logger, registry: registry))
        #expect(try await survives(eventLog, "deadly"))
        #expect(try await reports(eventLog).count == 1)
        #expect(
            registry.value("bellwether_log_quarantined_total", labels: [("reader", "digest")]) == 1)
        #expect(
            registry.value("bellwether_log_quarantined_total", labels: [("reader", "page")]) == 0)
        await eventLog.close()
    }

    @Test("by the next process if the log did not store the report in this one")
    func later() async throws {
        let quarantine = Quarantine(
            below: log.directory, node: "gw-a1", clock: log.clock.wall, telemetry: .silent)
        let line = Array(#"{"ts":"2026-11-23T06:00:00Z","event":"x"}"#.utf8)
        line.withUnsafeBytes {
            quarantine.setAside(
                QuarantinedLine(
                    reader: .recovery, end: LogPosition(segment: 1, offset: 42),
                    checksum: Checksum.crc32($0), crashes: 4, names: .init($0)), $0)
        }
        let eventLog = try await log.open()
        try await eventually("it is reported") { try await reports(eventLog).count == 1 }
        await eventLog.close()
    }
}
