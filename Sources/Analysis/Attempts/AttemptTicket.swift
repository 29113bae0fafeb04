import Events

/// The right to evaluate one attempt. Whoever holds it must complete, refuse
/// or abandon it: until then the series' other callers wait for it.
public struct AttemptTicket: Sendable, Equatable {
    /// The series' id.
    public let series: String
    public let number: AttemptNumber
    public private(set) var startedAt: Timestamp
    /// What the attempt is judged against.
    public let history: SeriesHistory
    /// Tells this ticket from every other of the ledger.
    let serial: UInt64

    mutating func clockSet(by step: Duration) { startedAt = startedAt + step }
}
