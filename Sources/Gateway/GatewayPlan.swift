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

    /// Whether `concern` is empty, for the merged route, or configured.
    func knows(_ concern: String) -> Bool { concern.isEmpty || concerns[concern] != nil }

    /// The checks of `concern`; all of them for the merged route, and for a
    /// concern that a reload took away while its request was on the way.
    func policy(for concern: String) -> Policy {
        concerns[concern].map { policy.narrowed(to: $0) } ?? policy
    }
}
