public import Events

/// One metric in one place, over the attempts of an incident.
public struct MetricTrack: Sendable, Hashable {
    /// Full name, `canary.5xx_rate`.
    public let metric: String
    public internal(set) var unit: MetricUnit
    /// What the last attempt's check said.
    public internal(set) var state: CheckState
    /// The last attempt's value; nil when it could not be measured.
    @SparingDouble public internal(set) var value: Double? = nil
    /// The value one attempt earlier.
    @SparingDouble public internal(set) var previous: Double? = nil
    @SparingDouble public internal(set) var stable: Double? = nil
    @SparingDouble public internal(set) var limit: Double? = nil
    /// The value before the incident, or the first of it when none came before.
    @SparingDouble public internal(set) var first: Double? = nil
    /// The value furthest on the wrong side within the incident.
    @SparingDouble public internal(set) var worst: Double? = nil
    /// The attempt since which the check has not passed.
    @SparingInt public internal(set) var overSince: Int? = nil
    /// The attempt since which every value was beyond `limit` as it is now, the
    /// warning limit or the failing one; nil when the last value is within it.
    @SparingInt public internal(set) var beyondSince: Int? = nil
    /// Whether the check ever did not pass within the incident.
    public internal(set) var wasOver = false
    /// The limit was last broken from below: smaller is worse.
    public internal(set) var lowerIsWorse = false
    /// By attempt, oldest first, at most 16.
    var samples: [Sample] = []

    /// One attempt's value, and its number where that is known.
    struct Sample: Sendable, Hashable {
        @SparingDouble var value: Double? = nil
        @SparingInt var attempt: Int? = nil

        init(_ value: Double?, attempt: Int?) {
            self.value = value
            self.attempt = attempt
        }
    }

    /// Values by attempt, oldest first, at most 16; nil where not measured.
    public var history: [Double?] { samples.map(\.value) }

    public init(_ metric: String, unit: MetricUnit) {
        self.metric = metric
        self.unit = unit
        state = .pass
        lowerIsWorse = unit == .flag
    }

    /// Whether the last check did not pass.
    public var isOver: Bool { state != .pass }

    /// Whether the last value is beyond `limit`: what fails by comparison with
    /// stable may be within it.
    public var isBeyondLimit: Bool { isBeyond(value) }

    private func isBeyond(_ value: Double?) -> Bool {
        guard let value, let limit, unit != .flag else { return false }
        return lowerIsWorse ? value < limit : value > limit
    }

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
        beyondSince = nil
        wasOver = false
    }

    /// The attempts count from 1 again.
    mutating func restartAttempts() {
        overSince = nil
        beyondSince = nil
        for i in samples.indices { samples[i].attempt = nil }
    }

    mutating func absorb(_ delta: EventLine.Delta, attempt: Int?, inIncident: Bool) {
        unit = delta.unit
        previous = delta.previous?.finite ?? value
        value = delta.value?.finite
        if let stable = delta.stable?.finite { self.stable = stable }
        let before = limit
        if let limit = delta.limit?.finite { self.limit = limit }
        let wasPassing = state == .pass
        state = delta.state
        if samples.count >= Bounds.history { samples.removeFirst() }
        samples.append(Sample(value, attempt: attempt))
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
        noteBeyond(attempt, limitWas: before)
    }

    private mutating func noteBeyond(_ attempt: Int?, limitWas before: Double?) {
        guard isOver, isBeyondLimit else {
            beyondSince = nil
            return
        }
        if before == limit {
            beyondSince = beyondSince ?? attempt
            return
        }
        // Another limit decides now: look back at what earlier values were to it.
        let known = samples.reversed().prefix { isBeyond($0.value) && $0.attempt != nil }
        let isMilder = before.map(isBeyond) ?? false
        let since = [known.last?.attempt ?? attempt, isMilder ? beyondSince : nil].compactMap(
            \.self)
        beyondSince = since.min()
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
