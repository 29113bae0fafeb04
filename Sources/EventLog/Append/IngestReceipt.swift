public import Events

/// What became of the lines of one body.
public struct IngestReceipt: Sendable, Equatable {
    public struct Rejection: Sendable, Equatable {
        /// Counted from 1, blank lines included.
        public let line: Int
        public let error: EventFault
    }

    /// New lines, durable by now.
    public var accepted: Int
    /// Lines that the log held already.
    public var duplicates: Int
    /// The first rejected lines, at most `listed`; `rejectedTotal` counts all.
    public var rejected: [Rejection]
    /// Exact, also beyond what `rejected` lists.
    public var rejectedTotal: Int
    /// Lines shed for lack of space, by kind; not acknowledged, not to be sent again.
    public var shed = KindCounts()
    /// A position after every accepted line.
    public var end: LogPosition

    /// Rejected lines that a receipt lists: a body of 8 MiB can hold four million.
    public static let listed = 100
}
