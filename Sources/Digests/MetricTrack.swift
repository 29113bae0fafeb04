public import Events

/// One metric in one place, over the attempts of an incident.
public struct MetricTrack: Sendable, Hashable {
    /// Full name, `canary.5xx_rate`.
    public let metric: String
    public internal(set) var unit: MetricUnit
    /// What the last attempt's check said.
    public internal(set) var state: CheckState
    /// The last attempt's value; nil when it could not be measured.
    public internal(set) var value: Double?
    /// The value one attempt earlier.
    public internal(set) var previous: Double?
    public internal(set) var stable: Double?
    public internal(set) var limit: Double?
    /// The value before the incident, or the first of it when none came before.
    public internal(set) var first: Double?
    /// The value furthest on the wrong side within the incident.
    public internal(set) var worst: Double?
    /// The attempt since which the check has not passed.
    public internal(set) var overSince: Int?
    /// Whether the check ever did not pass within the incident.
    public internal(set) var wasOver = false
    /// The limit was last broken from below: smaller is worse.
    public internal(set) var lowerIsWorse = false
    /// Values by attempt, oldest first, at most 16; nil where not measured.
    public internal(set) var history: [Double?]

    public init(_ metric: String, unit: MetricUnit) {
        self.metric = metric
        self.unit = unit
        state = .pass
        lowerIsWorse = unit == .flag
        history = []
    }

    /// Whether the last check did not pass.
    public var isOver: Bool { state != .pass }

    /// How far beyond its limit, as a factor, now or at its worst; 0 when that
    /// can't be said.
    var excess: Double {
        guard let limit, let value = isOver ? value : worst else { return 0 }
        if lowerIsWorse { return value > 0 ? min(limit / value, 1e9) : 1e9 }
        return limit > 0 ? min(value / limit, 1e9) : value
    }

    mutating func beginIncident() {
        first = value
        worst = nil
        overSince = nil
        wasOver = false
    }

    mutating func absorb(_ delta: MetricDelta, attempt: Int?, inIncident: Bool) {
        unit = delta.unit
        previous = delta.previous?.finite ?? value
        value = delta.value?.finite
        if let stable = delta.stable?.finite { self.stable = stable }
        if let limit = delta.limit?.finite { self.limit = limit }
        let wasPassing = state == .pass
        state = delta.state
        history.append(value)
        if history.count > Bounds.history { history.removeFirst() }
        guard inIncident else { return }
        if first == nil { first = delta.previous?.finite ?? value }
        if isOver {
            wasOver = true
            if wasPassing || overSince == nil { overSince = attempt }
            if let value {
                // Worse than stable, the whole run's statistics for one, is no low value.
                if let limit = delta.limit?.finite, unit != .flag {
                    lowerIsWorse = value < limit && value <= delta.stable ?? value
                }
                worst = worst.map { lowerIsWorse ? min($0, value) : max($0, value) } ?? value
            }
        } else {
            overSince = nil
        }
    }

    /// Worst first: by state, then by how far over, then by name.
    static func worstFirst(_ a: MetricTrack, _ b: MetricTrack) -> Bool {
        if a.state != b.state { return a.state.severity > b.state.severity }
        if a.wasOver != b.wasOver { return a.wasOver }
        if a.excess != b.excess { return a.excess > b.excess }
        return a.metric < b.metric
    }
}

extension CheckState {
    /// Failing is worse than not knowing, which is worse than a warning.
    var severity: Int {
        switch self {
        case .pass: 0
        case .warn: 1
        case .nodata: 2
        case .fail: 3
        }
    }
}

extension Double {
    /// The number itself unless it is NaN or infinite, which no JSON can carry.
    var finite: Double? { isFinite ? self : nil }
}
