import Foundation
import JSON
import TestSupport
import Testing
import Transfer

/// A node judges the `/metrics` page of a running service by statistics.
@Suite("A real metrics page", .serialized)
struct RealPageTests {
    private static let body = #"{"rollout":"shop","namespace":"prod","revision":"7"}"#

    @Test("healthy, degraded, unhealthy; explain reports the bounds that decided")
    func page() async throws {
        let service = try await MetricsDouble.start()
        let single = try await SingleNode.start(
            yaml: """
                analysis:
                  interval: 4s
                  probes:
                    - {name: canary, kind: prometheus, url: "\(service.page)", timeout: 2s}
                  checks:
                    - {id: canary.5xx_rate, warn: 0.02, fail: 0.15, critical: true}
                    - {id: canary.p99_ms, warn: 300, fail: 400}
                  concerns: {}
                """)
        defer { single.end() }
        let node = single.node
        let set = { @Sendable (shares: String) in
            _ = try await single.engine.http(HTTPTransfer(url: service.setting(shares)))
        }

        // None of several hundred requests fails: the limit is proven, not just unbroken.
        _ = try await node.answer(to: Self.body, "well") {
            // Below 459 nothing can bound a p99 at this level: 0.99^459 < 0.01.
            $0.status == "healthy" && ($0.number("canary.requests") ?? 0) > 500
        }
        var rules = try await Self.rules(of: node, "healthy")
        let errors = try #require(rules["canary.5xx_rate"])
        #expect(errors["state"]?.string == "pass")
        #expect(errors["value"]?.double == 0)
        let bound = try #require(errors["numbers"]?["upper"]?.double)
        let sample = try #require(errors["numbers"]?["n"]?.double)
        // For n requests without a failure, the exact bound is 1 − α^(1/n).
        #expect(abs(bound - (1 - pow(0.01, 1 / sample))) < 1e-9)
        #expect(errors["numbers"]?["certified"] == .bool(bound <= 0.15))
        let latency = try #require(rules["canary.p99_ms"])
        #expect(latency["numbers"]?["certified"] == .bool(true))
        #expect((latency["numbers"]?["upper"]?.double ?? 0) <= 100)
        #expect(try await Self.explained(node, "healthy").contains("certified yes"))

        // Both versions fail equally: above the warning limit, and the canary is not worse.
        try await set("canary_failing=0.06&stable_failing=0.06")
        let degraded = try await node.answer(to: Self.body, "over the warning limit") {
            $0.status == "degraded"
        }
        #expect(degraded.reasons.contains("canary.5xx_rate: abs_warn"), "\(degraded.reasons)")
        rules = try await Self.rules(of: node, "degraded")
        let warned = try #require(rules["canary.5xx_rate"])
        #expect((warned["numbers"]?["lower"]?.double ?? 1) <= 0.15)
        #expect((warned["numbers"]?["p_window"]?.double ?? 0) > 0.001)

        // Only the canary fails more and gets slower: proven beyond the limits.
        try await set("canary_failing=0.4&canary_slow=0.3")
        let unhealthy = try await node.answer(to: Self.body, "beyond the limit") {
            $0.status == "unhealthy" && $0.reasons.contains("canary.p99_ms: abs_fail")
                && $0.reasons.contains("canary.5xx_rate: abs_fail")
        }
        #expect(unhealthy.reasons.contains("canary.p99_ms: rel_fail_run"))
        rules = try await Self.rules(of: node, "unhealthy")
        let failed = try #require(rules["canary.5xx_rate"])
        let numbers = try #require(failed["numbers"])
        #expect((numbers["lower"]?.double ?? 0) > 0.15)
        #expect((numbers["lower"]?.double ?? 1) < (failed["value"]?.double ?? 0))
        #expect((numbers["upper"]?.double ?? 0) > (failed["value"]?.double ?? 1))
        // Stable's windows scattered when it began to fail; the scatter divides the evidence of the
        // run against the canary.
        #expect((numbers["phi"]?.double ?? 0) > 1)
        let slow = try #require(rules["canary.p99_ms"]?["numbers"])
        // Widened to the lower edge of the bucket that contains the lower rank.
        #expect(slow["lower"]?.double == 500)
        let text = try await Self.explained(node, "unhealthy")
        #expect(text.contains("fail by abs_fail, limit 0.15"))
        #expect(text.contains("p_run "))

        // The next revision stays within the limit but fails far more often than stable.
        try await set("canary_failing=0.05&canary_slow=0&stable_failing=0")
        let next = Self.body.replacing("\"7\"", with: "\"8\"")
        let worse = try await node.answer(to: next, "worse than stable") {
            $0.status == "unhealthy" && $0.number("stable.5xx_rate") == 0
        }
        #expect(worse.reasons.contains("canary.5xx_rate: rel_fail_run"), "\(worse.reasons)")
        #expect(!worse.reasons.contains("canary.5xx_rate: abs_fail"))
        rules = try await Self.rules(of: node, "unhealthy")
        #expect((rules["canary.5xx_rate"]?["numbers"]?["p_run"]?.double ?? 1) <= 0.01)
        #expect(try await Self.explained(node, "unhealthy").contains("fail by rel_fail_run"))
    }

    @Test("a restart of the service during a run does not count as failures")
    func restart() async throws {
        let service = try await MetricsDouble.start()
        let single = try await SingleNode.start(
            yaml: """
                analysis:
                  interval: 2s
                  budget: 1500ms
                  probes:
                    - {name: canary, kind: prometheus, url: "\(service.page)", timeout: 1s}
                  checks:
                    - {id: canary.5xx_rate, warn: 0.3, fail: 0.5, critical: true, nodata: ignore}
                  concerns: {}
                """)
        defer { single.end() }
        let node = single.node
        _ = try await single.engine.http(
            HTTPTransfer(url: service.setting("canary_failing=0.1&stable_failing=0.1")))
        let before = try await node.answer(to: Self.body, "counted") {
            ($0.number("canary.5xx_rate") ?? 0) > 0.05
        }
        _ = try await single.engine.http(HTTPTransfer(url: service.setting("restart=1")))
        let attempts = Int(before.document["attempt"]?["n"]?.integer ?? 0)
        for n in attempts + 1...attempts + 3 {
            let answer = try await node.answer(to: Self.body, "attempt \(n)") {
                ($0.document["attempt"]?["n"]?.integer ?? 0) >= n
            }
            let rate = try #require(answer.number("canary.5xx_rate"))
            #expect((0...0.2).contains(rate), "attempt \(n): \(rate)")
            #expect(answer.status == "healthy", "\(answer.reasons)")
        }
    }

    /// The rules of the newest verdict with that status, by check.
    private static func rules(
        of node: NodeProcess, _ status: String
    ) async throws -> [String: JSONValue] {
        let (output, _) = try await node.command(
            "logs", "query", "--where", "status=\(status)", "--json")
        let line = try #require(output.split(separator: "\n").last)
        let event = try JSONValue(
            parsing: Array(line.utf8), limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 24))
        guard case .array(let rules)? = event["rules"] else { return [:] }
        return Dictionary(
            rules.map { ($0["rule"]?["id"]?.string ?? "", $0) }, uniquingKeysWith: { a, _ in a })
    }

    private static func explained(_ node: NodeProcess, _ status: String) async throws -> String {
        let (text, exit) = try await node.command(
            "explain", try await ProbeKindsTests.lastEvent(of: node, status))
        #expect(exit == .code(0))
        return text
    }
}
