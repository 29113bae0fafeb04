import Events

/// The verdict over all checks of one attempt.
public struct Judgement: Sendable, Equatable {
    public let status: VerdictStatus
    /// 0 to 100, information for people only; nil when nothing was counted.
    public let score: Double?
    /// Weight of the failing checks among those counted.
    public let failWeight: Int
    public let totalWeight: Int
    /// One for each check, ascending by id.
    public let outcomes: [CheckOutcome]
    /// False when versions or binaries differ inside the run.
    public let comparable: Bool

    /// Whether there is no verdict because nothing could be measured, rather
    /// than because little was seen: what the first answers of a series refuse.
    public var isUnmeasured: Bool {
        guard status == .unknown, comparable else { return false }
        let silent = outcomes.filter { $0.state == .nodata && !$0.check.advisory }
        return silent.isEmpty
            || silent.contains { outcome in
                outcome.findings.contains { $0.rule != .insufficient }
                    && (outcome.check.nodata == .unknown || totalWeight == 0)
            }
    }

    /// Why the verdict is not better: one entry a finding, failures first,
    /// then missing data, then warnings; within one state by check and rule.
    public var reasons: [Reason] {
        outcomes.flatMap(\.reasons).sorted { a, b in
            (a.state.gravity, a.check, a.why) < (b.state.gravity, b.check, b.why)
        }
    }

    /// Every check that does not pass, ascending by id.
    public var warnings: [CheckOutcome] { outcomes.filter { $0.state != .pass } }

    /// The numbers to remember for the next attempt.
    public var values: MetricValues {
        MetricValues(
            outcomes.compactMap { outcome in outcome.value.map { (outcome.check.id, $0) } })
    }

    /// What this attempt adds to the run's evidence, by check id.
    public var evidence: [String: EvidenceStep] {
        var steps: [String: EvidenceStep] = [:]
        for outcome in outcomes { steps[outcome.check.id] = outcome.numbers?.step }
        return steps
    }
}

extension CheckState {
    /// Ascending from what matters most.
    var gravity: Int {
        switch self {
        case .fail: 0
        case .nodata: 1
        case .warn: 2
        case .pass: 3
        }
    }
}
