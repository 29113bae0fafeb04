import Events

/// The verdict over all checks of one attempt.
public struct Judgement: Sendable, Equatable {
    public let status: VerdictStatus
    /// 0 to 100, for information only; nil if the counted weight is 0.
    public let score: Double?
    /// The weight of the failing checks.
    public let failWeight: Int
    /// The weight of all counted checks.
    public let totalWeight: Int
    /// One outcome per check, ascending by id.
    public let outcomes: [CheckOutcome]
    /// False if policies or binaries differ within the run.
    public let comparable: Bool

    /// Whether the status is `unknown` because nothing could be measured.
    ///
    /// False if only the samples were too small. `AttemptLedger` refuses the
    /// first such attempts in a row.
    public var isUnmeasured: Bool {
        guard status == .unknown, comparable else { return false }
        let silent = outcomes.filter { $0.state == .nodata && !$0.check.advisory }
        return silent.isEmpty
            || silent.contains { outcome in
                outcome.findings.contains { $0.state == .nodata && $0.rule != .insufficient }
                    && (outcome.check.nodata == .unknown || totalWeight == 0)
            }
    }

    /// The missing data that explains why nothing could be measured; nil if there is none.
    ///
    /// A check that fails is no reason for that.
    public var unmeasuredReason: Reason? {
        reasons.first {
            $0.state == .nodata && !$0.advisory && $0.why != Rule.insufficient.name
        }
    }

    /// The findings of all checks: failures first, then missing data, then warnings.
    ///
    /// Within a state, sorted by check and rule.
    public var reasons: [Reason] {
        outcomes.flatMap(\.reasons).sorted { a, b in
            a.state != b.state ? a.state > b.state : (a.check, a.why) < (b.check, b.why)
        }
    }

    /// Every check that does not pass, ascending by id.
    public var warnings: [CheckOutcome] { outcomes.filter { $0.state != .pass } }

    /// The values to store for the next attempt, by check id.
    public var values: MetricValues {
        MetricValues(
            outcomes.compactMap { outcome in outcome.value.map { (outcome.check.id, $0) } })
    }

    /// The evidence that this attempt adds to the run, by check id.
    public var evidence: [String: EvidenceStep] {
        var steps: [String: EvidenceStep] = [:]
        for outcome in outcomes { steps[outcome.check.id] = outcome.numbers?.step }
        return steps
    }
}
