/// The change of one metric at one attempt: an element of the event's `deltas`.
public struct MetricDelta: Sendable, Hashable {
    /// The full name, such as `canary.5xx_rate`.
    public var metric: String
    /// nil if it could not be measured.
    public var value: Double?
    /// The value at the previous attempt in the same series.
    public var previous: Double?
    /// The stable version's value in the same window.
    public var stable: Double?
    /// The limit that decided the state, or the fail limit if no limit was exceeded.
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
