import Events

/// The rules for a bare number or flag: a gauge, an age, yes or no.
enum AbsoluteLimits {
    /// Compares with the absolute limits first, then with the relative ones;
    /// of each kind only the graver rule speaks. A flag without limits fails
    /// when it is false.
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
            findings.append(.init(.warn, .grown, limit: limit))
        }
        return findings
    }
}

extension Check.Direction {
    /// Strictly on the bad side of the limit.
    func isBeyond(_ value: Double, _ limit: Double) -> Bool {
        switch self {
        case .above: value > limit
        case .below: value < limit
        }
    }

    /// The limit that a relative change from a reference sets; nil without either.
    func limit(_ reference: Double?, allowing change: Double?) -> Double? {
        guard let reference, let change else { return nil }
        return switch self {
        case .above: reference + reference.magnitude * change
        case .below: reference - reference.magnitude * change
        }
    }
}
