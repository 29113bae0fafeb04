import Analysis
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

    public init(
        probes: ProbeSet, policies: PolicySet, budget: Duration, interval: Duration
    ) {
        self.probes = probes
        self.policies = policies
        self.budget = budget
        self.interval = interval
    }

    /// Whether `concern` is empty, for the merged route, or configured.
    func knows(_ concern: String) -> Bool { policies.policy(for: concern) != nil }

    /// The checks of `concern`; all of them for the merged route, and for a
    /// concern that a reload took away while its request was on the way.
    func policy(for concern: String) -> Policy {
        policies.policy(for: concern) ?? policies.merged
    }
}
