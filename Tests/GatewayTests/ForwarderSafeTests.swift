import EventLog
import GRDB
import Events
import JSON
import Notifier
@testable import State
import TestSupport
import Testing
import Transfer

@testable import Gateway

@Suite("Forwarding to a notifier with a bucket")
struct ForwarderSafeTests {
    private func numbers(_ range: ClosedRange<Int>) -> [String] { range.map { "\($0)" } }

    /// Before the first line. An empty log may be read up to here, which moves both cursors.
    private let firstLine = LogPosition(segment: 1, offset: 0)

    private func acknowledged(_ forwarder: Forwarder, _ node: ForwardingNode) async throws {
        try await eventually("all are acknowledged") {
            forwarder.status.acknowledged == node.eventLog.head
        }
    }

    @Test("the durable cursor passes a line only once a receipt reports it as shipped")
    func twoCursors() async throws {
        let node = try await ForwardingNode()
        let notifier = try await ScriptedNotifier(isOpen: true)
        notifier.ship(to: .start)
        let forwarder = node.forwarder(ForwardingNode.configuration([notifier]))
        try await node.running(forwarder) {
            try await node.append(numbers(1...3))
            try await acknowledged(forwarder, node)
            // Receipts are requested, and say that nothing is in the bucket.
            try await eventually("receipts are requested") { notifier.requests >= 4 }
            #expect(forwarder.status.safe <= firstLine)
            #expect(try await node.cursor() ?? .start <= firstLine)
            notifier.ship(to: notifier.eventLog.head)
            try await eventually("all are safe") {
                forwarder.status.safe == node.eventLog.head
            }
            try await eventually("the cursor is stored") {
                try await node.cursor() == node.eventLog.head
            }
            // Nothing more is requested while everything is safe.
            let requests = notifier.requests
            try await node.append(["4"])
            try await acknowledged(forwarder, node)
            #expect(notifier.requests >= requests + 1)
        }
        #expect(try await notifier.messages() == numbers(1...4))
        await notifier.stop()
        await node.stop()
    }

    @Test("a start sends what was not safe again, and the notifier stores it once")
    func restart() async throws {
        let node = try await ForwardingNode()
        let notifier = try await ScriptedNotifier(isOpen: true)
        notifier.ship(to: .start)
        let first = node.forwarder(ForwardingNode.configuration([notifier]))
        try await node.running(first) {
            try await node.append(numbers(1...3))
            try await acknowledged(first, node)
        }
        #expect(try await node.cursor() ?? .start <= firstLine)
        notifier.ship(to: LogPosition(segment: .max, offset: 0))
        let second = node.forwarder(ForwardingNode.configuration([notifier]))
        try await node.running(second) {
            try await eventually("all are safe, and the cursor stored") {
                try await node.cursor() == node.eventLog.head
            }
        }
        #expect(try await notifier.messages() == numbers(1...3))
        await notifier.stop()
        await node.stop()
    }

    @Test("a new leader gets every line that the old one had not shipped, in order and once")
    func takeover() async throws {
        let node = try await ForwardingNode()
        let first = try await ScriptedNotifier("notifier-a", isOpen: true)
        let second = try await ScriptedNotifier("notifier-b", isOpen: true)
        second.follow()
        first.ship(to: .start)
        let forwarder = node.forwarder(ForwardingNode.configuration([first, second]))
        try await node.running(forwarder) {
            for number in 1...10 {
                try await node.append(["\(number)"])
                try await acknowledged(forwarder, node)
            }
            let shipped = try await first.position(after: 4)
            first.ship(to: shipped)
            try await eventually("four are safe") { forwarder.status.safe > firstLine }

            // The first one's machine is lost; the second one has what was in the bucket.
            var reader = first.eventLog.reader(from: .start)
            let known = try await reader.next(maxLines: 4).lines.map { $0.bytes + [10] }
            await first.stop()
            _ = try await second.eventLog.ingest(Array(known.joined()))
            try await node.append(["11"])
            second.ship(to: .start, node: "notifier-b", term: 2)
            second.lead()
            try await acknowledged(forwarder, node)
            try await eventually("the second one has all") {
                try await second.messages().count >= 11
            }
            second.ship(
                to: LogPosition(segment: .max, offset: 0), node: "notifier-b", term: 2)
            try await eventually("all are safe, and the cursor stored") {
                try await node.cursor() == node.eventLog.head
            }
        }
        #expect(try await second.messages() == numbers(1...11))
        #expect(node.count("bellwether_forward_returns_total") == 1)
        await second.stop()
        await node.stop()
    }

    @Test("the same node in a new term is another notifier: it may have come back without its disk")
    func sameNodeNewTerm() async throws {
        let node = try await ForwardingNode()
        let old = try await ScriptedNotifier("notifier-a", isOpen: true)
        let new = try await ScriptedNotifier("notifier-a", isOpen: true)
        new.follow()
        old.ship(to: .start)
        let forwarder = node.forwarder(ForwardingNode.configuration([old, new]))
        try await node.running(forwarder) {
            try await node.append(numbers(1...5))
            try await acknowledged(forwarder, node)
            await old.stop()
            new.ship(to: .start, term: 2)
            new.lead()
            // Without new lines: the forwarder finds out by itself.
            try await eventually("the new one has all") {
                try await new.messages() == numbers(1...5)
            }
        }
        await new.stop()
        await node.stop()
    }

    @Test("a notifier whose log or bucket went back gets the lines again")
    func wentBack() async throws {
        let node = try await ForwardingNode()
        let notifier = try await ScriptedNotifier(isOpen: true)
        notifier.ship(to: LogPosition(segment: 1, offset: 1))
        let forwarder = node.forwarder(ForwardingNode.configuration([notifier]))
        try await node.running(forwarder) {
            try await node.append(numbers(1...3))
            try await acknowledged(forwarder, node)
            #expect(node.count("bellwether_forward_returns_total") == 0)
            notifier.ship(to: .start)
            try await eventually("the lines are sent again") {
                node.count("bellwether_forward_returns_total") >= 1
            }
            notifier.ship(to: LogPosition(segment: .max, offset: 0))
            try await eventually("all are safe") {
                forwarder.status.safe == node.eventLog.head
            }
        }
        #expect(try await notifier.messages() == numbers(1...3))
        await notifier.stop()
        await node.stop()
    }

    @Test("lines that were removed before they were safe are counted when they are needed")
    func removed() async throws {
        let node = try await ForwardingNode {
            $0.segmentBytes = 64 * 1024
            $0.maxAge = .seconds(86_400)
        }
        let notifier = try await ScriptedNotifier(isOpen: true)
        notifier.ship(to: .start)
        let filler = String(repeating: "x", count: 1000)
        let first = node.forwarder(ForwardingNode.configuration([notifier]))
        try await node.running(first) {
            try await node.append((0..<150).map { "\($0) \(filler)" })
            try await acknowledged(first, node)
        }
        node.clock.advance(by: .seconds(90_000))
        try await node.append((0..<150).map { "\($0) \(filler)" })
        try await eventually("the old lines are removed") {
            await node.eventLog.maintain()
            var reader = node.eventLog.reader(from: LogPosition(segment: 1, offset: 1))
            return try await reader.next(maxLines: 10_000).skipped > 0
        }
        #expect(node.count("bellwether_forward_lost_total") == 0)
        // The durable cursor is before them, though they were acknowledged. A reader from the
        // start of the log misses nothing, so the cursor is set behind the first line.
        try await node.store.write { db in
            try CursorTable.move(
                db, Forwarder.cursorName, to: LogPosition(segment: 1, offset: 1))
        }
        let second = node.forwarder(ForwardingNode.configuration([notifier]))
        try await node.running(second) {
            try await eventually("the loss is counted") {
                node.count("bellwether_forward_lost_total") > 0
            }
            try await acknowledged(second, node)
        }
        let gaps = try await node.eventLog.last(10_000).lines
            .map { try Event(line: $0.bytes) }.filter { $0.event == EventName.logGap }
        #expect(gaps.count == 1)
        await notifier.stop()
        await node.stop()
    }

    @Test("a first line that the notifier rejects does not keep the others from becoming safe")
    func firstRejected() async throws {
        let node = try await ForwardingNode()
        let notifier = try await ScriptedNotifier("notifier-a", isOpen: true)
        notifier.ship(to: .start)
        // The notifier refuses lines with its own name; alone, with 409.
        for seq in 1...3 {
            try await node.eventLog.append(
                Event(
                    ts: node.clock.wall.now, event: "node.note", node: "notifier-a", epoch: "e",
                    seq: UInt64(seq)))
        }
        try await node.append(["1"])
        let forwarder = node.forwarder(ForwardingNode.configuration([notifier]))
        try await node.running(forwarder) {
            try await acknowledged(forwarder, node)
            #expect(node.count("bellwether_forward_rejected_total") == 3)
            #expect(forwarder.status.safe <= firstLine)
            notifier.ship(to: notifier.eventLog.head)
            try await eventually("all are safe") {
                forwarder.status.safe == node.eventLog.head
            }
        }
        #expect(try await notifier.messages() == ["1"])
        #expect(node.count("bellwether_forward_returns_total") == 0)
        await notifier.stop()
        await node.stop()
    }

    // MARK: - Receipts

    private func shipping(_ member: String) throws -> ForwardBatch.Shipping {
        let receipt = #"{"accepted":1,"duplicates":0,"rejected":[]\#(member)}"#
        guard
            case .acknowledged(_, let shipping) = ForwardBatch.Answer(
                status: 200, body: Array(receipt.utf8), lines: 1)
        else { throw NeverHappened(description: "\(receipt) is no acknowledgement") }
        return shipping
    }

    @Test("a report is read whole or not at all, and what cannot be read is quoted")
    func reports() throws {
        #expect(try shipping("") == .absent)
        #expect(
            try shipping(#","shipped":{"node":"n","term":7,"end":"41:1830","to":"41:1200"}"#)
                == .report(
                    ShippedReport(
                        node: "n", term: 7, end: LogPosition(segment: 41, offset: 1830),
                        shipped: LogPosition(segment: 41, offset: 1200))))
        for report in [
            "null", "7", "{}", #"{"node":"","term":7,"end":"1:1","to":"1:1"}"#,
            #"{"node":"n","term":-1,"end":"1:1","to":"1:1"}"#,
            #"{"node":"n","term":1e300,"end":"1:1","to":"1:1"}"#,
            #"{"node":"n","term":7,"end":"1","to":"1:1"}"#,
            #"{"node":"n","term":7,"end":"1:1","to":"18446744073709551616:1"}"#,
        ] {
            guard case .unreadable(let text) = try shipping(#","shipped":\#(report)"#) else {
                Issue.record("\(report) was read")
                continue
            }
            #expect(!text.isEmpty)
        }
    }
}
