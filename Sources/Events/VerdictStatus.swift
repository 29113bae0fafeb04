/// What one measurement says of a canary.
///
/// A join-semilattice by its order: the verdict over several checks is the
/// greatest status among them, so order and repetition never matter.
public enum VerdictStatus: String, Sendable, Hashable, CaseIterable, Comparable {
    case healthy
    case degraded
    case unknown
    case unhealthy

    private var rank: Int {
        switch self {
        case .healthy: 0
        case .degraded: 1
        case .unknown: 2
        case .unhealthy: 3
        }
    }

    public static func < (a: VerdictStatus, b: VerdictStatus) -> Bool { a.rank < b.rank }

    /// Everything but `healthy`: what the document's `degraded` field says.
    public var isDegraded: Bool { self != .healthy }
}

/// What one check says of its signal.
public enum CheckState: String, Sendable, Hashable, CaseIterable {
    case pass
    case warn
    case nodata
    case fail
}
