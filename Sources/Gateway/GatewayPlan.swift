import Analysis
import Probes

/// What a gateway measures and how it judges: replaced whole by a reload,
/// never changed in part.
public struct GatewayPlan: Sendable {
    public var probes: ProbeSet
    public var policy: Policy
    /// Check ids by concern.
    public var concerns: [String: [String]]
    /// The handler's whole time, append included.
    public var budget: Duration
    /// Between two measurements of one series, as the caller is configured.
    public var interval: Duration

    public init(
        probes: ProbeSet, policy: Policy, concerns: [String: [String]], budget: Duration,
        interval: Duration
    ) {
        self.probes = probes
        self.policy = policy
        self.concerns = concerns
        self.budget = budget
        self.interval = interval
    }

    /// The checks of `concern`, all of them for the merged route; nil for a
    /// concern that is not configured.
    func policy(for concern: String) -> Policy? {
        if concern.isEmpty { return policy }
        return concerns[concern].map { policy.narrowed(to: $0) }
    }
}
