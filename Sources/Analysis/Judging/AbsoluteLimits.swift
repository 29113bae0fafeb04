import Events

/// The rules for a number without counts, or for a flag.
enum AbsoluteLimits {
    /// Compares a value with the absolute limits, then with the relative ones.
    ///
    /// Only the more severe of two violated limits of a kind is reported. A flag
    /// without limits fails when it is false.
    static func findings(
        _ signal: Signal, value: Double, check: Check, stable: Double?, previous: Double?
    ) -> [CheckOutcome.Finding] {
        if case .flag(let flag) = signal.value, check.warn == nil, check.fail == nil {
            return flag ? [] : [.init(.fail, .absoluteFail)]
        }
        var findings: [CheckOutcome.Finding] = []
        if let limit = check.fail, check.direction.isBeyond(value, limit) {
            findings.append(.init(.fail, .absoluteFail, limit: limit))
        } else if let limit = check.warn, check.direction.isBeyond(value, limit) {
            findings.append(.init(.warn, .absoluteWarn, limit: limit))
        }
        guard let relative = check.relative else { return findings }

        let stableFail = check.direction.limit(stable, allowing: relative.stableFail)
        let stableWarn = check.direction.limit(stable, allowing: relative.stableWarn)
        if let limit = stableFail, check.direction.isBeyond(value, limit) {
            findings.append(.init(.fail, .relativeFail, limit: limit))
        } else if let limit = stableWarn, check.direction.isBeyond(value, limit) {
            findings.append(.init(.warn, .relativeWarn, limit: limit))
        }
        if let limit = check.direction.limit(previous, allowing: relative.previousWarn),
            check.direction.isBeyond(value, limit)
        {
            findings.append(.init(.warn, .grown, limit: limit, grownFrom: previous))
        }
        return findings
    }
}

extension Check.Direction {
    /// Whether the value is strictly beyond the limit.
    func isBeyond(_ value: Double, _ limit: Double) -> Bool {
        switch self {
        case .above: value > limit
        case .below: value < limit
        }
    }

    /// The limit for a relative change from a reference; nil if either is missing.
    func limit(_ reference: Double?, allowing change: Double?) -> Double? {
        guard let reference, let change else { return nil }
        return switch self {
        case .above: reference + reference.magnitude * change
        case .below: reference - reference.magnitude * change
        }
    }
}
