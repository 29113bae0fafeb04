import Events

/// The answer of a finished attempt, returned for every repeat of it.
public struct FrozenVerdict: Sendable, Equatable {
    public var number: AttemptNumber
    public var status: VerdictStatus
    public var document: VerdictDocument
    /// The time of the attempt's first request, for the header `Bellwether-Measured-At`.
    public var measuredAt: Timestamp

    public init(
        number: AttemptNumber, status: VerdictStatus, document: VerdictDocument,
        measuredAt: Timestamp
    ) {
        self.number = number
        self.status = status
        self.document = document
        self.measuredAt = measuredAt
    }
}
