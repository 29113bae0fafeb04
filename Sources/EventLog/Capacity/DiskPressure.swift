import Events
import JSON

/// The alarm that the disk is low on space, raised before history is removed.
struct DiskPressure: Sendable, Equatable {
    /// Free bytes of the disk, and the bytes that the log leaves free.
    var free: Int
    var floor: Int
    /// Disk usage of the log's history in bytes, and how much of it is never removed.
    var history: Int
    var kept: Int
    /// Whether removing all removable history would free enough space.
    var helps: Bool

    /// The event `log.pressure`.
    func event(at time: Timestamp) -> Event {
        let words =
            "the log's disk has \(free) bytes free, log.min_free is \(floor): "
            + (helps
                ? "history is removed next, from \(history) down to \(kept) bytes (log.min_keep)"
                : "removing history would not free enough, so all \(history) bytes of it stay "
                    + "and new lines may be refused")
        return Event(
            ts: time, level: .error, event: EventName.logPressure, message: words,
            extra: [
                .init("free", .number("\(free)")), .init("floor", .number("\(floor)")),
                .init("history", .number("\(history)")), .init("kept", .number("\(kept)")),
            ])
    }
}

/// History that was removed to free disk space.
struct TrimmedHistory: Sendable, Equatable {
    var segments = 0
    var lines = 0
    /// Bytes of event lines, and their disk usage in bytes.
    var bytes = 0
    var allocated = 0
    /// When the first line of the oldest segment and the last line of the newest were accepted.
    var first: Timestamp?
    var last: Timestamp?

    var isEmpty: Bool { segments == 0 }

    init() {}

    init(_ archive: DiskUsage.Archive) {
        segments = 1
        lines = archive.lines
        bytes = Int(clamping: archive.end)
        allocated = archive.allocated
        first = archive.name.began
        last = archive.closedAt
    }

    static func += (a: inout TrimmedHistory, b: TrimmedHistory) {
        guard !b.isEmpty else { return }
        a.first = [a.first, b.first].compactMap { $0 }.min()
        a.last = [a.last, b.last].compactMap { $0 }.max()
        a.segments += b.segments
        a.lines +|= b.lines
        a.bytes +|= b.bytes
        a.allocated +|= b.allocated
    }

    /// The event `log.trimmed`.
    func event(at time: Timestamp) -> Event {
        let from = first.map { $0.rfc3339 } ?? ""
        let until = last.map { $0.rfc3339 } ?? ""
        return Event(
            ts: time, level: .warn, event: EventName.logTrimmed,
            message:
                "\(lines) lines in \(segments) segments, from \(from) to \(until), were removed "
                + "because the disk is low on space (log.min_free)",
            extra: [
                .init("segments", .number("\(segments)")), .init("lines", .number("\(lines)")),
                .init("bytes", .number("\(bytes)")),
                .init("allocated", .number("\(allocated)")), .init("from", .string(from)),
                .init("to", .string(until)),
            ])
    }

    /// The event `log.gap` of history that was removed before the store had it.
    func unshippedEvent(at time: Timestamp) -> Event {
        let from = first.map { $0.rfc3339 } ?? ""
        let until = last.map { $0.rfc3339 } ?? ""
        return Event(
            ts: time, level: .error, event: EventName.logGap,
            message:
                "\(lines) lines in \(segments) segments, from \(from) to \(until), were removed "
                + "from the disk before the bucket had them; they are lost",
            extra: [
                .init("cursor", .string("bucket")), .init("lines", .number("\(lines)")),
                .init("segments", .number("\(segments)")), .init("from", .string(from)),
                .init("to", .string(until)),
            ])
    }
}
