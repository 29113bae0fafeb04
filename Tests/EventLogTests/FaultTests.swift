import Events
import Foundation
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import EventLog

@Suite("A failing disk")
struct FaultTests {
    let log: TestLog
    let disk = FaultyFileSystem()

    init() throws { log = try TestLog() }

    /// The senders' numbers, without the log's own events.
    private static func sent(_ lines: [EventLogLine]) throws -> [UInt64] {
        try lines.compactMap {
            let event = try Event(line: $0.bytes)
            return event.node == "gw-b" ? event.seq : nil
        }
    }

    private func seqs(_ eventLog: EventLog) async throws -> [UInt64] {
        var reader = eventLog.reader(from: .start)
        return try Self.sent(try await reader.all())
    }

    /// One call in the life of a group and of a rotation.
    static let places: [(FaultyFileSystem.Call, String)] = [
        (.write, "active.jsonl"), (.sync, "active.jsonl"),
        (.open, "active.jsonl.next"), (.write, "active.jsonl.next"), (.sync, "active.jsonl.next"),
        (.rename, "active.jsonl"), (.rename, "active.jsonl.next"), (.syncFolder, "log"),
        (.truncate, "active.jsonl"),
    ]

    @Test(
        "a call fails, once or always: no acknowledged line is lost, service resumes",
        arguments: [5, 28] as [Int32], [1, 3])
    func everyCall(code: Int32, times: Int) async throws {
        for (call, name) in Self.places {
            let log = try TestLog()
            let disk = FaultyFileSystem()
            let eventLog = try await log.open(files: disk) { $0.segmentBytes = 64 * 1024 }
            var acknowledged: [Int] = []
            var seq = 0
            for round in 0..<30 {
                if round == 5 || round == 17 {
                    let left = Mutex(times)
                    disk.fail { made, path in
                        guard made == call,
                            path.hasSuffix("/" + name) || path.hasSuffix("/log") && name == "log"
                        else {
                            // A truncation happens only after another fault.
                            return name == "active.jsonl" && call == .truncate && made == .sync
                                && path.hasSuffix("/active.jsonl") ? code : nil
                        }
                        return left.withLock { left in
                            left -= 1
                            return left >= 0 ? code : nil
                        }
                    }
                }
                if round == 10 || round == 22 { disk.fail(nil) }
                let lines = (1...20).map { seq + $0 }
                do throws(EventLogError) {
                    let receipt = try await eventLog.ingest(
                        body(lines.map { senderLine($0, padding: 900) }))
                    #expect(receipt.accepted == 20)
                    acknowledged += lines
                    seq += 20
                } catch {
                    #expect(error == .shedding(code == 28 ? .diskFull : .diskFault))
                }
            }
            #expect(eventLog.status.shedding == nil)
            #expect(acknowledged.count >= 20 * 15)
            let expected = acknowledged.map(UInt64.init)
            #expect(try await seqs(eventLog) == expected, "\(call) \(name)")
            await eventLog.settle()
            #expect(try await seqs(eventLog) == expected, "\(call) \(name), sealed")
            await eventLog.close()
            var foreign = log.files.reader()
            #expect(try Self.sent(try await foreign.all()) == expected)
            let again = try await log.open()
            #expect(try await seqs(again) == expected, "\(call) \(name), reopened")
            await again.close()
        }
    }

    @Test("a failed sync is never retried on the same file")
    func neverTwice() async throws {
        let eventLog = try await log.open(files: disk)
        try await eventLog.append(log.event())
        let failed = Mutex<[String]>([])
        let active = log.active
        disk.fail { call, path in
            guard call == .sync, path.hasSuffix("active.jsonl") else { return nil }
            let identity = (try? PosixFileSystem().facts(active))?.identity ?? 0
            return failed.withLock { failed in
                defer { failed.append("\(identity)") }
                return failed.isEmpty ? 5 : nil
            }
        }
        await #expect(throws: EventLogError.shedding(.diskFault)) {
            try await eventLog.append(log.event())
        }
        try await eventLog.append(log.event())
        let synced = failed.withLock { $0 }
        #expect(synced.count > 1)
        #expect(!synced.dropFirst().contains(synced[0]))
        await eventLog.close()
    }

    @Test("short writes are continued")
    func shortWrites() async throws {
        disk.limitWrites(to: 7)
        let eventLog = try await log.open(files: disk)
        let receipt = try await eventLog.ingest(body((1...20).map { senderLine($0) }))
        #expect(receipt.accepted == 20)
        #expect(try await seqs(eventLog) == (1...20).map { UInt64($0) })
        await eventLog.close()
    }

    @Test("a disk that is full from the start opens shedding, and recovers automatically")
    func fullAtOpen() async throws {
        disk.fail { call, _ in call == .write ? 28 : nil }
        let eventLog = try await log.open(files: disk)
        #expect(eventLog.status.shedding == .diskFull)
        await #expect(throws: EventLogError.shedding(.diskFull)) {
            try await eventLog.append(log.event())
        }
        disk.fail(nil)
        try await eventually("the probe finds the disk well") { eventLog.status.shedding == nil }
        try await eventLog.append(log.event())
        await eventLog.close()
    }

    @Test("lines, shed lines and the state are counted in metrics")
    func telemetry() async throws {
        let telemetry = Telemetry.silent
        let eventLog = try await log.open(files: disk, telemetry: telemetry)
        _ = try await eventLog.ingest(body([senderLine(1), senderLine(1), "x"]))
        disk.fail { call, _ in call == .sync ? 5 : nil }
        _ = try? await eventLog.ingest(body([senderLine(2), senderLine(3)]))
        let registry = telemetry.registry
        #expect(registry.value("bellwether_log_lines_total") == 1)
        #expect(registry.value("bellwether_log_duplicates_total") == 1)
        #expect(registry.value("bellwether_log_rejected_total") == 1)
        #expect(
            registry.value("bellwether_log_deferred_total", labels: [("reason", "disk_fault")])
                == 2)
        #expect(registry.value("bellwether_log_shedding") == 1)
        disk.fail(nil)
        await eventLog.maintain()
        #expect(registry.value("bellwether_log_shedding") == 0)
        await eventLog.close()
    }
}
