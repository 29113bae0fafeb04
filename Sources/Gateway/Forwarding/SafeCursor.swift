import Events

/// How far the log was sent, and how far what was sent is safe.
///
/// A line is sent once a notifier has acknowledged it. It is safe once it would survive the loss of
/// that notifier's machine: with a bucket, when a receipt reports it as shipped there; without one,
/// when it is acknowledged. A pure value.
struct SafeCursor: Sendable {
    /// The position after the last acknowledged line.
    private(set) var sent: LogPosition
    /// The position after the last line that is safe; never after `sent`.
    private(set) var safe: LogPosition
    /// Why the lines after `safe` must be sent again.
    enum Reason: String, Sendable {
        case otherNotifier = "another notifier or term answered"
        case lostLines = "the notifier lost lines that it had acknowledged"
        case unreadable = "no line that is not safe can be sent for a receipt"
    }

    /// Acknowledged lines that are not safe: a position in this log, and where the notifier's log
    /// ended behind the lines before it. Both ascend.
    private var pending: [(position: LogPosition, end: LogPosition)] = []
    /// The last report of a notifier with a bucket; nil for one without.
    private var last: ShippedReport?

    /// The maximum of `pending`. Further batches are joined with the last entry, which delays
    /// `safe` and loses nothing.
    static let most = 1024

    /// Begins at the stored position. What was sent after it in an earlier life is sent again.
    init(at position: LogPosition) {
        sent = position
        safe = position
    }

    /// Whether every acknowledged line is safe.
    var isSafe: Bool { pending.isEmpty }

    /// Notes the acknowledgement of the lines before `position`.
    ///
    /// - Returns: Why the lines after `safe` must be sent again, this batch included; nil if they
    ///   need not.
    mutating func acknowledge(
        upTo position: LogPosition, _ shipping: ForwardBatch.Shipping
    ) -> Reason? {
        switch shipping {
        case .unreported where isSafe: (sent, safe) = (position, position)
        case .unreported:
            sent = position
            let last = pending.removeLast()
            pending.append((position, last.end))
        case .unreadable:
            sent = position
            append(position, LogPosition(segment: .max, offset: .max))
        case .absent, .report:
            if let reason = adopt(shipping.report) { return reason }
            sent = position
            if let report = last {
                append(position, report.end)
                settle(report.shipped)
            } else {
                safe = position
                pending = []
            }
        }
        return nil
    }

    /// Notes the receipt for a line that had been sent before.
    mutating func confirm(_ shipping: ForwardBatch.Shipping) -> Reason? {
        switch shipping {
        case .unreported, .unreadable: break
        case .absent, .report:
            if let reason = adopt(shipping.report) { return reason }
            if let last {
                settle(last.shipped)
            } else {
                safe = sent
                pending = []
            }
        }
        return nil
    }

    /// Makes `safe` the position from which to send.
    mutating func goBack() {
        sent = safe
        pending = []
    }

    /// Compares a report with the one before.
    private mutating func adopt(_ report: ShippedReport?) -> Reason? {
        let before = last
        last = report
        guard !isSafe else { return nil }
        switch (report, before) {
        case (nil, nil): return nil
        case (let report?, let before?) where report.isSameWriter(as: before):
            return report.end < before.end || report.shipped < before.shipped ? .lostLines : nil
        default: return .otherNotifier
        }
    }

    private mutating func append(_ position: LogPosition, _ end: LogPosition) {
        if pending.count >= Self.most { pending.removeLast() }
        pending.append((position, end))
    }

    private mutating func settle(_ shipped: LogPosition) {
        // The notifier's log has the lines of earlier entries before those of later ones.
        guard let place = pending.lastIndex(where: { $0.end <= shipped }) else { return }
        safe = pending[place].position
        pending.removeSubrange(...place)
    }
}

/// The member `shipped` of a receipt: how far the notifier's log is in its bucket.
struct ShippedReport: Sendable, Equatable {
    /// The node that wrote the lines, and the term in which it writes.
    var node: String
    var term: Int
    /// The end of the notifier's log after the lines of this receipt.
    var end: LogPosition
    /// Everything before this position of the notifier's log is in the bucket.
    var shipped: LogPosition

    /// Whether the positions of both reports belong to one log.
    func isSameWriter(as other: ShippedReport) -> Bool {
        node == other.node && term == other.term
    }
}
