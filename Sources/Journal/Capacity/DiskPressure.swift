import Events
import JSONScan

/// The disk is short of room, and the log is about to give its oldest history back.
struct DiskPressure: Sendable, Equatable {
    /// Free bytes of the disk, and how many the log leaves free.
    var free: Int
    var floor: Int
    /// Bytes of disk blocks that the log's history has, and how many of them it keeps in any case.
    var history: Int
    var kept: Int
    /// Whether giving back all that may go would be enough.
    var helps: Bool

    /// The event `log.pressure`.
    func event(at time: Timestamp) -> Event {
        let words =
            "the disk of the log has \(free) bytes free, \(floor) should be (log.min_free): "
            + (helps
                ? "the oldest of \(history) bytes of history go next, down to \(kept) (log.min_keep)"
                : "giving history back would not be enough, so all \(history) bytes of it stay "
                    + "and new lines may be refused")
        return Event(
            ts: time, level: .error, event: EventName.logPressure, message: words,
            extra: [
                .init("free", .number("\(free)")), .init("floor", .number("\(floor)")),
                .init("history", .number("\(history)")), .init("kept", .number("\(kept)")),
            ])
    }
}

/// History that was removed to give the disk room.
struct TrimmedHistory: Sendable, Equatable {
    var segments = 0
    var lines = 0
    /// Bytes of lines, and of disk blocks.
    var bytes = 0
    var allocated = 0
    /// When the first line of the oldest segment and the last line of the newest were accepted.
    var first: Timestamp?
    var last: Timestamp?

    var isEmpty: Bool { segments == 0 }

    init() {}

    init(_ archive: Ledger.Archive) {
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
                + "because the disk is short of room (log.min_free)",
            extra: [
                .init("segments", .number("\(segments)")), .init("lines", .number("\(lines)")),
                .init("bytes", .number("\(bytes)")),
                .init("allocated", .number("\(allocated)")), .init("from", .string(from)),
                .init("to", .string(until)),
            ])
    }
}
