/// One place where a vectors file and this judge disagree.
public struct ReplayMismatch: Sendable, Equatable, CustomStringConvertible {
    /// What was compared: `V2_few_requests_fail checks canary.5xx_rate p_window`.
    public let name: String
    public let expected: String
    public let actual: String

    public var description: String { "\(name): expected \(expected), got \(actual)" }
}

/// What a replay found.
public struct ReplayReport: Sendable, Equatable {
    /// How many values were compared.
    public var compared = 0
    /// In the order of the file; empty when all agree.
    public var mismatches: [ReplayMismatch] = []

    public init() {}
}
