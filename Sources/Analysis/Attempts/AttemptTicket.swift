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

    mutating func clockSet(by step: Duration) { startedAt = startedAt + step }
}
