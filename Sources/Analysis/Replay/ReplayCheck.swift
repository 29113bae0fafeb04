import Events
import JSON

/// One check of a test vector: judges `obs` by `spec`, after the earlier windows.
struct ReplayCheck {
    private(set) var outcome: CheckOutcome
    /// The values that a vector may expect of the check.
    private(set) var result: JSONValue = .null

    /// - Parameter expecting: The expected values. A list for `e` or `p_run`
    ///   requests the value after each window of the run.
    init(id: String, _ tree: JSONValue, expecting: JSONValue?) {
        let (obs, spec) = (tree["obs"], tree["spec"] ?? .object([]))
        // The name of a canary's signal, because only canaries have a baseline.
        let name = id.hasPrefix("canary.") ? id : "canary." + id
        var check = Check(id: name, tree: tree)
        check.warn = spec["abs_warn"]?.double
        check.fail = spec["abs_fail"]?.double
        if let direction = spec["direction"]?.string.flatMap(Check.Direction.init(rawValue:)) {
            check.direction = direction
        }
        outcome = CheckOutcome(check, state: .nodata, findings: [.init(.nodata, .missing)])
        defer { outcome.check.id = id }

        var windows =
            [tree, obs, spec]
            .compactMap { $0?["earlier_windows"]?.elements ?? $0?["windows"]?.elements }
            .first ?? []
        // Without `obs`, the last window is the one to judge.
        let last = obs == nil ? windows.popLast().flatMap(WindowCounts.init(window:)) : nil
        var signals: [Signal] = []
        if let last {
            check.statistics = StatisticalSpec(.counter, vector: spec)
            signals = Signal.pair(
                name, canary: .counter(failing: last.canaryFailing, total: last.canaryTotal),
                stable: .counter(failing: last.stableFailing, total: last.stableTotal))
        } else if let obs, obs["edges"] != nil || tree["kind"] == .string("latency") {
            check.statistics = StatisticalSpec(.latency, vector: spec)
            signals = Signal.latencies(name, obs)
        } else if let obs, obs["canary"] != nil || tree["kind"] == .string("counter") {
            check.statistics = StatisticalSpec(.counter, vector: spec)
            signals = Signal.counters(name, obs)
        } else if let value = obs?.double {
            signals = [Signal(name, unit: .count, value: .number(value))]
        } else if let flag = obs?.bool {
            signals = [Signal(name, unit: .flag, value: .flag(flag))]
        }

        let rho = check.statistics?.rhoFail ?? 1.5
        let phi = check.statistics?.phi ?? 1
        let alpha = check.statistics?.alphaFail ?? 0.01
        guard let run = RunEvidence(windows: windows, rho: rho, phi: phi, alpha: alpha) else {
            return
        }
        outcome = Judge.outcome(
            check, SignalBoard(signals),
            SeriesHistory(
                healthy: (obs?["previous"]?.elements ?? []).compactMap(\.double).map {
                    MetricValues([(name, $0)])
                },
                evidence: [name: run]),
            // The window after the earlier ones, which are numbered from 0.
            MeasurementWindow(
                start: Timestamp(milliseconds: Int64(windows.count)),
                end: Timestamp(milliseconds: Int64(windows.count) + 1)))
        result = .object(members(obs))
        if let step = outcome.numbers?.step {
            listRun(windows.compactMap(WindowCounts.init(window:)) + [step.counts], step, expecting)
        }
    }

    private func members(_ obs: JSONValue?) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = [
            .init("status", .string(outcome.state.rawValue)), .init("reasons", outcome.ruleNames),
        ]
        guard let numbers = outcome.numbers else {
            return members + [.init("value", outcome.value == nil ? .null : obs ?? .null)]
        }
        let named: [(String, Double?)] = [
            ("value", outcome.value), ("n", numbers.sample), ("lower", numbers.lower),
            ("upper", numbers.upper), ("stable_value", numbers.stableValue),
            ("ratio", numbers.ratio), ("p_window", numbers.pWindow), ("e", numbers.e),
            ("p_run", numbers.pRun), ("previous", numbers.healthyMedian),
            ("previous_limit", numbers.growthLimit), ("exceed_canary", numbers.exceedCanary),
            ("exceed_stable", numbers.exceedStable), ("rank_lo", numbers.rankLow.map(Double.init)),
            ("rank_hi", numbers.rankHigh.map(Double.init)),
        ]
        members += named.map { .init($0.0, JSONValue($0.1)) }
        members.append(.init("certified", numbers.certified.map { .bool($0) } ?? .null))
        return members
    }

    /// Replaces `e` and `p_run` by their values after each window if a list is expected.
    private mutating func listRun(
        _ windows: [WindowCounts], _ step: EvidenceStep, _ expecting: JSONValue?
    ) {
        var run = RunEvidence()
        var lists: [String: [JSONValue]] = [:]
        for (index, counts) in windows.enumerated() {
            run.fold(
                EvidenceStep(
                    window: Int64(index), counts: counts, rho: step.rho, phi: step.phi,
                    alpha: step.alpha))
            lists["e", default: []].append(JSONValue(run.e(phi: step.phi)))
            lists["p_run", default: []].append(JSONValue(run.pRun))
        }
        result = .object(
            (result.members ?? []).map { member in
                guard expecting?[member.key]?.elements != nil, let list = lists[member.key] else {
                    return member
                }
                return .init(member.key, .array(list))
            })
    }
}

extension StatisticalSpec {
    fileprivate init(_ kind: Kind, vector spec: JSONValue) {
        self.init(kind)
        rhoWarn = spec["rho_warn"]?.double ?? rhoWarn
        rhoFail = spec["rho_fail"]?.double ?? rhoFail
        alphaWarn = spec["alpha_warn"]?.double ?? alphaWarn
        alphaFail = spec["alpha_fail"]?.double ?? alphaFail
        minDelta = spec["min_delta"]?.double ?? minDelta
        minSample = spec["n_min"]?.double ?? minSample
        growthWarn = spec["prev_warn"]?.double
        phi = spec["phi"]?.double ?? phi
        quantile = spec["q"]?.double ?? quantile
        slowOver = spec["tau"]?.double
    }
}

extension Signal {
    /// The signals of a canary and its baseline, with the names that the check expects.
    fileprivate static func pair(_ id: String, canary: Evidence?, stable: Evidence?) -> [Signal] {
        var signals: [Signal] = []
        if let canary {
            signals.append(Signal(id, unit: .count, value: .number(0), evidence: canary))
        }
        if let stable, let name = Check(id: id).baseline {
            signals.append(Signal(name, unit: .count, value: .number(0), evidence: stable))
        }
        return signals
    }

    fileprivate static func counters(_ id: String, _ obs: JSONValue) -> [Signal] {
        func counts(_ side: String) -> Evidence? {
            guard let x = obs[side]?[0]?.double, let n = obs[side]?[1]?.double else { return nil }
            return .counter(failing: x, total: n)
        }
        return pair(id, canary: counts("canary"), stable: counts("stable"))
    }

    fileprivate static func latencies(_ id: String, _ obs: JSONValue) -> [Signal] {
        let edges = (obs["edges"]?.elements ?? []).compactMap(\.extendedDouble)
        func histogram(_ side: String) -> Evidence? {
            obs[side]?.elements.map {
                .histogram(edges: edges, cumulative: $0.compactMap(\.extendedDouble))
            }
        }
        return pair(id, canary: histogram("canary"), stable: histogram("stable"))
    }
}
