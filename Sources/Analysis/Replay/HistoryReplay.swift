import Events
import JSON

/// Judges recorded attempts again with given policies: a backtest on the log.
///
/// Expects the verdict events in log order. Each attempt is judged against the
/// history that these policies produce (the run's evidence, the last healthy
/// attempts, the previous attempt), not against the recorded one.
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
        /// The reasons of the new verdict, most severe first.
        public let reasons: [Reason]
    }

    private struct Run {
        var number: Int
        var history = SeriesHistory()
    }

    private let policies: PolicyTable
    private var runs: [String: Run] = [:]
    /// Attempts judged again.
    public private(set) var judged = 0
    public private(set) var changed = 0
    /// Verdicts without inputs, or whose rollout or concern the policies do not judge.
    public private(set) var skipped = 0

    public init(policies: PolicyTable) { self.policies = policies }

    /// Judges the attempt of an event again; nil if the status stays the same.
    ///
    /// Also nil for skipped verdicts and for events of other kinds.
    public mutating func replay(_ event: Event) -> Change? {
        guard let record = AttemptRecord(event: event), let series = event.extra("series")?.string
        else { return nil }
        let concern = event.concern.map { $0 == "all" ? "" : $0 } ?? ""
        let judging = policies.policies(
            namespace: event.namespace ?? "", rollout: event.rollout ?? "")
        guard let inputs = record.inputs, let policy = judging?.policy(for: concern) else {
            skipped += 1
            return nil
        }
        let key = "\(event.node ?? "")\u{0}\(series)"
        var run = runs[key] ?? Run(number: record.verdict.number.epoch)
        if run.number != record.verdict.number.epoch {
            run.number = record.verdict.number.epoch
            run.history.beginRun()
        }
        // The policy is the same for the whole run here; the recorded binary may change.
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
