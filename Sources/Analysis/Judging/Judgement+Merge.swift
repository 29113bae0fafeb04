import Events

extension Judgement {
    /// Merges the outcomes of an attempt's checks.
    ///
    /// The status is the join of what each check lifts to, so neither order
    /// nor repetition matters; of two outcomes of one check the worse counts.
    /// - A failure of a critical check is `unhealthy`, of any other `degraded`.
    /// - Failures whose weight reaches `failShare` per cent of the counted
    ///   weight are `unhealthy` together.
    /// - Advisory checks are listed and never counted. Missing data is counted
    ///   only under the policy `fail`.
    /// - Nothing counted is `unknown`, and so is a run measured in two ways.
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
            total += weight
            switch outcome.state {
            case .pass: halves += 2 * weight
            case .warn: halves += weight
            case .fail, .nodata: failing += weight
            }
        }
        if failing > 0, failing * 100 >= failShare * total { status = .unhealthy }
        if !counted || !comparable { status = max(status, .unknown) }

        self.status = status
        self.score = total > 0 ? Double(halves) * 50 / Double(total) : nil
        self.failWeight = failing
        self.totalWeight = total
        self.outcomes = worst.values.sorted { $0.check.id < $1.check.id }
        self.comparable = comparable
    }
}

extension CheckOutcome {
    /// The least status that this outcome allows the verdict.
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

    /// Whether score and fail share see this outcome.
    var isCounted: Bool { state != .nodata || check.nodata == .fail }

    /// A total order over outcomes of one check, so that which of two
    /// duplicates is kept never depends on which came first.
    func isWorse(than other: CheckOutcome) -> Bool {
        if lifted != other.lifted { return lifted > other.lifted }
        if state != other.state { return state.gravity < other.state.gravity }
        let (mine, theirs) = (check.canonicalText, other.check.canonicalText)
        if mine != theirs { return mine > theirs }
        return findings.map(\.rule.name).lexicographicallyPrecedes(other.findings.map(\.rule.name))
    }
}
