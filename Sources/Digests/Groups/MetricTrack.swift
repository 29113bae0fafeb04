public import Events

/// One metric in one place, over the attempts of an incident.
public struct MetricTrack: Sendable, Hashable {
    /// Full name, `canary.5xx_rate`.
    public let metric: String
    public internal(set) var unit: MetricUnit
    /// The state of the check at the last attempt.
    public internal(set) var state: CheckState
    /// The value at the last attempt; nil if it could not be measured.
    public internal(set) var value: Double? = nil
    /// The value one attempt earlier.
    public internal(set) var previous: Double? = nil
    public internal(set) var stable: Double? = nil
    public internal(set) var limit: Double? = nil
    /// The last value before the incident, else the incident's first value.
    public internal(set) var first: Double? = nil
    /// Whether `first` passed its check, so that it may be shown as the value before the failure.
    public internal(set) var firstPassed = false
    /// The worst value within the incident.
    public internal(set) var worst: Double? = nil
    /// The attempt since which the check has not passed.
    public internal(set) var overSince: Int? = nil
    /// The attempt since which every value was beyond the current `limit`; nil if the
    /// last value is within it.
    public internal(set) var beyondSince: Int? = nil
    /// Whether the check did not pass at least once within the incident.
    public internal(set) var wasOver = false
    /// Whether smaller values are worse: the last violation was below the limit.
    public internal(set) var lowerIsWorse = false
    /// By attempt, oldest first, at most 16.
    var samples: [Sample] = []

    /// The value of one attempt, and the attempt's number if it is known.
    struct Sample: Sendable, Hashable {
        var value: Double? = nil
        var attempt: Int? = nil

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

    /// Whether the last value is beyond `limit`. A check that fails by comparison with
    /// stable may have a value within it.
    public var isBeyondLimit: Bool { isBeyond(value) }

    private func isBeyond(_ value: Double?) -> Bool {
        guard let value, let limit, unit != .flag else { return false }
        return lowerIsWorse ? value < limit : value > limit
    }

    /// The factor between the value and its limit, now or at the worst; 0 if unknown.
    ///
    /// At most 1e9. The value itself if the upper limit is not positive.
    var excess: Double {
        guard let limit, let value = isOver ? value : worst else { return 0 }
        if lowerIsWorse { return value > 0 ? min(limit / value, 1e9) : 1e9 }
        return limit > 0 ? min(value / limit, 1e9) : value
    }

    mutating func beginIncident() {
        first = value
        firstPassed = state == .pass
        worst = nil
        overSince = nil
        beyondSince = nil
        wasOver = false
    }

    /// Drops the attempt numbers, because the attempts count from 1 again.
    mutating func restartAttempts() {
        overSince = nil
        beyondSince = nil
        for i in samples.indices { samples[i].attempt = nil }
    }

    mutating func absorb(_ delta: EventView.Delta, attempt: Int?, inIncident: Bool) {
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
        if first == nil {
            first = delta.previous?.finite ?? value
            // Of the value before, only its distance from the limit is known.
            firstPassed = isOver ? delta.previous != nil && !isBeyond(first) : true
        }
        if isOver {
            wasOver = true
            if wasPassing || overSince == nil { overSince = attempt }
            if let value {
                // Below the limit but above stable, the comparison with stable failed: the
                // value is not too low.
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
        // The limit changed: compare the earlier values with the new one.
        let known = samples.reversed().prefix { isBeyond($0.value) && $0.attempt != nil }
        let isMilder = before.map(isBeyond) ?? false
        let since = [known.last?.attempt ?? attempt, isMilder ? beyondSince : nil].compactMap(
            \.self)
        beyondSince = since.min()
    }

    /// Sorts the worst track first: by state, `wasOver`, `excess`, then name.
    static func worstFirst(_ a: MetricTrack, _ b: MetricTrack) -> Bool {
        if a.state != b.state { return a.state > b.state }
        if a.wasOver != b.wasOver { return a.wasOver }
        if a.excess != b.excess { return a.excess > b.excess }
        return a.metric < b.metric
    }
}

extension Double {
    /// The number; nil for NaN and infinity, which JSON cannot represent.
    var finite: Double? { isFinite ? self : nil }
}
