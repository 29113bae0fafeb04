import Events

extension Judgement {
    /// Merges the outcomes of an attempt's checks.
    ///
    /// The status is the maximum over the checks, so neither order nor
    /// repetition matters. Of two outcomes of one check the worse counts.
    /// - A failure of a critical check is `unhealthy`, of any other `degraded`.
    /// - The status is `unhealthy` if the weight of the failures reaches
    ///   `failShare` per cent of the counted weight.
    /// - Advisory checks are listed but not counted. Missing data has a weight
    ///   only with `nodata: fail`.
    /// - The status is at least `unknown` if no check counts, if the run is not
    ///   comparable, or if the checks of the canary find that there is no such canary.
    public init(merging outcomes: some Sequence<CheckOutcome>, failShare: Int, comparable: Bool) {
        var worst: [String: CheckOutcome] = [:]
        for outcome in outcomes {
            if let other = worst[outcome.check.id], !outcome.isWorse(than: other) { continue }
            worst[outcome.check.id] = outcome
        }

        var status = VerdictStatus.healthy
        var (total, failing, halves) = (0, 0, 0)
        var counted = false
        for outcome in worst.values where !outcome.check.advisory {
            status = max(status, outcome.lifted)
            guard outcome.isCounted else { continue }
            let weight = outcome.check.weight
            counted = true
            total +|= weight
            switch outcome.state {
            case .pass: halves +|= 2 *| weight
            case .warn: halves +|= weight
            case .fail, .nodata: failing +|= weight
            }
        }
        if failing > 0, failing *| 100 >= failShare *| total { status = .unhealthy }
        // Nothing else may make a rollout healthy that no probe has data for.
        let canary = worst.values.filter { $0.check.baseline != nil && !$0.check.advisory }
        let isAbsent = !canary.isEmpty && canary.allSatisfy(\.hasNoSource)
        if !counted || !comparable || isAbsent { status = max(status, .unknown) }

        self.status = status
        self.score = total > 0 ? Double(halves) * 50 / Double(total) : nil
        self.failWeight = failing
        self.totalWeight = total
        self.outcomes = worst.values.sorted { $0.check.id < $1.check.id }
        self.comparable = comparable
    }
}

extension CheckOutcome {
    /// The lowest status that a verdict with this outcome can have.
    var lifted: VerdictStatus {
        switch state {
        case .pass: return .healthy
        case .warn: return .degraded
        case .fail: return check.critical ? .unhealthy : .degraded
        case .nodata:
            switch check.nodata {
            case .ignore: return .healthy
            case .warn: return .degraded
            case .unknown: return .unknown
            case .fail: return check.critical ? .unhealthy : .degraded
            }
        }
    }

    /// Whether there is no series, field or report with the signal, or the request lacked what
    /// selects it.
    fileprivate var hasNoSource: Bool {
        state == .nodata && !findings.isEmpty
            && findings.allSatisfy {
                MissingDataReason(rawValue: $0.rule.name)?.isOfSource == true
            }
    }

    /// Whether the outcome counts in the score and the fail share.
    var isCounted: Bool { state != .nodata || check.nodata == .fail }

    /// Orders the outcomes of several checks: the most severe first, then by the check's id.
    static func severestFirst(_ a: CheckOutcome, _ b: CheckOutcome) -> Bool {
        a.state != b.state ? a.state > b.state : a.check.id < b.check.id
    }

    /// Orders the outcomes of one check, so that the choice between duplicates
    /// does not depend on their order.
    func isWorse(than other: CheckOutcome) -> Bool {
        if lifted != other.lifted { return lifted > other.lifted }
        if state != other.state { return state > other.state }
        let (mine, theirs) = (check.canonicalText, other.check.canonicalText)
        if mine != theirs { return mine > theirs }
        return findings.map(\.rule.name).lexicographicallyPrecedes(other.findings.map(\.rule.name))
    }
}
