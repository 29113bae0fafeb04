import Events
import JSON

/// Turns signals into a verdict. Pure: the same arguments give the same verdict.
public enum Judge {
    /// Judges one attempt.
    ///
    /// - Parameters:
    ///   - signals: The signals of the probes. Of several with one name, the
    ///     first with a value counts.
    ///   - policy: The checks. Each judges the signal that has its id as name.
    ///   - history: The data of earlier attempts of the series.
    ///   - window: The data window. Its id identifies the evidence of this attempt.
    ///   - comparable: False if policies or binaries differ within the run.
    public static func judge(
        signals: [Signal], policy: Policy, history: SeriesHistory = SeriesHistory(),
        window: MeasurementWindow, comparable: Bool = true
    ) -> Judgement {
        let board = SignalBoard(signals)
        return Judgement(
            merging: policy.checks.map { outcome($0, board, history, window) },
            failShare: policy.failShare, comparable: comparable)
    }

    static func outcome(
        _ check: Check, _ board: SignalBoard, _ history: SeriesHistory, _ window: MeasurementWindow
    ) -> CheckOutcome {
        let previous = history.previous[check.id]
        let baseline = check.baseline.flatMap { board[$0] }
        let stable = baseline?.number
        guard let signal = board[check.id] else {
            return CheckOutcome(
                check, state: .nodata, stable: stable, previous: previous,
                findings: [.init(.nodata, .missing)])
        }
        if case .absent(let why, let detail) = signal.value {
            return CheckOutcome(
                check, state: .nodata, unit: signal.unit, stable: stable, previous: previous,
                findings: [.init(.nodata, Rule(why), detail: detail)])
        }
        guard let value = signal.number else {
            return CheckOutcome(
                check, state: .nodata, unit: signal.unit, stable: stable, previous: previous,
                findings: [.init(.nodata, .notANumber)])
        }
        if let misread = misread(signal, value, check) {
            return CheckOutcome(
                check, state: .nodata, unit: signal.unit, stable: stable, previous: previous,
                findings: [misread])
        }
        if let spec = check.statistics {
            let context = StatisticalContext(
                check: check, spec: spec, run: history.evidence[check.id] ?? RunEvidence(),
                healthy: history.healthyValues(of: check.id), window: window.id)
            let conclusion = StatisticalJudge.conclude(
                canary: signal, stable: baseline, in: context)
            if let conclusion {
                let findings = conclusion.findings + unbounded(signal, value, check)
                return CheckOutcome(
                    check, state: findings.worstState, value: conclusion.value,
                    unit: signal.unit, stable: conclusion.numbers.stableValue ?? stable,
                    previous: previous, findings: findings, numbers: conclusion.numbers)
            }
        }
        let findings =
            AbsoluteLimits.findings(
                signal, value: value, check: check, stable: stable, previous: previous)
            + unbounded(signal, value, check)
        return CheckOutcome(
            check, state: findings.worstState, value: value, unit: signal.unit, stable: stable,
            previous: previous, findings: findings)
    }

    /// Missing data for a number that cannot be what the check's limits are about.
    private static func misread(
        _ signal: Signal, _ value: Double, _ check: Check
    ) -> CheckOutcome.Finding? {
        guard case .number = signal.value else { return nil }
        let shown = JSONNumber.text(value)
        if signal.unit == .flag, check.judgesFlag, value != 0, value != 1 {
            return .init(.nodata, .notAFlag, detail: "neither 0 nor 1, but \(shown)")
        }
        // A percentage would be far above the least proportion, and never fail.
        let limit = [check.warn, check.fail].compactMap(\.self).max()
        if signal.unit == .ratio, check.id.hasSuffix("_ratio"), check.direction == .below,
            let limit, limit <= 1, value > 1 + 1e-9
        {
            return .init(
                .nodata, .notAProportion, detail: "no proportion from 0 to 1, but \(shown)")
        }
        return nil
    }

    /// Missing data for a quantile above the highest edge of its histogram, where that edge is not
    /// beyond the check's highest limit: nobody knows whether the quantile is.
    private static func unbounded(
        _ signal: Signal, _ value: Double, _ check: Check
    ) -> [CheckOutcome.Finding] {
        guard check.direction == .above,
            case .histogram(let edges, let cumulative)? = signal.evidence,
            let buckets = LatencyBuckets(edges: edges, cumulative: cumulative),
            let highest = edges.last(where: \.isFinite),
            let limit = [check.warn, check.fail].compactMap(\.self).max(), limit >= highest
        else { return [] }
        // Without the check's quantile, a value at the highest edge is taken for one above it.
        let isAbove =
            if let spec = check.statistics, spec.kind == .latency {
                buckets.isAboveEdges(spec.quantile)
            } else {
                value >= highest && buckets.isAboveEdges(1)
            }
        guard isAbove else { return [] }
        let words =
            "above the histogram's highest edge, \(JSONNumber.text(highest)): the limit \(JSONNumber.text(limit)) needs an edge above it"
        return [.init(.nodata, .aboveBuckets, limit: limit, detail: words)]
    }
}

extension Check {
    /// Whether the limits are those of a yes or no: none, or the half that a configuration without
    /// limits has.
    fileprivate var judgesFlag: Bool { warn == nil && (fail ?? 0.5) == 0.5 }
}

extension [CheckOutcome.Finding] {
    /// The most severe state of the findings; `pass` without findings.
    var worstState: CheckState { map(\.state).max() ?? .pass }
}

/// An attempt's signals by name.
struct SignalBoard {
    /// In the order in which their names first appeared.
    private(set) var signals: [Signal] = []
    private var places: [String: Int] = [:]

    /// Keeps the first signal with a value of those with the same name.
    init(_ source: [Signal]) {
        for signal in source {
            if let place = places[signal.name] {
                if case .absent = signals[place].value { signals[place] = signal }
            } else {
                places[signal.name] = signals.count
                signals.append(signal)
            }
        }
    }

    subscript(name: String) -> Signal? { places[name].map { signals[$0] } }
}
