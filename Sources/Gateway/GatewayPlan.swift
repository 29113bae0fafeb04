import Analysis
import Arguments
public import Events
import Probes

/// What a gateway measures and how it judges. A reload replaces it as a whole.
public struct GatewayPlan: Sendable {
    public var probes: ProbeSet
    public var policies: PolicyTable
    /// The names of the probes that run for a policy, by its name. A policy without an entry runs
    /// those of the default policy; empty: all run for every policy.
    public var probesByPolicy: [String: Set<String>]
    /// Time for a whole measurement, including the append to the log.
    public var budget: Duration
    /// Time between two measurements of a series, as configured in the caller.
    public var interval: Duration
    /// Length of one cell of the data grid.
    public var window: Duration
    /// How long data takes to arrive.
    public var settle: Duration
    /// Whether a changed policy also judges runs under way, instead of the policy they began
    /// with.
    public var appliesMidRun: Bool

    /// - Parameter window: nil: the time in which a request counts as a repeat.
    public init(
        probes: ProbeSet, policies: PolicyTable, probesByPolicy: [String: Set<String>] = [:],
        budget: Duration, interval: Duration, window: Duration? = nil, settle: Duration = .zero,
        appliesMidRun: Bool = false
    ) {
        self.probes = probes
        self.policies = policies
        self.probesByPolicy = probesByPolicy
        self.budget = budget
        self.interval = interval
        self.window = window ?? AttemptTiming(interval: interval).repeatWindow
        self.settle = settle
        self.appliesMidRun = appliesMidRun
    }

    /// Returns the time until the next sample.
    ///
    /// Cells are sampled at their edges. Cells over 5 s are also sampled in between, at least
    /// every 5 s, so that a restarted counter is noticed. Cells under 1 s are sampled several at
    /// a time, at most once a second.
    public func untilSample(after now: Timestamp) -> Duration {
        let cell = max(window.wholeMilliseconds, 1)
        let span = cell * max(1, (1000 + cell - 1) / cell)
        let step = max(span / ((span + 4999) / 5000), 1)
        let into = (now.milliseconds % span + span) % span
        return .milliseconds(max(min(step - into % step, span - into), 1))
    }

    /// The names of the probes that run for a policy, those of the default for an unknown one; nil
    /// runs all.
    func probes(ofPolicy name: String) -> Set<String>? {
        probesByPolicy[name] ?? probesByPolicy[PolicySet.fallbackName]
    }

    /// By what the probes of a policy select the data of one rollout.
    ///
    /// Names the probes that report signals of canary or stable or that use arguments.
    func scope(ofPolicy name: String) -> [ProbeScope] {
        let names = probes(ofPolicy: name)
        return probes.probes.compactMap { probe in
            guard names?.contains(probe.name) ?? true else { return nil }
            let isOfRollout = probe.signals.contains { ["canary", "stable"].contains($0.object) }
            guard isOfRollout || !probe.arguments.isEmpty else { return nil }
            return ProbeScope(
                probe: probe.name, arguments: probe.arguments.sorted().map(\.rawValue))
        }
    }
}

extension SignalDeclaration {
    /// The part of the name before the first dot.
    fileprivate var object: Substring { name.prefix { $0 != "." } }
}

extension MeasurementArguments {
    /// The arguments of one measurement; those that the request did not carry are missing.
    init(_ request: MeasurementRequest) {
        self.init([
            .rollout: request.rollout, .namespace: request.namespace,
            .revision: request.revision, .canaryHash: request.canaryHash,
            .stableHash: request.stableHash, .step: request.step,
        ])
    }
}
