import Events
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import EventLog

@Suite("The event log")
struct EventLogTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    @Test("a read that finds nothing ends at the head, so that waiting for more blocks")
    func nothingYet() async throws {
        let log = try TestLog()
        let eventLog = try await log.open()
        var reader = eventLog.reader(from: .start)
        let batch = try await reader.next()
        #expect(batch.lines.isEmpty)
        #expect(batch.end == eventLog.head)
        await eventLog.close()
    }

    @Test("a sender gets its answer before the readers that wait for its lines wake")
    func answersFirst() async throws {
        let eventLog = try await log.open()
        let head = eventLog.head
        let reading = Task { await eventLog.waitForLines(after: head) }
        try await eventually("the reader waits") { eventLog.state.readersWaiting == 1 }
        let waiting: Int = await withCheckedContinuation { continuation in
            eventLog.ingest(IngestBody(body([senderLine(1)]))) { _ in
                continuation.resume(returning: eventLog.state.readersWaiting)
            }
        }
        #expect(waiting == 1)
        await reading.value
        await eventLog.close()
    }

    @Test("an event becomes a line with node, epoch, a sequence from 1 and an id")
    func append() async throws {
        let eventLog = try await log.open()
        let first = try await eventLog.append(log.event("one"))
        let second = try await eventLog.append(log.event("two"))
        #expect(LogPosition.start < first && first < second)
        #expect(eventLog.head == second)
        var reader = eventLog.reader(from: .start)
        let events = try await reader.all().map { try Event(line: $0.bytes) }
        #expect(events.map(\.event) == ["one", "two"])
        #expect(events.map(\.seq) == [1, 2])
        #expect(events.allSatisfy { $0.node == "gw-a1" && $0.epoch == eventLog.epoch })
        #expect(Set(events.map(\.id)).count == 2)
        await eventLog.close()
    }

    @Test("appended events are there after a restart, and the position continues")
    func restart() async throws {
        let eventLog = try await log.open()
        for i in 0..<10 { try await eventLog.append(log.event(message: "\(i)")) }
        let head = eventLog.head
        await eventLog.close()

        let again = try await log.open()
        #expect(again.head == head)
        #expect(again.epoch != eventLog.epoch)
        try await again.append(log.event(message: "10"))
        var reader = again.reader(from: .start)
        let events = try await reader.all().map { try Event(line: $0.bytes) }
        #expect(events.map(\.message) == (0...10).map { "\($0)" })
        await again.close()
    }

    @Test("the active file is plain text: event lines and commit lines only")
    func plainText() async throws {
        let eventLog = try await log.open()
        let receipt = try await eventLog.ingest(body((1...50).map { senderLine($0) }))
        #expect(receipt.accepted == 50)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: log.active))
        #expect(!bytes.contains(0))
        let lines = bytes.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        #expect(
            lines.filter { !$0.hasPrefix(#"{"event":"log.commit""#) }
                == (1...50).map { senderLine($0) })
        await eventLog.close()
    }

    @Test("concurrent appends are all kept once, in the order of each caller")
    func concurrency() async throws {
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<16 {
                group.addTask {
                    for i in 0..<50 {
                        try await eventLog.append(log.event("caller.\(caller)", message: "\(i)"))
                    }
                }
            }
            try await group.waitForAll()
        }
        await eventLog.settle()
        var reader = eventLog.reader(from: .start)
        let events = try await reader.all(maxLines: 7).map { try Event(line: $0.bytes) }
        #expect(events.count == 800)
        #expect(events.compactMap(\.seq) == Array(1...800))
        for caller in 0..<16 {
            #expect(
                events.filter { $0.event == "caller.\(caller)" }.map(\.message)
                    == (0..<50).map { "\($0)" })
        }
        #expect(try log.archives().count > 1)
        await eventLog.close()
    }

    @Test("a second opener gets the id of the process that holds the log")
    func lock() async throws {
        let eventLog = try await log.open()
        await #expect(
            throws: EventLogError.locked(
                path: log.directory + "/lock", pid: ProcessInfo.processInfo.processIdentifier)
        ) { _ = try await log.open() }
        await eventLog.close()
        let again = try await log.open()
        await again.close()
    }

    @Test("after close an append is refused, and waiting readers return")
    func closed() async throws {
        let eventLog = try await log.open()
        let head = eventLog.head
        async let waiting: Void = eventLog.waitForLines(after: head)
        await eventLog.close()
        await waiting
        await #expect(throws: EventLogError.closed) { try await eventLog.append(log.event()) }
        await eventLog.close()
    }

    @Test("a waiting reader wakes when a line is durable, or when cancelled")
    func waiting() async throws {
        let eventLog = try await log.open()
        let head = eventLog.head
        let waiter = Task { await eventLog.waitForLines(after: head) }
        let end = try await eventLog.append(log.event())
        await waiter.value
        let cancelled = Task { await eventLog.waitForLines(after: end) }
        cancelled.cancel()
        await cancelled.value
        await eventLog.close()
    }

    @Test("an event that is too long is refused and uses no sequence number")
    func tooLong() async throws {
        let eventLog = try await log.open()
        let long = log.event(message: String(repeating: "x", count: 70_000))
        await #expect(throws: EventLogError.self) { try await eventLog.append(long) }
        try await eventLog.append(log.event("short"))
        var reader = eventLog.reader(from: .start)
        let events = try await reader.all().map { try Event(line: $0.bytes) }
        #expect(events.map(\.seq) == [1])
        await eventLog.close()
    }
}
