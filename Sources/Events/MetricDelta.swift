/// How one metric moved at one attempt: the event's `deltas` member.
public struct MetricDelta: Sendable, Hashable {
    /// Full name, `canary.5xx_rate`.
    public var metric: String
    /// nil when it could not be measured.
    public var value: Double?
    /// The value at the attempt before in the same series.
    public var previous: Double?
    /// The stable version's value in the same window.
    public var stable: Double?
    /// The limit that decided, or the fail limit when none was broken.
    public var limit: Double?
    public var unit: MetricUnit
    public var state: CheckState

    public init(
        metric: String, value: Double?, previous: Double? = nil, stable: Double? = nil,
        limit: Double? = nil, unit: MetricUnit, state: CheckState
    ) {
        self.metric = metric
        self.value = value
        self.previous = previous
        self.stable = stable
        self.limit = limit
        self.unit = unit
        self.state = state
    }
}
