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
    private let store: ObjectStore
    private let engine = TransferEngine(telemetry: .silent)
    private let folder: TemporaryDirectory
    private let prefix = "shipping/\(UInt64.random(in: .min ... .max))"

    init() async throws {
        store = try await ObjectStore.shared()
        folder = try TemporaryDirectory("shipping")
    }

    deinit { engine.shutdown() }

    private func bucket(_ endpoint: String? = nil) throws -> Bucket {
        Bucket(
            try BucketLocation(
                url: "s3://\(ObjectStore.bucket)/\(prefix)", endpoint: endpoint ?? store.endpoint),
            credentials: BucketCredentialChain([
                ConfiguredKeys(
                    accessKey: .value(ObjectStore.accessKey),
                    secretKey: .value(ObjectStore.secretKey))
            ]), engine: engine)
    }

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

    private func start(_ name: String, endpoint: String? = nil) async throws -> Node {
        let eventLog = try await EventLog.open(
            EventLogConfiguration(
                directory: folder.file(name), node: "n", maxBytes: 64 << 20,
                segmentBytes: 64 << 10, ballastBytes: 0))
        do {
            let shipper = try await LogShipper(
                eventLog, bucket: bucket(endpoint), delay: .milliseconds(100),
                telemetry: .silent)
            let running = Task {
                do throws(ShippingFault) {
                    try await shipper.run()
                    return ShippingFault?.none
                } catch { return error }
            }
            return Node(eventLog: eventLog, shipper: shipper, running: running)
        } catch {
            await eventLog.close()
            throw error
        }
    }

    private func events(_ numbers: Range<Int>) -> [UInt8] {
        numbers.flatMap { number in
            Array(
                #"{"ts":"2026-11-30T00:00:00Z","event":"test.line","id":"e\#(number)","text":"\#(String(repeating: "x", count: 300))"}"#
                    .utf8) + [UInt8(ascii: "\n")]
        }
    }

    private func lines(_ log: EventLog) async throws -> [[UInt8]] {
        var reader = log.reader(from: .start)
        var lines: [[UInt8]] = []
        while true {
            let batch = try await reader.next()
            lines += batch.lines.map(\.bytes)
            if batch.isCaughtUp { return lines }
        }
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
}
