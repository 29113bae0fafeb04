import Foundation
import JSON
import TestSupport
import Testing
import Transfer

@Suite("Several rollouts on one gateway", .serialized)
struct RolloutScopeTests {
    @Test("each is judged by its own data and policy; one without data is unknown, one is refused")
    func three() async throws {
        let service = try await MetricsDouble.start()
        let single = try await SingleNode.start(
            yaml: """
                analysis:
                  interval: 2s
                  window: 500ms
                  budget: 1500ms
                  probes:
                    - {name: node, kind: disk, min_free_ratio: 0}
                    - name: mesh
                      kind: prometheus
                      url: "http://127.0.0.1:\(service.port)/rollouts"
                      select: {rollout: "$rollout"}
                      role_label: rollout
                      canary: "$rollout"
                      stable: none
                    # Nothing is there for any rollout: 404.
                    - {name: page, kind: http, url: "http://127.0.0.1:\(service.port)/nothing/$rollout", fields: {canary.load: /load}}
                  checks:
                    - {id: canary.5xx_rate, fail: 0.2, critical: true}
                    - {id: gateway.disk_ok}
                  concerns: {}
                  policies:
                    - {name: shops, match: {namespace: prod, rollout: "s*"}}
                    - name: rest
                      match: {namespace: prod}
                      checks: [{id: canary.5xx_rate, fail: 0.9, critical: true, nodata: ignore}, {id: canary.load, fail: 5, nodata: ignore}, gateway.disk_ok]
                """)
        defer { single.end() }
        let node = single.node
        _ = try await single.engine.http(HTTPTransfer(url: service.setting("canary_failing=0.5")))
        func body(_ rollout: String) -> String { #"{"rollout":"\#(rollout)","namespace":"prod"}"# }

        async let shopAnswer = node.answer(to: body("shop"), "shop fails") {
            $0.status == "unhealthy"
        }
        async let cartAnswer = node.answer(to: body("cart"), "cart is well") {
            $0.status == "healthy" && $0.number("canary.5xx_rate") != nil
        }
        async let ghostAnswer = node.answer(to: body("ghost"), "nobody knows ghost") {
            $0.status != nil
        }
        let (shop, cart, ghost) = try await (shopAnswer, cartAnswer, ghostAnswer)
        let rate = try #require(shop.number("canary.5xx_rate"))
        #expect(rate > 0.2)
        #expect(cart.number("canary.5xx_rate") == 0)
        #expect(shop.document["policy_name"]?.string == "shops")
        #expect(cart.document["policy_name"]?.string == "rest")
        #expect(shop.document["policy"] != cart.document["policy"])
        #expect(shop.document["scope"]?["mesh"]?[0]?.string == "rollout")
        // The policy ignores missing data, and a rollout that no probe knows is not healthy.
        #expect(ghost.status == "unknown")
        #expect(
            ghost.document["reasons"]?[0]?["detail"]?.string
                == "mesh at http://127.0.0.1:\(service.port)/rollouts: no series http_requests_total{rollout=\"ghost\"}"
        )

        let refused = try await node.measure(#"{"rollout":"shop","namespace":"dev"}"#)
        #expect(refused.status == 404)
        let problem = try JSONValue(
            parsing: refused.body, limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 16))
        #expect(problem["detail"]?.string?.contains("matches dev/shop") == true, "\(problem)")

        let (line, _) = try await node.command(
            "logs", "query", "--json", "--where", "rollout=shop status=unhealthy", "--limit", "1")
        let event = try JSONValue(
            parsing: Array(line.utf8.prefix { $0 != 10 }),
            limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 16))
        #expect(event["policy_name"]?.string == "shops")
        let (explained, exit) = try await node.command(
            "explain", try #require(event["id"]?.string))
        #expect(exit == .code(0))
        #expect(explained.contains("policy shops, sha256:"))
        #expect(explained.contains("probe mesh: data selected by rollout"))
        service.kill()
    }

    @Test("check warns where several rollouts are judged by one page")
    func warnings() async throws {
        func warnings(_ yaml: String) async throws -> [String] {
            let folder = try TemporaryDirectory("check")
            try yaml.write(
                toFile: folder.file("b.yaml"), atomically: true, encoding: .utf8)
            let child = try ChildProcess(
                NodeProcess.executable, ["check", "--json", "--config", folder.file("b.yaml")])
            #expect(try await child.waitForExit() == .code(0))
            let found = try JSONValue(
                parsing: Array(child.output.utf8.prefix { $0 != 10 }),
                limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 8))
            guard case .array(let list)? = found["warnings"] else { return ["\(found)"] }
            return list.compactMap { $0["fault"]?.string }.filter { $0.contains("same data") }
        }
        let probe = "{name: page, kind: prometheus, url: \"http://h/metrics\"SELECT}"
        func yaml(_ select: String, _ policies: String = "") -> String {
            """
            analysis:
              probes: [\(probe.replacingOccurrences(of: "SELECT", with: select))]
              checks: [{id: canary.5xx_rate, fail: 0.01}]
              concerns: {}
            \(policies)
            """
        }
        #expect(
            try await warnings(yaml("")) == ["the probe page has the same data for every rollout"])
        #expect(try await warnings(yaml(", select: {app: $rollout}")) == [])
        #expect(try await warnings(yaml(", select: {ns: $namespace}")).count == 1)
        #expect(
            try await warnings(
                """
                analysis:
                  probes: [{name: prom, kind: prometheus_query, url: "http://h", queries: {canary.cpu: 'cpu{app="$rollout"}', canary.heap: heap}}]
                  checks: [{id: canary.cpu, fail: 1}]
                  concerns: {}
                """)
                == ["the probe prom has the same data of canary.heap for every rollout"])
        let exact = "  policies: [{name: a, match: {namespace: prod, rollout: shop}}]"
        #expect(try await warnings(yaml("", exact)) == [])
        #expect(
            try await warnings(yaml("", exact + "\n  unmatched: judge"))
                == ["the probe page has the same data for every rollout without a policy"])
        #expect(
            try await warnings(yaml("", "  policies: [{name: a, match: {namespace: prod}}]"))
                == ["the probe page has the same data for the rollouts of the policies a"])
    }
}
