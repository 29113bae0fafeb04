import Events
import JSONScan

/// Judges recorded attempts again, by another policy or by the same: a
/// backtest on one's own history.
///
/// Takes the log's verdict events in the order of the log. What an attempt is
/// judged against (the run's evidence, the last healthy attempts, the attempt
/// before) is what this policy would have left, not what was recorded.
public struct HistoryReplay: Sendable {
    /// A verdict that would change.
    public struct Change: Sendable, Equatable {
        /// The event's id.
        public let measurement: String
        public let ts: Timestamp
        public let namespace: String
        public let rollout: String
        public let concern: String
        public let attempt: Int
        public let recorded: VerdictStatus
        public let now: VerdictStatus
        /// Why it would be what it would be, gravest first.
        public let reasons: [Reason]
    }

    private struct Run {
        var number: Int
        var history = SeriesHistory()
    }

    private let policies: PolicySet
    private var runs: [String: Run] = [:]
    /// Attempts judged again.
    public private(set) var judged = 0
    public private(set) var changed = 0
    /// Verdicts that carry no inputs, or whose concern the policy does not know.
    public private(set) var skipped = 0

    public init(policies: PolicySet) { self.policies = policies }

    /// Judges the attempt of an event again; nil when nothing changes, and for
    /// events of other kinds.
    public mutating func replay(_ event: Event) -> Change? {
        guard let record = AttemptRecord(event: event), let series = event.extra("series")?.string
        else { return nil }
        let concern = event.concern.map { $0 == "all" ? "" : $0 } ?? ""
        guard let inputs = record.inputs, let policy = policies.policy(for: concern) else {
            skipped += 1
            return nil
        }
        let key = "\(event.node ?? "")\u{0}\(series)"
        var run = runs[key] ?? Run(number: record.verdict.number.epoch)
        if run.number != record.verdict.number.epoch {
            run.number = record.verdict.number.epoch
            run.history.beginRun()
        }
        // Policies are one here; that two binaries measured stays a fact.
        let judgement = Judge.judge(
            signals: inputs.signals, policy: policy, history: run.history, window: inputs.window,
            comparable: run.history.isComparable(policy: policy.sha, binary: record.binary))
        run.history.append(
            AttemptRecord(
                verdict: FrozenVerdict(
                    number: record.verdict.number, status: judgement.status,
                    document: record.verdict.document, measuredAt: record.verdict.measuredAt),
                values: judgement.values, evidence: judgement.evidence, policy: policy.sha,
                binary: record.binary, measured: !judgement.isUnmeasured))
        runs[key] = run
        judged += 1
        guard judgement.status != record.verdict.status else { return nil }
        changed += 1
        return Change(
            measurement: event.id, ts: event.ts, namespace: event.namespace ?? "",
            rollout: event.rollout ?? "", concern: concern.isEmpty ? "all" : concern,
            attempt: record.verdict.number.n, recorded: record.verdict.status,
            now: judgement.status, reasons: judgement.reasons)
    }
}
