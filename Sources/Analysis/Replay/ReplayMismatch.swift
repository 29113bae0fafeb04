/// One value on which a vectors file and this judge disagree.
public struct ReplayMismatch: Sendable, Equatable, CustomStringConvertible {
    /// The compared value: `V2_few_requests_fail checks canary.5xx_rate p_window`.
    public let name: String
    public let expected: String
    public let actual: String

    public var description: String { "\(name): expected \(expected), got \(actual)" }
}

/// The result of a replay.
public struct ReplayReport: Sendable, Equatable {
    /// How many values were compared.
    public var compared = 0
    /// In the order of the file; empty when all agree.
    public var mismatches: [ReplayMismatch] = []

    public init() {}
}
