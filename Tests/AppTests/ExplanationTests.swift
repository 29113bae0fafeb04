import Events
import JSON
import Testing

@testable import App

@Suite("What explain prints of a verdict")
struct ExplanationTests {
    @Test("a rule of the run is beside the run's numbers, and what is unproven is named")
    func numbers() {
        var event = Event(
            ts: Timestamp(milliseconds: 1_795_600_800_000), level: .error,
            event: "analysis.unhealthy", rollout: "shop")
        event.deltas = [
            MetricDelta(
                metric: "canary.5xx_rate", value: 0.0125, limit: 0.05, unit: .ratio, state: .fail)
        ]
        event.reasons = [
            Reason(
                check: "canary.5xx_rate", state: .fail, value: 0.0175, stable: 0.00125,
                why: "rel_fail_run"),
            Reason(
                check: "canary.5xx_rate", state: .warn, value: 0.02, limit: 0.005,
                unproven: .init(limit: 0.01, bound: 0.008, confidence: 0.99), why: "abs_warn"),
            Reason(
                check: "canary.p99_ms", state: .fail, value: 0.03, stable: 0.004, unit: .ratio,
                why: "rel_fail_run"),
        ]
        event.policy = "sha256:p"
        #expect(Explanation(of: event).text.contains("sha256:p"))
        event.extra = [.init("policy_name", .string("payments"))]
        let text = Explanation(of: event).text
        #expect(text.contains("payments, sha256:p"), "\(text)")
        for line in [
            "fail by rule rel_fail_run: 0.0175 over the whole run against stable 0.00125\n",
            "warn by rule abs_warn: 0.02 against 0.005, fail limit 0.01 not yet proven (lower bound 0.008 at 0.99)\n",
            "fail by rule rel_fail_run: 0.03 of the requests over the whole run against stable 0.004\n",
        ] {
            #expect(text.contains(line), "\(text)")
        }
    }
}
