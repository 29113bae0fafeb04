/// The verdict of one measurement on a canary.
///
/// Forms a join-semilattice by its order: the verdict over several checks is the greatest of
/// their statuses, independent of order and repetition.
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

    /// Whether the status is not `healthy`: the value of the document's `degraded` field.
    public var isDegraded: Bool { self != .healthy }
}

/// The result of one check; the order is that of severity.
public enum CheckState: String, Sendable, Hashable, CaseIterable, Comparable {
    case pass
    case warn
    case nodata
    case fail

    private var rank: Int {
        switch self {
        case .pass: 0
        case .warn: 1
        case .nodata: 2
        case .fail: 3
        }
    }

    public static func < (a: CheckState, b: CheckState) -> Bool { a.rank < b.rank }
}
