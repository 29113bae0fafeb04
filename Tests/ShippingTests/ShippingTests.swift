import Archives
import Bucket
import EventLog
import Events
import Foundation
import Replication
import Secrets
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Shipping

/// Against a real store, and a proxy before it that makes requests fail.
@Suite("The log in a bucket")
final class ShippingTests: Sendable {
    private let place: StorePrefix

    init() async throws { place = try await StorePrefix("shipping") }

    private var store: ObjectStore { place.store }
    private var folder: TemporaryDirectory { place.folder }

    private func bucket(_ endpoint: String? = nil) throws -> Bucket { try place.bucket(endpoint) }

    /// An open log and its shipper.
    private struct Node {
        let eventLog: EventLog
        let shipper: LogShipper
        let running: Task<ShippingFault?, Never>

        func stop() async {
            running.cancel()
            _ = await running.value
            await shipper.finish(within: .seconds(20))
            await eventLog.close()
        }
    }

    private func start(
        _ name: String, endpoint: String? = nil, most: Int = .max,
        segmentAge: Duration = .seconds(3600)
    ) async throws -> Node {
        let directory = folder.file(name)
        let bucket = try bucket(endpoint)
        try FileManager.default.createDirectory(
            atPath: directory + "/log", withIntermediateDirectories: true)
        let restore = try await FolderRestore.begin(
            bucket, directory: directory, node: "n", most: most, telemetry: .silent)
        var configuration = EventLogConfiguration(
            directory: directory, node: "n", maxBytes: 64 << 20, segmentBytes: 64 << 10,
            ballastBytes: 0)
        configuration.shipsArchives = true
        configuration.segmentAge = segmentAge
        let eventLog = try await EventLog.open(configuration)
        do {
            try await restore?.finish(eventLog, takesOver: true)
            let shipper = try await LogShipper(
                eventLog, bucket: bucket, id: PrefixOwner.ownID(in: directory),
                delay: .milliseconds(100), telemetry: .silent)
            return Node(eventLog: eventLog, shipper: shipper, running: shipper.start())
        } catch {
            await eventLog.close()
            throw error
        }
    }

    /// Copies the closed segments whose lines are in the bucket's log.
    private func archive(_ node: Node) async throws {
        let archives = ArchiveShipper(
            ArchiveShipper.Plan(
                node: "n", id: try PrefixOwner.ownID(in: node.eventLog.configuration.directory),
                ship: .milliseconds(20), keep: .seconds(86_400),
                isDue: { node.shipper.hasShipped(segment: $0) }),
            log: node.eventLog, bucket: try bucket(), telemetry: .silent)
        let running = Task { await archives.run() }
        try await eventually("every closed segment is in the bucket") {
            await node.eventLog.maintain()
            return node.eventLog.shipped == node.eventLog.head.segment - 1
        }
        running.cancel()
        await running.value
    }

    private func events(_ numbers: Range<Int>) -> [UInt8] { StorePrefix.events(numbers) }

    private func lines(_ log: EventLog) async throws -> [[UInt8]] {
        try await StorePrefix.lines(log).map(\.bytes)
    }

    @Test("an empty folder gets every shipped line, and goes on with the log; the old node stops")
    func restore() async throws {
        let first = try await start("a")
        for part in 0..<8 {
            let receipt = try await first.eventLog.ingest(
                events((part * 100)..<((part + 1) * 100)))
            #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        }
        let held = try await lines(first.eventLog)
        #expect(held.count == 800)

        // The first node still runs, as an unreachable machine would.
        let second = try await start("b")
        #expect(try await lines(second.eventLog) == held)
        let receipt = try await second.eventLog.ingest(events(700..<900))
        #expect(receipt.accepted == 100)
        #expect(receipt.duplicates == 100)
        #expect(await second.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        #expect(second.shipper.mark.value.term > first.shipper.mark.value.term)

        _ = try await first.eventLog.ingest(events(2000..<2001))
        #expect(await first.running.value == .overtaken(by: "n"))
        await first.stop()
        let all = try await lines(second.eventLog)
        await second.stop()

        // The first folder holds a line that the bucket never had.
        let again = try await start("a")
        #expect(
            await again.running.value == .diverged(place: folder.file("a")))
        await again.stop()

        let third = try await start("c")
        #expect(try await lines(third.eventLog) == all)
        await third.stop()
    }

    @Test("a restart goes on where the bucket ends, also if the folder's record is old")
    func restart() async throws {
        let first = try await start("a")
        var receipt = try await first.eventLog.ingest(events(0..<10))
        #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        let record = try Data(contentsOf: URL(fileURLWithPath: folder.file("a/bucket.json")))
        receipt = try await first.eventLog.ingest(events(10..<20))
        #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        await first.stop()
        try record.write(to: URL(fileURLWithPath: folder.file("a/bucket.json")))

        let second = try await start("a")
        receipt = try await second.eventLog.ingest(events(20..<30))
        #expect(await second.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        let held = try await lines(second.eventLog)
        await second.stop()
        let copy = try await start("b")
        #expect(try await lines(copy.eventLog) == held)
        await copy.stop()
        let names = try await bucket().list(LogObject.folder).map(\.name)
        #expect(names == (1...UInt64(names.count)).map { LogObject.name($0) })
    }

    @Test("lost answers, conflicts and refusals lose no line and double none")
    func faults() async throws {
        let proxy = try await StoreProxy.start(
            store,
            .init(faults: [
                "PUT": [
                    .none, .loseAnswer, .none, .loseAnswer, .conflict, .busy, .denied, .denied,
                    .refuse, .loseAnswer,
                ],
                "GET": [.none, .busy, .cutBody],
            ]))
        let node = try await start("a", endpoint: proxy.endpoint)
        for part in 0..<6 {
            let receipt = try await node.eventLog.ingest(events((part * 10)..<((part + 1) * 10)))
            #expect(await node.shipper.mark.wait(for: receipt.end, within: .seconds(120)))
        }
        #expect(node.shipper.status.failures == 0)
        await node.stop()
        let copy = try await start("b")
        #expect(try await lines(copy.eventLog).count == 60)
        await copy.stop()
    }

    @Test("a folder with a log of its own is not mixed with the bucket's")
    func strangers() async throws {
        let first = try await start("a")
        let receipt = try await first.eventLog.ingest(events(0..<10))
        #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        await first.stop()
        let eventLog = try await EventLog.open(
            EventLogConfiguration(
                directory: folder.file("b"), node: "n", maxBytes: 64 << 20, ballastBytes: 0))
        _ = try await eventLog.ingest(events(50..<60))
        await eventLog.close()
        let second = try await start("b")
        #expect(
            await second.running.value == .otherCluster(place: folder.file("b")))
        await second.stop()
        #expect(ShippingFault.otherCluster(place: "x").isPermanent)
    }

    @Test("a log that is there before the bucket is shipped from its start")
    func adoption() async throws {
        let eventLog = try await EventLog.open(
            EventLogConfiguration(
                directory: folder.file("a"), node: "n", maxBytes: 64 << 20,
                segmentBytes: 64 << 10, ballastBytes: 0))
        _ = try await eventLog.ingest(events(0..<1000))
        let head = eventLog.head
        await eventLog.close()
        let node = try await start("a")
        #expect(await node.shipper.mark.wait(for: head, within: .seconds(60)))
        let held = try await lines(node.eventLog)
        await node.stop()
        let copy = try await start("b")
        #expect(try await lines(copy.eventLog) == held)
        await copy.stop()
    }

    @Test(
        "archives and lines behind them are restored as the same segments; every line is read once",
        arguments: [Int.max, 4_000, 0])
    func archives(most: Int) async throws {
        let first = try await start("a")
        for part in 0..<10 {
            let receipt = try await first.eventLog.ingest(
                events((part * 100)..<((part + 1) * 100)))
            #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        }
        #expect(first.eventLog.head.segment > 3)
        try await archive(first)
        // Closed after the archives were copied, so that it is in the log alone.
        let receipt = try await first.eventLog.ingest(events(1000..<1250))
        #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        let own = try await first.eventLog.append(
            Event(ts: WallClock.system.now, event: "node.note", message: "own"))
        #expect(await first.shipper.mark.wait(for: own, within: .seconds(60)))
        let (head, held) = (first.eventLog.head, try await lines(first.eventLog))
        let copied = first.eventLog.shipped
        await first.stop()

        let second = try await start("b", most: most)
        #expect(second.eventLog.head == head)
        let local = try await lines(second.eventLog)
        #expect(held.suffix(local.count) == local[...])
        #expect(most == .max ? local == held : local.count < held.count)
        #expect(second.eventLog.shipped == copied)
        // The key was restored, too.
        #expect(second.eventLog.wrote(try #require(local.last)))

        // More lines, and more archives, by the restored node.
        let more = try await second.eventLog.ingest(events(1200..<1500))
        #expect(more.duplicates == 50)
        #expect(await second.shipper.mark.wait(for: more.end, within: .seconds(60)))
        try await archive(second)
        let all = held + (try await lines(second.eventLog)).suffix(250)

        let segments = BucketSegments(try bucket())
        #expect(
            try await segments.archives().map(\.number)
                == Array(1...second.eventLog.head.segment - 1))
        // Over both, on the restored node.
        await second.eventLog.addStore(segments, cache: nil)
        var reader = second.eventLog.reaching(.all, from: .start).reader(from: .start)
        var read: [[UInt8]] = []
        while true {
            let batch = try await reader.next()
            read += batch.lines.map(\.bytes)
            if batch.isCaughtUp { break }
        }
        #expect(read == all)
        await second.stop()

        // A third folder, restored from what both have copied.
        let third = try await start("c")
        #expect(try await lines(third.eventLog) == all)
        await third.stop()
    }

    @Test("an interrupted restore begins again, and a folder of another prefix is refused")
    func interrupted() async throws {
        let first = try await start("a")
        let receipt = try await first.eventLog.ingest(events(0..<700))
        #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        try await archive(first)
        let held = try await lines(first.eventLog)
        await first.stop()

        let directory = folder.file("b")
        try FileManager.default.createDirectory(
            atPath: directory + "/log", withIntermediateDirectories: true)
        let begun = try await FolderRestore.begin(
            bucket(), directory: directory, node: "n", most: .max, telemetry: .silent)
        #expect(begun != nil)
        // The process ends here; a file is left half.
        try Data("{".utf8).write(
            to: URL(fileURLWithPath: directory + "/log/20261130T000000.000Z-000099.jsonl"))
        // Of the folder's log before; the bucket has none.
        let stale = directory + "/state.sqlite.snapshot"
        try Data("stale".utf8).write(to: URL(fileURLWithPath: stale))
        let second = try await start("b")
        #expect(try await lines(second.eventLog) == held)
        #expect(!FileManager.default.fileExists(atPath: stale))
        await second.stop()

        try FileManager.default.createDirectory(
            atPath: folder.file("c"), withIntermediateDirectories: true)
        try PrefixOwner.adopt("another", in: folder.file("c"))
        await #expect(throws: ShippingFault.otherCluster(place: folder.file("c"))) {
            _ = try await FolderRestore.begin(
                self.bucket(), directory: self.folder.file("c"), node: "n", most: .max,
                telemetry: .silent)
        }
    }

    @Test("an archive that cannot be read stays in the bucket, and the restore goes on")
    func damagedArchive() async throws {
        let first = try await start("a")
        let receipt = try await first.eventLog.ingest(events(0..<700))
        #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        try await archive(first)
        let head = first.eventLog.head
        await first.stop()

        // Before the newest index are `cluster`, the key and two lists.
        let proxy = try await StoreProxy.start(
            store, .init(faults: ["GET": [.none, .none, .none, .none, .page]]))
        let second = try await start("b", endpoint: proxy.endpoint)
        #expect(second.eventLog.head.segment == head.segment)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("b/log"))
        #expect(!names.contains { $0.hasSuffix(".gz") || $0.hasSuffix(".idx") }, "\(names)")
        let more = try await second.eventLog.ingest(events(700..<710))
        #expect(more.accepted == 10)
        #expect(await second.shipper.mark.wait(for: more.end, within: .seconds(60)))
        await second.stop()
    }

    @Test("a snapshot of the state file is restored; only the two newest ones are kept")
    func snapshot() async throws {
        let first = try await start("a")
        let file = folder.file("snapshot")
        for version in 1...4 {
            try Data("version \(version)".utf8).write(to: URL(fileURLWithPath: file))
            let receipt = try await first.eventLog.ingest(events(version..<(version + 1)))
            // Not before the lines are in the bucket.
            #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
            try await first.shipper.keep(snapshot: file, size: 9, head: receipt.end)
        }
        #expect(try await bucket().list("snap/").count == 2)
        // No node wrote this one: it neither counts nor is restored.
        try await bucket().put("snap/notes.txt", [1])
        try Data("version 5".utf8).write(to: URL(fileURLWithPath: file))
        let receipt = try await first.eventLog.ingest(events(5..<6))
        #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        try await first.shipper.keep(snapshot: file, size: 9, head: receipt.end)
        #expect(try await bucket().list("snap/").count == 3)
        await first.stop()
        let second = try await start("b")
        #expect(try snapshot(of: "b") == "version 5")
        await second.stop()

        // One that cannot be read does not stop a restore: before it are `cluster`, the key and
        // the list.
        let proxy = try await StoreProxy.start(
            store, .init(faults: ["GET": [.none, .none, .none, .page]]))
        let third = try await start("c", endpoint: proxy.endpoint)
        #expect(try snapshot(of: "c") == "version 4")
        await third.stop()
    }

    private func snapshot(of name: String) throws -> String {
        try String(contentsOfFile: folder.file("\(name)/state.sqlite.snapshot"), encoding: .utf8)
    }

    @Test("objects whose lines are in archives are removed, and no others; their numbers stay used")
    func removal() async throws {
        let first = try await start("a")
        for part in 0..<8 {
            let receipt = try await first.eventLog.ingest(
                events((part * 100)..<((part + 1) * 100)))
            #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        }
        try await first.shipper.removeObjects(olderThan: .zero)
        #expect(try await bucket().list(LogObject.folder).first?.name == LogObject.name(1))
        try await archive(first)
        let old = try Data(contentsOf: URL(fileURLWithPath: folder.file("a/bucket.json")))
        try await first.shipper.removeObjects(olderThan: .seconds(3600))
        #expect(try await bucket().list(LogObject.folder).first?.name == LogObject.name(1))
        // The store's clock counts seconds.
        try await first.shipper.removeObjects(olderThan: .seconds(-2))
        let left = try await bucket().list(LogObject.folder).map(\.name)
        #expect(left.first != LogObject.name(1) && !left.isEmpty)
        let held = try await lines(first.eventLog)
        await first.stop()

        let second = try await start("b")
        #expect(try await lines(second.eventLog) == held)
        await second.stop()

        // A record of before: what it knows last is removed.
        try old.write(to: URL(fileURLWithPath: folder.file("a/bucket.json")))
        let again = try await start("a")
        #expect(await again.running.value == .diverged(place: folder.file("a")))
        await again.stop()
    }

    @Test("a node that was overtaken closes no segment in the bucket: no line of the next is lost")
    func overtakenCloses() async throws {
        let first = try await start("a", segmentAge: .seconds(1))
        let receipt = try await first.eventLog.ingest(events(0..<10))
        #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        let second = try await start("b")
        let more = try await second.eventLog.ingest(events(10..<20))
        #expect(await second.shipper.mark.wait(for: more.end, within: .seconds(60)))
        #expect(more.end.segment == receipt.end.segment)
        // The first node has no new line, and closes its segment for its age.
        try await eventually("the segment is closed") {
            await first.eventLog.maintain()
            return first.eventLog.head.segment > receipt.end.segment
        }
        #expect(await first.running.value == .overtaken(by: "n"))
        #expect(!first.shipper.hasShipped(segment: receipt.end.segment))
        await first.stop()
        let all = try await lines(second.eventLog)
        await second.stop()
        let third = try await start("c")
        #expect(try await lines(third.eventLog) == all)
        await third.stop()
    }

    @Test("a closed segment is an object, and a restored folder adds nothing to it")
    func closedSegment() async throws {
        let first = try await start("a", segmentAge: .seconds(1))
        let receipt = try await first.eventLog.ingest(events(0..<10))
        #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        try await eventually("the segment is closed, and that is in the bucket") {
            await first.eventLog.maintain()
            return first.eventLog.head.segment > receipt.end.segment
                && first.shipper.hasShipped(segment: receipt.end.segment)
        }
        await first.stop()
        let second = try await start("b")
        #expect(second.eventLog.head.segment > receipt.end.segment)
        await second.stop()
    }

    @Test("an older copy of the folder is refused: its positions are used in the bucket")
    func olderCopy() async throws {
        let first = try await start("a")
        let receipt = try await first.eventLog.ingest(events(0..<10))
        #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        await first.stop()
        let second = try await start("a")
        try await eventually("the second life's name is stored") {
            second.shipper.status.isLeading
        }
        try FileManager.default.copyItem(
            atPath: folder.file("a/bucket.json"), toPath: folder.file("copy.json"))
        let log = try FileManager.default.contentsOfDirectory(atPath: folder.file("a/log"))
        try FileManager.default.copyItem(atPath: folder.file("a/log"), toPath: folder.file("log"))
        #expect(!log.isEmpty)
        let more = try await second.eventLog.ingest(events(10..<20))
        #expect(await second.shipper.mark.wait(for: more.end, within: .seconds(60)))
        await second.stop()
        // With the newest record, and with the one of the copy.
        try FileManager.default.removeItem(atPath: folder.file("a/log"))
        try FileManager.default.copyItem(atPath: folder.file("log"), toPath: folder.file("a/log"))
        await #expect(throws: ShippingFault.behind(place: folder.file("a"))) {
            _ = try await self.start("a")
        }
        try FileManager.default.removeItem(atPath: folder.file("a/bucket.json"))
        try FileManager.default.copyItem(
            atPath: folder.file("copy.json"), toPath: folder.file("a/bucket.json"))
        let third = try await start("a")
        #expect(await third.running.value == .behind(place: folder.file("a")))
        await third.stop()
    }

    @Test("a restore beside a node that still writes gets its lines and goes on")
    func besideWriter() async throws {
        let first = try await start("a")
        let writing = Task {
            var number = 0
            while !Task.isCancelled {
                guard (try? await first.eventLog.ingest(events(number..<(number + 1)))) != nil
                else { return }
                number += 1
                _ = await first.shipper.mark.wait(for: first.eventLog.head, within: .seconds(5))
            }
        }
        try await eventually("some lines are in the bucket") {
            first.shipper.mark.value.shipped.offset > 4000
        }
        let second = try await start("b")
        writing.cancel()
        #expect(await first.running.value == .overtaken(by: "n"))
        await writing.value
        await first.stop()
        let receipt = try await second.eventLog.ingest(events(9000..<9001))
        #expect(await second.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        #expect(second.shipper.status.isLeading)
        await second.stop()
    }

    @Test("an interrupted restore is not continued by a node without the bucket, or with another")
    func unfinished() async throws {
        let first = try await start("a")
        let receipt = try await first.eventLog.ingest(events(0..<10))
        #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        await first.stop()
        let directory = folder.file("b")
        try FileManager.default.createDirectory(
            atPath: directory + "/log", withIntermediateDirectories: true)
        _ = try await FolderRestore.begin(
            bucket(), directory: directory, node: "n", most: .max, telemetry: .silent)
        #expect(throws: ShippingFault.unfinished(place: directory)) {
            try FolderRestore.check(directory)
        }
        let other = try place.bucket(suffix: "-other")
        await #expect(throws: ShippingFault.unfinished(place: directory)) {
            _ = try await FolderRestore.begin(
                other, directory: directory, node: "n", most: .max, telemetry: .silent)
        }
    }
}
