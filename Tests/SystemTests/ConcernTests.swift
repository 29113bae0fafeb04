import Foundation
import JSON
import TestSupport
import Testing
import Transfer

@Suite("Concerns of a running node", .serialized)
struct ConcernTests {
    @Test("each concern has its own checks, limits, attempts and template")
    func concerns() async throws {
        let folder = try TemporaryDirectory("concerns")
        try #"{"lag":20,"errors":3}"#.write(
            toFile: folder.file("report.json"), atomically: true, encoding: .utf8)
        let single = try await SingleNode.start(
            yaml: """
                analysis:
                  probes: [{name: doctor, kind: file, path: "\(folder.file("report.json"))", max_age: 1h}]
                  checks:
                    - {id: doctor.lag, warn: 50, fail: 100, critical: true}
                    - {id: doctor.errors, warn: 2, fail: 10, critical: true}
                  concerns:
                    lag: [doctor.lag]
                    strict:
                      checks: [doctor.errors]
                      own: [{id: doctor.lag, warn: 5, fail: 10, critical: true}]
                      template: {interval: 10s, count: 30, failure_limit: 1}
                """)
        defer { single.end() }
        let node = single.node
        let body = #"{"rollout":"shop","namespace":"prod"}"#
        let ask = { @Sendable (path: String) in
            try Answer(try await node.measure(body, path: "/rollouts/analysis" + path))
        }
        let all = try await ask("")
        #expect(all.document["concern"]?.string == "all")
        #expect(all.status == "degraded")
        #expect(all.reasons == ["doctor.errors: abs_warn"])
        let lag = try await ask("/lag")
        #expect(lag.status == "healthy")
        #expect(lag.reasons == [])
        let strict = try await ask("/strict")
        #expect(strict.document["concern"]?.string == "strict")
        #expect(strict.status == "unhealthy")
        #expect(strict.reasons == ["doctor.lag: abs_fail", "doctor.errors: abs_warn"])
        // Each concern is a series of its own and counts from 1; all share one policy.
        for answer in [all, lag, strict] {
            #expect(answer.document["attempt"]?["n"]?.integer == 1)
            #expect(answer.document["policy"] == all.document["policy"])
        }
        #expect(try await ask("/none").reply.status == 404)

        let (template, exit) = try await node.command(
            "template", "analysis", "--rollout", "shop", "--concern", "strict")
        #expect(exit == .code(0))
        for line in ["/rollouts/analysis/strict", "interval: 10s", "count: 30", "failureLimit: 1"] {
            #expect(template.contains(line), "\(line)")
        }
    }
}
