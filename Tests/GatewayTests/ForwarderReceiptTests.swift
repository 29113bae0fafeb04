import Core
import EventLog
import Events
import Foundation
import JSON
import State
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Gateway

@Suite("Receipts from a notifier")
struct ForwarderReceiptTests {
    @Test(
        "numbers that no valid receipt contains acknowledge nothing, and stop nothing",
        arguments: [
            ("9223372036854775807", "1"), ("9223372036854775807", "9223372036854775807"),
            ("-9223372036854775808", "-1"), ("-9223372036854775807", "-9223372036854775808"),
            ("2", "-1"), ("1000000001", "0"), ("1e300", "1e300"), ("0", "0"),
        ])
    func numbers(accepted: String, duplicates: String) async throws {
        let (position, status) = try await forward(accepted: accepted, duplicates: duplicates)
        #expect(position == nil)
        #expect(status.fault.contains("without a receipt for these lines"))
    }

    @Test("a gateway's own decisions are not sent, however their names are written")
    func decisions() {
        #expect(EventName.decisions.count >= 10)
        for name in EventName.decisions + [#"silence\u002eadded"#] {
            var batch = ForwardBatch()
            batch.append(Array(#"{"ts":"2026-11-30T00:00:00Z","event":"\#(name)"}"#.utf8))
            #expect(batch.lines == 0 && batch.body.isEmpty, "\(name)")
        }
        var batch = ForwardBatch()
        batch.append(Array(#"{"ts":"2026-11-30T00:00:00Z","event":"silence.addedx"}"#.utf8))
        #expect(batch.lines == 1)
    }

    @Test("a receipt for all lines moves the cursor")
    func whole() async throws {
        #expect(try await forward(accepted: "1", duplicates: "0").position != nil)
    }

    /// The position of the cursor after one line was sent, and the forwarder's report.
    private func forward(
        accepted: String, duplicates: String
    ) async throws -> (position: LogPosition?, status: Forwarder.Status) {
        let folder = try TemporaryDirectory()
        let double = try await HTTPDouble.start()
        defer { double.kill() }
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let store = try Store(path: folder.file("state.sqlite"))
        let eventLog = try await EventLog.open(
            EventLogConfiguration(directory: folder.file("data"), node: "gw-a1"),
            telemetry: .silent)
        _ = try await eventLog.append(Event(ts: WallClock.system.now, event: "x"))
        let forwarder = Forwarder(
            Forwarder.Configuration(
                to: [double.url("/receipt/\(accepted)/\(duplicates)")], token: nil, trust: .system,
                retry: RetryPolicy(initial: .seconds(60), factor: 1, ceiling: .seconds(60))),
            eventLog: eventLog, store: store, transfer: engine, telemetry: .silent)
        let task = Task { await forwarder.run() }
        defer { task.cancel() }
        try await eventually("the receipt is read") {
            let status = forwarder.status
            return status.failuresInARow > 0 || status.acknowledged > .start
        }
        let stored = try await store.read { db in
            try CursorTable.position(db, of: Forwarder.cursorName)
        }
        task.cancel()
        _ = await task.result
        await eventLog.close()
        return (stored, forwarder.status)
    }

    private func receipt(_ text: String, lines: Int) -> Int? {
        ForwardBatch.Answer.rejected(
            in: try? JSONValue(
                parsing: Array(text.utf8), limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 8)),
            upTo: lines)
    }

    @Test("the count of rejected lines is used if the list is truncated, and must be of this batch")
    func rejected() {
        let one = #""rejected":[{"line":1,"error":"x"}]"#
        #expect(receipt("{\(one),\"rejected_total\":700}", lines: 1000) == 700)
        #expect(receipt("{\(one),\"rejected_total\":700}", lines: 699) == nil)
        #expect(receipt("{\(one),\"rejected_total\":-1}", lines: 1000) == nil)
        #expect(receipt("{\(one),\"rejected_total\":9223372036854775807}", lines: 1000) == nil)
        #expect(receipt("{\(one)}", lines: 1000) == 1)
        #expect(receipt("{\"rejected_total\":0}", lines: 1000) == nil)
    }
}
