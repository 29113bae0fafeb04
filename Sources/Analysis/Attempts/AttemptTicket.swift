import Events

/// The right to evaluate one attempt.
///
/// The holder must complete, refuse or abandon it. Until then, other callers of
/// the series wait.
public struct AttemptTicket: Sendable, Equatable {
    /// The series' id.
    public let series: String
    public let number: AttemptNumber
    public private(set) var startedAt: Timestamp
    /// The data of earlier attempts that this one is judged against.
    public let history: SeriesHistory
    /// Unique among the tickets of the ledger.
    let serial: UInt64

    /// The id of the event that records the attempt's verdict, 32 hex digits.
    ///
    /// The verdict's document contains it, so it is known before the log stores the event.
    public func eventID(on gateway: GatewayIdentity) -> String {
        let parts = [
            gateway.node, series, String(number.epoch), String(number.n),
            String(startedAt.milliseconds),
        ]
        return String(ContentHash.hex(parts.joined(separator: "\0").utf8).prefix(32))
    }

    mutating func clockSet(by step: Duration) { startedAt = startedAt + step }
}

/// The number of an attempt within its series.
public struct AttemptNumber: Sendable, Hashable {
    public enum Source: String, Sendable, Hashable, CaseIterable {
        /// Counted by this node.
        case counted
        /// Sent by the caller.
        case caller
    }

    /// From 1 within the run.
    public var n: Int
    /// The number of the run within the series, from 1.
    public var epoch: Int
    public var source: Source

    public init(n: Int, epoch: Int, source: Source = .counted) {
        self.n = n
        self.epoch = epoch
        self.source = source
    }
}
