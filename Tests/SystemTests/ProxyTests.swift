import Foundation
import JSON
import TestSupport
import Testing
import Transfer

/// Which requests of a running node use the proxy from the environment.
@Suite("Proxies of the environment")
struct ProxyTests {
    @Test("probes use the proxy only if configured to; NO_PROXY and loopback bypass it")
    func probes() async throws {
        // This server acts as the proxy: it gets absolute targets and serves their paths.
        let proxy = try await HTTPDouble.start()
        let address = "http://127.0.0.1:\(proxy.port)"
        let single = try await SingleNode.start(
            yaml: """
                analysis:
                  interval: 6s
                  probes:
                    - {name: via, kind: http, url: "http://shop.invalid/echo", proxy_from_environment: true}
                    - {name: direct, kind: http, url: "http://shop.invalid/echo"}
                    - {name: kept, kind: http, url: "http://kept.invalid/echo", proxy_from_environment: true}
                    - {name: own, kind: http, url: "\(proxy.url("/status/204"))", proxy_from_environment: true}
                  checks:
                    - {id: dependency.via_ok}
                    - {id: dependency.direct_ok, nodata: warn}
                    - {id: dependency.kept_ok, nodata: warn}
                    - {id: dependency.own_ok}
                  concerns: {}
                """,
            environment: ["http_proxy": address, "NO_PROXY": "kept.invalid", "no_proxy": nil])
        defer { single.end() }
        let reply = try await single.node.measure(#"{"rollout":"shop"}"#)
        let document = try JSONValue(parsing: reply.body, limits: .event)
        let reasons = try #require(document["reasons"]?.elements, "\(document)")
        let missing = Set(reasons.compactMap { $0["check"]?.string })
        #expect(missing == ["dependency.direct_ok", "dependency.kept_ok"], "\(reasons)")
        #expect(try proxy.requests().map { $0.header("host") } == ["shop.invalid"])
    }
}
