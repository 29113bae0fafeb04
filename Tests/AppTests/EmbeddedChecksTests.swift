import Analysis
import Events
import Settings
import Testing

@testable import App

@Suite("What people read about the embedded checks")
struct EmbeddedChecksTests {
    private static let window = MeasurementWindow(
        start: Timestamp(milliseconds: 0), end: Timestamp(milliseconds: 5000))

    /// The summary of a verdict by one of the embedded checks.
    private func summary(_ id: String, _ signals: [Signal]) throws -> String {
        let policies = try #require(
            PolicyTable(Settings.embedded.analysis).policies(namespace: "prod", rollout: "shop"))
        let policy = Policy(checks: policies.merged.checks.filter { $0.id == id })
        #expect(policy.checks.count == 1)
        let judgement = Judge.judge(signals: signals, policy: policy, window: Self.window)
        return VerdictDocument(
            judgement, request: MeasurementRequest(rollout: "shop"), concern: "",
            attempt: AttemptNumber(n: 4, epoch: 1), signals: signals,
            gateway: GatewayIdentity(node: "gw-a1", az: "eu-west-1a", binary: "b"),
            window: Self.window, event: "e", policy: policy
        ).summary
    }

    @Test("a full disk is false, and not a number under a limit")
    func disk() throws {
        let signals = [Signal("gateway.disk_ok", unit: .flag, value: .flag(false))]
        #expect(
            try summary("gateway.disk_ok", signals)
                == "unhealthy: gateway.disk_ok false (eu-west-1a, attempt 4)")
    }

    @Test("a rate over the warning limit is the line of the documentation")
    func rate() throws {
        let signals = [
            Signal(
                "canary.5xx_rate", unit: .ratio, value: .number(0.0083),
                evidence: .counter(failing: 83, total: 10_000)),
            Signal(
                "stable.5xx_rate", unit: .ratio, value: .number(0.0083),
                evidence: .counter(failing: 83, total: 10_000)),
        ]
        #expect(
            try summary("canary.5xx_rate", signals)
                == "degraded: 5xx_rate 0.83 % over the warning limit 0.5 % (eu-west-1a, attempt 4)")
    }
}
