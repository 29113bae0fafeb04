public import Events

/// The number of verdicts with each status.
public struct StatusCounts: Sendable, Hashable {
    public var healthy = 0
    public var degraded = 0
    public var unknown = 0
    public var unhealthy = 0

    public init(healthy: Int = 0, degraded: Int = 0, unknown: Int = 0, unhealthy: Int = 0) {
        self.healthy = healthy
        self.degraded = degraded
        self.unknown = unknown
        self.unhealthy = unhealthy
    }

    public subscript(status: VerdictStatus) -> Int {
        get {
            switch status {
            case .healthy: healthy
            case .degraded: degraded
            case .unknown: unknown
            case .unhealthy: unhealthy
            }
        }
        set {
            switch status {
            case .healthy: healthy = newValue
            case .degraded: degraded = newValue
            case .unknown: unknown = newValue
            case .unhealthy: unhealthy = newValue
            }
        }
    }

    public var total: Int { healthy +| degraded +| unknown +| unhealthy }

    /// The counts above zero, healthy first.
    public var present: [(status: VerdictStatus, count: Int)] {
        VerdictStatus.allCases.compactMap { self[$0] > 0 ? ($0, self[$0]) : nil }
    }
}
