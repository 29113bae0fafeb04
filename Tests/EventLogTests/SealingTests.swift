import Events
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import EventLog

@Suite("Rotation and sealing")
struct SealingTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    private func fill(_ eventLog: EventLog, _ range: ClosedRange<Int>) async throws -> [String] {
        let lines = range.map { senderLine($0, padding: 700) }
        for part in stride(from: 0, to: lines.count, by: 40) {
            _ = try await eventLog.ingest(body(Array(lines[part..<min(part + 40, lines.count)])))
        }
        return lines
    }

    @Test("gunzip of the archives gives the accepted lines, byte for byte")
    func gunzip() async throws {
        let eventLog = try await log.open { $0.segmentBytes = 300_000 }
        let lines = try await fill(eventLog, 1...2000)
        log.clock.advance(by: .seconds(3600))
        await eventLog.maintain()
        await eventLog.settle()
        #expect(try log.gunzipped() == body(lines))
        #expect(try log.names().allSatisfy { !$0.hasSuffix(".tmp") })
        let pattern = try Regex(#"^\d{8}T\d{6}\.\d{3}Z-\d{6,}\.jsonl\.gz$"#)
        #expect(try log.archives().allSatisfy { $0.wholeMatch(of: pattern) != nil })
        await eventLog.close()
    }

    @Test("a reader at any position continues after sealing where it was")
    func cursorAcrossSealing() async throws {
        let eventLog = try await log.open { $0.segmentBytes = 300_000 }
        let lines = try await fill(eventLog, 1...200)
        var reader = eventLog.reader(from: .start)
        var places: [LogPosition] = [.start]
        for line in try await reader.all() { places.append(line.end) }
        log.clock.advance(by: .seconds(3600))
        await eventLog.maintain()
        await eventLog.settle()
        #expect(try log.archives().count == 1)
        for (i, place) in places.enumerated() {
            var later = eventLog.reader(from: place)
            #expect(try await later.texts() == Array(lines[i...]))
        }
        await eventLog.close()
    }

    /// A reader's view of the log's end just before the segment was closed and sealed.
    private final class EarlierView: LogView {
        let view: any LogView
        let earlier: LogPosition
        let isOver = Mutex(false)

        init(_ view: any LogView, at earlier: LogPosition) {
            self.view = view
            self.earlier = earlier
        }

        var folder: LogFolder { view.folder }

        func horizon() throws(SystemFault) -> LogPosition {
            isOver.withLock { $0 } ? try view.horizon() : earlier
        }

        func plain(_ number: UInt64, file: LogFile) throws(SystemFault) -> LogState.Plain {
            try view.plain(number, file: file)
        }

        func removed() throws(SystemFault) -> RemovedSegments { try view.removed() }
    }

    @Test("lines of a segment that grew and was sealed while being opened are returned once")
    func sealedWhileOpened() async throws {
        let eventLog = try await log.open { $0.segmentBytes = 300_000 }
        var lines = try await fill(eventLog, 1...20)
        let earlier = eventLog.head
        lines += try await fill(eventLog, 21...50)
        log.clock.advance(by: .seconds(3600))
        await eventLog.maintain()
        await eventLog.settle()
        #expect(try log.archives().count == 1)
        let view = EarlierView(log.files.view, at: earlier)
        var source = LineSource(view, from: .start)
        var seen: [String] = []
        for _ in 0..<2 {
            try source.read { line, _ in
                seen.append(String(decoding: line, as: UTF8.self))
                return .more
            }
            view.isOver.withLock { $0 = true }
        }
        #expect(seen == lines)
        await eventLog.close()
    }

    @Test("a following reader gets every line once while segments rotate, seal and grow")
    func followsRotation() async throws {
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        let own = Task {
            var reader = eventLog.reader(from: .start)
            var seen: [String] = []
            while seen.count < 1500 {
                let batch = try await reader.next(maxLines: 13)
                seen += batch.lines.map { String(decoding: $0.bytes, as: UTF8.self) }
                if batch.lines.isEmpty { await eventLog.waitForLines(after: batch.end) }
            }
            return seen
        }
        let files = log.files
        let foreign = Task {
            var reader = files.reader()
            var seen: [String] = []
            while seen.count < 1500 {
                let batch = try await reader.next(maxLines: 29)
                seen += batch.lines.map { String(decoding: $0.bytes, as: UTF8.self) }
                if batch.lines.isEmpty { await Task.yield() }
            }
            return seen
        }
        let lines = try await fill(eventLog, 1...1500)
        #expect(try await own.value == lines)
        #expect(try await foreign.value == lines)
        await eventLog.close()
    }

    @Test("a segment that is too old is closed even if no line arrives")
    func age() async throws {
        let eventLog = try await log.open()
        try await eventLog.append(log.event())
        log.clock.advance(by: .seconds(3599))
        await eventLog.maintain()
        #expect(eventLog.head.segment == 1)
        log.clock.advance(by: .seconds(1))
        await eventLog.maintain()
        #expect(eventLog.head == LogPosition(segment: 2, offset: 0))
        await eventLog.settle()
        #expect(try log.archives().count == 1)
        await eventLog.close()
    }

    @Test("failed sealing leaves the segment plain and readable, and is retried")
    func sealingFails() async throws {
        let disk = FaultyFileSystem()
        let eventLog = try await log.open(files: disk) { $0.segmentBytes = 64 * 1024 }
        disk.fail { call, path in
            call == .write && path.hasSuffix(".gz.tmp") ? 5 : nil
        }
        let lines = try await fill(eventLog, 1...300)
        await eventLog.settle()
        #expect(try log.archives().isEmpty)
        #expect(eventLog.status.unsealed > 1)
        var reader = eventLog.reader(from: .start)
        #expect(try await reader.texts() == lines)
        disk.fail(nil)
        await eventLog.maintain()
        await eventLog.settle()
        #expect(eventLog.status.unsealed == 0)
        var again = eventLog.reader(from: .start)
        #expect(try await again.texts() == lines)
        await eventLog.close()
    }

    @Test("archives older than max_age are removed")
    func maxAge() async throws {
        let eventLog = try await log.open {
            $0.segmentBytes = 64 * 1024
            $0.maxAge = .seconds(86_400)
        }
        _ = try await fill(eventLog, 1...300)
        await eventLog.settle()
        let before = try log.archives().count
        #expect(before > 1)
        log.clock.advance(by: .seconds(86_401))
        await eventLog.maintain()
        #expect(try log.archives().count <= 1)
        await eventLog.close()
    }
}
