import Analysis
public import Events
import Probes

/// What a gateway measures and how it judges. A reload replaces it as a whole.
public struct GatewayPlan: Sendable {
    public var probes: ProbeSet
    public var policies: PolicySet
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
        probes: ProbeSet, policies: PolicySet, budget: Duration, interval: Duration,
        window: Duration? = nil, settle: Duration = .zero, appliesMidRun: Bool = false
    ) {
        self.probes = probes
        self.policies = policies
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

    /// Whether `concern` is configured, or empty (the merged route).
    func knows(_ concern: String) -> Bool { policies.policy(for: concern) != nil }

    /// Returns the policy of `concern`.
    ///
    /// Returns the merged policy for the merged route, and for a concern that a reload has
    /// removed since its request arrived.
    func policy(for concern: String) -> Policy {
        policies.policy(for: concern) ?? policies.merged
    }
}
