import Analysis
public import Events
import Probes

/// What a gateway measures and how it judges: replaced whole by a reload,
/// never changed in part.
public struct GatewayPlan: Sendable {
    public var probes: ProbeSet
    public var policies: PolicySet
    /// The handler's whole time, append included.
    public var budget: Duration
    /// Between two measurements of one series, as the caller is configured.
    public var interval: Duration
    /// Cells of the data grid, and how long data takes to arrive.
    public var window: Duration
    public var settle: Duration
    /// Whether a changed policy judges runs under way; else they keep theirs.
    public var appliesMidRun: Bool

    /// - Parameter window: nil for the span in which a request is a repeat.
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

    /// How long to wait for the next sample: cells are sampled at their edges,
    /// long ones also in between, so that a restarted counter is noticed, short
    /// ones no oftener than once a second.
    public func untilSample(after now: Timestamp) -> Duration {
        let cell = max(window.wholeMilliseconds, 1)
        // Short cells are taken several at a time.
        let span = cell * max(1, (1000 + cell - 1) / cell)
        let step = max(span / ((span + 4999) / 5000), 1)
        let into = (now.milliseconds % span + span) % span
        return .milliseconds(max(min(step - into % step, span - into), 1))
    }

    /// Whether `concern` is empty, for the merged route, or configured.
    func knows(_ concern: String) -> Bool { policies.policy(for: concern) != nil }

    /// The checks of `concern`; all of them for the merged route, and for a
    /// concern that a reload took away while its request was on the way.
    func policy(for concern: String) -> Policy {
        policies.policy(for: concern) ?? policies.merged
    }
}
