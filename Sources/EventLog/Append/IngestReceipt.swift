public import Events

/// The result of ingesting one body.
public struct IngestReceipt: Sendable, Equatable {
    public struct Rejection: Sendable, Equatable {
        /// Counted from 1, blank lines included.
        public let line: Int
        public let error: EventFault
    }

    /// New lines, durable by now.
    public var accepted: Int
    /// Lines that the log already contains.
    public var duplicates: Int
    /// The first rejected lines, at most `listed`; `rejectedTotal` counts all.
    public var rejected: [Rejection]
    /// The number of all rejected lines, also those not in `rejected`.
    public var rejectedTotal: Int
    /// Lines shed for lack of space, by kind. They are not stored, and the sender should not retry
    /// them.
    public var shed = KindCounts()
    /// A position after every accepted line.
    public var end: LogPosition

    /// Maximum number of rejected lines in a receipt; a body of 8 MiB can contain four million.
    public static let listed = 100
}
