import Events
import JSON

@testable import EventLog

/// Ingest scans a line in one pass; `Event` parses it as a tree.
///
/// They must accept the same lines and agree on each line's identity. `EventView` reads the same
/// values from an accepted line; on anything else it only stays within the bytes.
enum EventTarget {
    static func run(_ input: [UInt8]) throws {
        let scanned = Result { () throws(EventFault) in try ScannedLine(input) }
        let event = Result { () throws(EventFault) in try Event(line: input, from: .sender) }
        try input.withUnsafeBytes { bytes in
            var view = EventView()
            let isEvent = view.read(bytes)
            if let stored = try? Event(line: bytes, from: .log) {
                try require(isEvent, "no event at a look, but \(stored)")
                try compare(view, stored)
            }
        }
        switch (scanned, event) {
        case (.success(let scanned), .success(let event)):
            try compare(scanned, event, input)
            let again = try? Event(line: event.line)
            try require(again == event, "\(event) is written as \(again as Any)")
        case (.failure(let fault), .success(let event)):
            // The node's own reserved name, and requirements for new lines only.
            try require(event.event == "log.commit", "the door: \(fault), but it is \(event)")
        case (.success(let scanned), .failure(let fault)):
            throw Finding("the door let in \(scanned), which is no event: \(fault)")
        case (.failure, .failure): break
        }
    }

    private static func compare(_ view: EventView, _ event: Event) throws {
        try require(
            view.ts == event.ts && view.level == event.level && view.status == event.status
                && view.attempt == event.attempt, "the look: \(view.ts), the event: \(event)")
        let texts: [(EventField, String?)] = [
            (.event, event.event), (.node, event.node), (.az, event.az),
            (.namespace, event.namespace), (.rollout, event.rollout),
            (.revision, event.revision), (.concern, event.concern), (.message, event.message),
            (.policy, event.policy), (.binary, event.binary), (.epoch, event.epoch),
        ]
        for (field, text) in texts {
            try require(view.text(field) == text, "\(field): \(view.text(field) as Any)")
        }
        try require(view.text(.id) ?? "" == event.id, "id \(view.text(.id) as Any)")
        let deltas = view.deltas.map { delta in
            MetricDelta(
                metric: delta.metric.text(in: view.bytes) ?? "", value: delta.value,
                previous: delta.previous, stable: delta.stable, limit: delta.limit,
                unit: delta.unit, state: delta.state)
        }
        try require(deltas == event.deltas, "\(deltas), the event \(event.deltas)")
        try require(view.reasons == event.reasons, "\(view.reasons)")
        for member in event.extra {
            try require(
                view.extra(member.key) == member.value, "\(member.key) is another at a look")
        }
    }

    private static func compare(
        _ scanned: ScannedLine, _ event: Event, _ line: [UInt8]
    ) throws {
        try require(scanned.ts == event.ts, "at \(scanned.ts), the event at \(event.ts)")
        try require(
            scanned.node == event.node.map { Hash128($0) }, "not the node \(event.node as Any)")
        let key: ScannedLine.Key
        if let node = event.node, let epoch = event.epoch, let seq = event.seq {
            let stream = ScannedLine.stream(node: Hash128(node), epoch: Hash128(epoch))
            key = .sequence(stream: stream, seq: seq)
        } else {
            key =
                event.id.isEmpty
                ? .none
                : Array(event.id.utf8).withUnsafeBytes { id in
                    line.withUnsafeBytes {
                        ScannedLine.idKey(id, node: scanned.node, of: $0)
                    }
                }
        }
        try require(scanned.key == key, "identified by \(scanned.key), the event by \(key)")
    }
}
