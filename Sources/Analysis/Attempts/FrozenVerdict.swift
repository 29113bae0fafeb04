import Events

/// An attempt's answer, fixed: what every repeat of the attempt gets.
public struct FrozenVerdict: Sendable, Equatable {
    public var number: AttemptNumber
    public var status: VerdictStatus
    public var document: VerdictDocument
    /// When the attempt's first caller asked; for the header `Bellwether-Measured-At`.
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
